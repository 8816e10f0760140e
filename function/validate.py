"""From parsed values to the float32 batch that XGBoost predicts, or a refusal.

A good request pays for a few cheap questions about its whole body; only when one of them is answered badly does
faults.py look at every value to say what is wrong. Leaves out reading the body (parse.py).
"""

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


class Batch:
    """Valid rows.

    Attributes:
        values: float32 values of all rows, encoded as the library wants them; NaN is a missing value.
        rows: Number of rows.
        column_major: Whether the values stand column after column instead of row after row.
    """

    __slots__ = ("column_major", "rows", "values")

    def __init__(self, values: array[float], rows: int, column_major: bool = False) -> None:
        self.values = values
        self.rows = rows
        self.column_major = column_major


def records(found: list[Any], contract: Contract, text: str | None = None, other_keys: int = 0) -> Batch:
    """Return a batch of records: objects, each with every feature and nothing else.

    Args:
        found: The records.
        contract: The served model's contract.
        text: The JSON text that they were parsed from; None if there is none, as in a direct invocation.
        other_keys: Number of keys in the text around the records.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    plain = (
        _has_no_more_keys(found, contract)
        if text is None
        else _spells_no_more_keys(text, len(found), contract, other_keys)
    )
    values = _fill(_picked(found, contract), contract, len(found)) if plain else None
    if values is None:
        import faults

        faults.refuse_records(found, contract, text)
        values = _fill(_picked(found, contract), contract, len(found))
    return Batch(_certain(values), len(found))


def table(found: list[list[Any]], order: tuple[int, ...], contract: Contract) -> Batch:
    """Return a batch of rows that are arrays.

    Args:
        found: The rows.
        order: For each feature the position of its value in a row.
        contract: The served model's contract.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    width = len(contract.features)
    whole = set(map(type, found)) <= {list} and set(map(len, found)) <= {width}
    values = None
    if whole:
        values = _fill(_ordered(found, order), contract, len(found))
    if values is None:
        import faults

        faults.refuse_table(found, order, contract)
        values = _fill(_ordered(found, order), contract, len(found))
    return Batch(_certain(values), len(found))


def columns(found: list[list[Any]], contract: Contract) -> Batch:
    """Return a batch of columns, one for each feature and in their order.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    rows = len(found[0])
    values = None
    if set(map(len, found)) == {rows}:
        values = _fill(chain.from_iterable(found), contract, rows, column_major=True)
    if values is None:
        import faults

        faults.refuse_columns(found, contract)
        values = _fill(chain.from_iterable(found), contract, rows, column_major=True)
    return Batch(_certain(values), rows, column_major=True)


def _spells_no_more_keys(text: str, rows: int, contract: Contract, other_keys: int) -> bool:
    """Tell whether the text of records has no keys beyond one for each row and feature.

    Once the records are filled, each is known to have every feature. Then every colon ends a key, or stands in a
    feature's own name: their right number rules out unknown and repeated keys without a look at any of them.
    """
    expected = rows * (len(contract.features) + contract.colons) + other_keys
    unescaped = not contract.colons or "\\" not in text  # a colon may be written `\u003a`
    return text.count(":") == expected and unescaped


def _has_no_more_keys(found: list[Any], contract: Contract) -> bool:
    """Tell the same of records without a text, in which no key can be repeated."""
    try:
        return set(map(len, found)) <= {len(contract.features)}
    except TypeError:
        return False


def _picked(found: list[Any], contract: Contract) -> Iterable[Any]:
    return chain.from_iterable(map(contract.pick, found))


def _ordered(found: list[list[Any]], order: tuple[int, ...]) -> Iterable[Any]:
    if len(order) == 1 or all(at == position for at, position in enumerate(order)):
        return chain.from_iterable(found)
    return chain.from_iterable(map(itemgetter(*order), found))


def _fill(cells: Iterable[Any], contract: Contract, rows: int, column_major: bool = False) -> array[float] | None:
    """Return the values as float32; None if one of them is absent, no number, or beyond float32."""
    try:
        if not contract.only_numbers:
            import mixed

            return mixed.fill(list(cells), contract, rows, column_major)
        listed = list(cells)
        if not set(map(type, listed)) <= _NUMBERS:  # by type, because to Python a boolean is a number
            return None
        values = pack(listed)
    except (KeyError, TypeError, OverflowError, struct.error):
        return None
    return values if all_finite(values) else None


_NUMBERS = {int, float}


def _certain(values: array[float] | None) -> array[float]:
    if values is None:
        raise RuntimeError("faults.py found nothing wrong with values that cannot be filled")
    return values
