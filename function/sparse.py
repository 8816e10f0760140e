"""Rows of which some features are not given, where the deployment takes what is not given for a missing value.

Only the values that were sent are looked at, so that a request costs what it weighs: an empty record of a model of ten
thousand features weighs two characters.
"""

from __future__ import annotations

import struct
from array import array
from math import nan

import limits
import mixed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from contract import Contract

    Given = Mapping[int, tuple[Sequence[int], list[Any]]]
    """For the index of each feature the rows that have it, ascending, and its value in each of them."""


def of_records(records: list[dict[str, Any]], contract: Contract) -> Given:
    """Return what records give, of which every key is a feature."""
    indices = {feature: index for index, feature in enumerate(contract.features)}
    given: dict[int, tuple[list[int], list[Any]]] = {}
    for row, record in enumerate(records):
        for name, value in record.items():
            rows, values = given.setdefault(indices[name], ([], []))
            rows.append(row)
            values.append(value)
    return given


def of_columns(columns: list[list[Any] | None], rows: int) -> Given:
    """Return what columns in the order of the features give, of which those that are not given are None."""
    return {index: (range(rows), column) for index, column in enumerate(columns) if column is not None}


def filled(given: Given, rows: int, contract: Contract) -> array[float] | None:
    """Return the values as float32, column after column; None if one of them has a fault.

    Args:
        given: What is given; whether a feature may be left out is not asked here.
        rows: Number of rows.
        contract: The served model's contract.

    Raises:
        Problem: 413, the rows would have more than `limits.MAX_VALUES`.
    """
    limits.refuse_too_many_values(rows, contract)
    values = array("f", (nan,)) * (rows * len(contract.features))
    for index, (at, column) in given.items():
        try:
            packed = mixed.packed(column, index, contract)
        except (KeyError, TypeError, OverflowError, struct.error):
            return None
        start = index * rows
        if len(packed) == rows:
            values[start : start + rows] = packed
        else:
            for row, value in zip(at, packed, strict=True):
                values[start + row] = value
    return values
