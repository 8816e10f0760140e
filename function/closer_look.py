"""Rows about which there is a doubt: with a base margin, without every feature, or with a fault.

Makes good what the deployment allows, and refuses the rest by row and field (faults.py).
"""

from __future__ import annotations

from itertools import chain

import base_margin
import faults
import sparse
from float32_rows import Batch, filled, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any, TypeVar

    from contract import Contract
    from order import Order

    _Found = TypeVar("_Found")


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
    once = text is None or _spells_no_more_keys(text, given, other_keys)
    batch = _batch(found, contract) if once else None
    if batch is None:
        faults.refuse_records(found, contract, text)
        batch = _certain(_batch(found, contract))
    batch.base_margin = _packed(margins, contract)
    return batch


def _spells_no_more_keys(text: str, records: list[Any], other_keys: int) -> bool:
    """Tell whether the text of records has no key twice, for which each colon must end a key or stand in one."""
    if "\\" in text or not set(map(type, records)) <= {dict}:
        return False
    return text.count(":") == other_keys + sum(len(record) + "".join(record).count(":") for record in records)


def _batch(found: list[Any], contract: Contract) -> Batch | None:
    """Return a batch of records; None if one has a feature more than the model or less than it must, or a fault."""
    known, needed = contract.known, contract.known - contract.may_be_absent
    if not all(isinstance(record, dict) and needed <= record.keys() <= known for record in found):
        return None
    if contract.may_be_absent:
        return _of_given(sparse.of_records(found, contract), len(found), contract)
    values = filled(chain.from_iterable(map(contract.pick, found)), contract, len(found))
    return None if values is None else Batch(values, len(found))


def _of_given(given: sparse.Given, rows: int, contract: Contract) -> Batch | None:
    values = sparse.filled(given, rows, contract)
    return None if values is None else Batch(values, rows, column_major=True)


def table(found: list[Any], order: Order, contract: Contract, margins: list[Any] | None) -> Batch:
    """Return a batch of rows that are arrays; arguments as for `validate.table`.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    faults.refuse_widths(found, order.width)
    if order.margin is not None:
        margins = [row[order.margin] for row in found]
    if not order.whole:
        columns = [[row[at] for row in found] if at < order.width else None for at in order.positions]
        return given(sparse.of_columns(columns, len(found)), len(found), contract, margins)
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
    ordered = [found[at] if at < order.width else None for at in order.positions]
    return given(sparse.of_columns(ordered, rows), rows, contract, margins)


def given(found: sparse.Given, rows: int, contract: Contract, margins: list[Any] | None = None) -> Batch:
    """Return a batch of the values that are given.

    Args:
        found: What is given. A feature of which a row has no value is missing there.
        rows: Number of rows.
        contract: The served model's contract.
        margins: A base margin for each row; None if they are not given.

    Raises:
        Problem: 413 or 422: too many values, or the first faults by row and field.
    """
    batch = _of_given(found, rows, contract)
    if batch is None:
        faults.refuse_given(found, contract)
    batch = _certain(batch)
    batch.base_margin = _packed(margins, contract)
    return batch


def _packed(margins: list[Any] | None, contract: Contract) -> array[float] | None:
    return None if margins is None else base_margin.values(margins, contract)


def _certain(found: _Found | None) -> _Found:
    if found is None:
        raise RuntimeError("faults.py found nothing wrong with values that cannot be filled")
    return found
