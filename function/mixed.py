"""Values that are not simply numbers: categories, and missing values where the deployment allows them.

Opened only for a model with categorical features or a deployment that allows missing values. Leaves out saying what
is wrong with a value (faults.py).
"""

from __future__ import annotations

from math import nan

from categories import codes
from float32 import all_finite, pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
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
    if bool in set(map(type, cells)):
        raise TypeError("a boolean, which Python would take for the category 1 or 0")
    width = len(contract.features)
    missing: list[int] = []
    for index, feature in enumerate(contract.features):
        span = slice(index * rows, (index + 1) * rows) if column_major else slice(index, None, width)
        column = cells[span]
        if feature in contract.may_miss and None in column:
            positions = range(*span.indices(len(cells)))
            missing += [at for at, value in zip(positions, column, strict=True) if value is None]
            column = [_filler(contract, index) if value is None else value for value in column]
        if index in contract.categories:
            column = codes(column, contract.categories[index])
        cells[span] = column
    values = pack(cells)
    if not all_finite(values):
        raise OverflowError("a value is beyond float32")
    for at in missing:
        values[at] = nan
    return values


def _filler(contract: Contract, index: int) -> object:
    """Return a valid value to stand in for a missing one until the whole column is checked."""
    names = contract.categories.get(index)
    return next(iter(names)) if names else 0
