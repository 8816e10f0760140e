"""Rows about which there is a doubt: with a base margin, without every feature, or with a fault.

Makes good what the deployment allows, and refuses the rest by row and field (faults.py).
"""

from __future__ import annotations

from itertools import chain

import base_margin
import faults
from absent import ABSENT
from validate import Batch, filled, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any

    from contract import Contract
    from feature_order import Order


def records(
    found: list[Any], contract: Contract, text: str | None, other_keys: int, margins: list[Any] | None
) -> Batch:
    """Return a batch of records; arguments as for `validate.records`.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    given = found
    if margins is None:
        found, margins = base_margin.taken_out(found, contract)
    values = None
    if text is None or _spells_no_more_keys(text, given, other_keys):
        values = _picked(found, contract)
    if values is None:
        faults.refuse_records(found, contract, text)
        values = _certain(_picked(found, contract))
    return Batch(values, len(found), base_margin=_packed(margins, contract))


def _spells_no_more_keys(text: str, records: list[Any], other_keys: int) -> bool:
    """Tell whether the text of records has no key twice, for which each colon must end a key or stand in one."""
    if "\\" in text or not set(map(type, records)) <= {dict}:
        return False
    return text.count(":") == other_keys + sum(len(record) + "".join(record).count(":") for record in records)


def _picked(found: list[Any], contract: Contract) -> array[float] | None:
    """Return the values of records that have no feature more than the model, and none less than they must."""
    known, needed = contract.known, contract.known - contract.may_be_absent
    if not all(isinstance(record, dict) and needed <= record.keys() <= known for record in found):
        return None
    cells = ([record.get(feature, ABSENT) for feature in contract.features] for record in found)
    return filled(chain.from_iterable(cells), contract, len(found))


def table(found: list[Any], order: Order, contract: Contract, margins: list[Any] | None) -> Batch:
    """Return a batch of rows that are arrays; arguments as for `validate.table`.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    faults.refuse_widths(found, order.width)
    if order.margin is not None:
        margins = [row[order.margin] for row in found]
    if not order.whole:
        found = [[*row, ABSENT] for row in found]
    values = filled(in_order(found, order), contract, len(found))
    if values is None:
        faults.refuse_table(found, order, contract)
    return Batch(_certain(values), len(found), base_margin=_packed(margins, contract))


def columns(found: list[list[Any]], order: Order, contract: Contract) -> Batch:
    """Return a batch of columns; arguments as for `validate.columns`.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    faults.refuse_lengths(found)
    rows = len(found[0]) if found else 0
    margins = found[order.margin] if order.margin is not None else None
    ordered = [found[at] if at < order.width else [ABSENT] * rows for at in order.positions]
    values = filled(chain.from_iterable(ordered), contract, rows, column_major=True)
    if values is None:
        faults.refuse_columns(ordered, contract)
    return Batch(_certain(values), rows, column_major=True, base_margin=_packed(margins, contract))


def _packed(margins: list[Any] | None, contract: Contract) -> array[float] | None:
    return None if margins is None else base_margin.values(margins, contract)


def _certain(values: array[float] | None) -> array[float]:
    if values is None:
        raise RuntimeError("faults.py found nothing wrong with values that cannot be filled")
    return values
