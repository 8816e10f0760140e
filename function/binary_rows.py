"""Rows that come as numbers in memory, without names and without a text that has to be parsed."""

from __future__ import annotations

from math import isnan

import limits
import validate
from feature_order import by_position
from float32 import all_finite
from float32_rows import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any

    from contract import Contract


def batch(values: array[float], rows: int, contract: Contract, column_major: bool = False) -> Batch:
    """Return a batch of float32 values in the order of the features.

    Args:
        values: The values of all rows; NaN is a missing value.
        rows: Number of rows.
        contract: The served model's contract.
        column_major: Whether they stand column after column.

    Raises:
        Problem: 413 or 422, there are too many rows, or faults in them.
    """
    if contract.only_numbers and all_finite(values):
        return Batch(values, rows, column_major)
    return listed(values.tolist(), rows, contract, column_major)


def listed(cells: list[Any], rows: int, contract: Contract, column_major: bool = False) -> Batch:
    """Return a batch of any numbers; the rest as for `batch`."""
    if rows > limits.MAX_ROWS:
        raise limits.too_many_rows()
    cells = [None if isnan(cell) else cell for cell in cells]
    width = len(contract.features)
    if column_major:
        columns = [cells[at * rows : (at + 1) * rows] for at in range(width)]
    else:
        columns = [cells[at::width] for at in range(width)]
    return validate.columns(columns, by_position(contract), contract)
