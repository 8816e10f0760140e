"""Values that are not simply numbers: categories, booleans of indicators, and missing values that are allowed.

Opened only for a model or a deployment that has such. Leaves out saying what is wrong with a value (faults.py).
"""

from __future__ import annotations

from array import array
from math import nan

from categories import codes
from float32 import all_finite, pack
from unseen import UNSEEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract


def fill(cells: list[Any], contract: Contract, rows: int, column_major: bool) -> array[float]:
    """Return the values as float32: categories as the codes that training gave them, missing ones as NaN.

    Args:
        cells: Values of all rows.
        contract: The served model's contract.
        rows: Number of rows.
        column_major: Whether `cells` stand column after column.

    Raises:
        KeyError: A category is unknown.
        TypeError: A value has a wrong type, or is missing where it must not be.
        OverflowError: A number is beyond float32.
    """
    width = len(contract.features)
    values = array("f", bytes(4 * len(cells)))
    for index in range(width):
        span = slice(index * rows, (index + 1) * rows) if column_major else slice(index, None, width)
        values[span] = packed(cells[span], index, contract)
    return values


def packed(column: list[Any], index: int, contract: Contract) -> array[float]:
    """Return the values of a feature as float32; arguments and the rest as for `fill`.

    Args:
        column: The values.
        index: The feature's.
        contract: The served model's contract.
    """
    gaps = _gaps(column, index, contract)
    if gaps:
        filler = _filler(contract, index)
        column = [filler if at in gaps else value for at, value in enumerate(column)]
    if index not in contract.indicators and bool in set(map(type, column)):
        raise TypeError("a boolean, which Python would take for 1 or 0")
    if index in contract.categories:
        column = codes(column, contract.categories[index])
    values = pack(column)
    if not all_finite(values):
        raise OverflowError("a value is beyond float32")
    for at, gap in gaps.items():
        values[at] = gap
    return values


def _gaps(column: list[Any], index: int, contract: Contract) -> dict[int, float]:
    """Return where a column's values count as missing, and the NaN that stands for each."""
    feature = contract.features[index]
    gaps: dict[int, float] = {}
    if feature in contract.may_miss and None in column:
        gaps = {at: nan for at, value in enumerate(column) if value is None}
    names = contract.categories.get(index)
    if names is not None and feature in contract.may_be_unseen:
        gaps |= {at: UNSEEN for at, value in enumerate(column) if is_unseen(value, names)}
    return gaps


def is_unseen(value: object, names: dict[object, int]) -> bool:
    """Tell whether a value is a category of the right type that training never saw."""
    return _kind(value) == _kind(next(iter(names))) is not None and value not in names


def _kind(value: object) -> type | None:
    """Return the type of a category; None for what cannot be one."""
    if isinstance(value, str):
        return str
    return int if isinstance(value, int | float) and not isinstance(value, bool) else None


def _filler(contract: Contract, index: int) -> object:
    """Return a valid value to stand in for a missing one until the whole column is checked."""
    names = contract.categories.get(index)
    return next(iter(names)) if names else 0
