"""Columns of bare numbers, as most are: each is packed before the next one is parsed.

Only columns that are right in every respect are read here. Whatever else a body may hold goes the ordinary way
(json_shapes.py).
"""

from __future__ import annotations

import struct
from array import array

import json_text
import validate
from float32 import all_finite, to_bytes
from float32_rows import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from contract import Contract


SHORT = 256
"""Characters of a column below which all columns are parsed at once in less time."""


def batch(text: str, contract: Contract, loads: Callable[[str], Any]) -> Batch | None:
    """Return the rows of a JSON object that has an array of numbers for each feature; None for any other text.

    Args:
        text: The text.
        contract: The served model's contract.
        loads: Parses JSON.

    Raises:
        Problem: 413, the text has too many arrays and objects.
    """
    width = len(contract.features)
    if len(text) < SHORT * width:
        return None
    *parts, end = text.split("]", width + 1)
    if len(parts) != width or not contract.only_numbers:
        return None
    json_text.refuse_too_many(text)
    starts, _, arrays = zip(*(part.partition("[") for part in parts), strict=True)
    # The object without what its arrays hold. It has as many brackets as the model has features: if it is an object of
    # as many empty arrays, then no bracket is within a name, and what was left out stood in these arrays.
    frame = "[]".join((*starts, end))
    columns = {}
    try:
        value = loads(frame)
        if type(value) is not dict or value.keys() != contract.known or any(found != [] for found in value.values()):
            return None
        if not validate.spells_no_more_keys(frame, 1, contract):
            return None
        for name, cells in zip(value, arrays, strict=True):
            if "t" in cells or "f" in cells:  # `true` or `false`, which are numbers to what packs them
                return None
            columns[name] = to_bytes(loads(f"[{cells}]"))
    except (ValueError, OverflowError, RecursionError, struct.error):
        return None
    if len(set(map(len, columns.values()))) != 1:
        return None
    values = array("f", b"".join(map(columns.__getitem__, contract.features)))
    return Batch(values, len(values) // width, column_major=True) if all_finite(values) else None
