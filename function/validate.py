"""From parsed values to the float32 batch that XGBoost predicts, or a refusal.

A good request pays for a few cheap questions about its whole body; only when one of them is answered badly are its
values looked at one by one (closer_look.py), to make good what the deployment allows or to say what is wrong. Leaves
out reading the body (parse.py).
"""

from __future__ import annotations

from itertools import chain

from float32_rows import Batch, filled, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from order import Order


def records(
    found: list[Any],
    contract: Contract,
    text: str | None = None,
    other_keys: int = 0,
    margins: list[Any] | None = None,
) -> Batch:
    """Return a batch of records: objects, each with every feature and nothing else.

    Args:
        found: The records.
        contract: The served model's contract.
        text: The JSON text that they were parsed from, an array or lines; None if there is none, as in a direct
            invocation.
        other_keys: Number of keys in the text around the records.
        margins: A base margin for each row; None if they are not given, or within the records.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    plain = margins is None and (
        _has_no_more_keys(found, contract)
        if text is None
        else spells_no_more_keys(text, len(found), contract, other_keys)
    )
    values = filled(chain.from_iterable(map(contract.pick, found)), contract, len(found)) if plain else None
    if values is None:
        import closer_look

        return closer_look.records(found, contract, text, other_keys, margins)
    return Batch(values, len(found))


def table(found: list[Any], order: Order, contract: Contract, margins: list[Any] | None = None) -> Batch:
    """Return a batch of rows that are arrays.

    Args:
        found: The rows.
        order: Where the features stand in a row.
        contract: The served model's contract.
        margins: A base margin for each row; None if they are not given, or within the rows.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    values = None
    if order.whole and order.margin is None and margins is None and _are_rows(found, order.width):
        values = filled(in_order(found, order), contract, len(found))
    if values is None:
        import closer_look

        return closer_look.table(found, order, contract, margins)
    return Batch(values, len(found))


def columns(found: list[list[Any]], order: Order, contract: Contract) -> Batch:
    """Return a batch of columns.

    Args:
        found: The columns.
        order: Where the features stand among them.
        contract: The served model's contract.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    rows = len(found[0]) if found else 0
    values = None
    if order.whole and order.margin is None and set(map(len, found)) == {rows}:
        ordered = found if order.plain else [found[at] for at in order.positions]
        values = filled(chain.from_iterable(ordered), contract, rows, column_major=True)
    if values is None:
        import closer_look

        return closer_look.columns(found, order, contract)
    return Batch(values, rows, column_major=True)


def spells_no_more_keys(text: str, rows: int, contract: Contract, other_keys: int = 0) -> bool:
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


def _are_rows(found: list[Any], width: int) -> bool:
    return set(map(type, found)) <= {list} and set(map(len, found)) <= {width}
