"""Rows as the float32 values that XGBoost predicts, in the order of the features."""

from __future__ import annotations

import struct
from itertools import chain
from operator import itemgetter

from float32 import all_finite, pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable
    from typing import Any

    from contract import Contract
    from order import Order


class Batch:
    """Valid rows.

    Attributes:
        values: float32 values of all rows, encoded as the library wants them; NaN is a missing value.
        rows: Number of rows.
        column_major: Whether the values stand column after column instead of row after row.
        base_margin: float32 base margins, one for each row and output; None if the client gave none.
    """

    __slots__ = ("base_margin", "column_major", "rows", "values")

    def __init__(
        self, values: array[float], rows: int, column_major: bool = False, base_margin: array[float] | None = None
    ) -> None:
        self.values = values
        self.rows = rows
        self.column_major = column_major
        self.base_margin = base_margin


def in_order(found: list[list[Any]], order: Order) -> Iterable[Any]:
    """Return the values of rows in the order of the features."""
    if len(order.positions) == order.width == 1 or order.plain:
        return chain.from_iterable(found)
    if len(order.positions) == 1:
        return (row[order.positions[0]] for row in found)
    return chain.from_iterable(map(itemgetter(*order.positions), found))


def filled(cells: Iterable[Any], contract: Contract, rows: int, column_major: bool = False) -> array[float] | None:
    """Return the values as float32; None if one of them is absent, no number, or beyond float32."""
    try:
        listed = list(cells)
        if not contract.only_numbers or not set(map(type, listed)) <= _NUMBERS:
            # By type, because to Python a boolean is a number.
            if contract.only_numbers and not contract.indicators:
                return None
            import mixed

            return mixed.fill(listed, contract, rows, column_major)
        values = pack(listed)
    except (KeyError, TypeError, OverflowError, struct.error):
        return None
    return values if all_finite(values) else None


_NUMBERS = {int, float}
