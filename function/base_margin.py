"""The base margin that a client may give for each row: what the trees add to, in place of the model's own base score.

https://xgboost.readthedocs.io/en/stable/prediction.html#base-margin

It is a column, or a key of each record, that is called `base_margin`, unless the model has a feature of that name: a
number for each row, or an array of numbers, one for each output.
"""

from __future__ import annotations

import struct
from itertools import chain

from float32 import all_finite, pack
from problem import Fault, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any

    from contract import Contract

BASE_MARGIN = "base_margin"
"""Name of the column."""


def values(column: list[Any], contract: Contract) -> array[float]:
    """Return base margins as float32, one for each row and output.

    Raises:
        Problem: 422, a row has none, or one that is no finite number for each output.
    """
    outputs = contract.booster.margins()
    rows = [margin if isinstance(margin, list) else [margin] for margin in column]
    if set(map(len, rows)) <= {outputs}:
        found = _finite(list(chain.from_iterable(rows)))
        if found is not None:
            return found
    row = next(at for at, given in enumerate(rows) if len(given) != outputs or _finite(given) is None)
    expected = "a finite number" if outputs == 1 else f"an array of {outputs} finite numbers"
    fault = Fault(row, BASE_MARGIN, "not_a_base_margin", f"must be {expected}")
    raise Problem(422, "a base margin cannot be used; give every row one, or none of them", [fault])


def _finite(numbers: list[Any]) -> array[float] | None:
    """Return numbers as float32; None if one is no number, or none that is finite there."""
    if not set(map(type, numbers)) <= {int, float}:
        return None
    try:
        found = pack(numbers)
    except (struct.error, OverflowError):
        return None
    return found if all_finite(found) else None


def taken_out(records: list[Any], contract: Contract) -> tuple[list[Any], list[Any] | None]:
    """Return records without their base margins, and these; None if no record has one."""
    if BASE_MARGIN in contract.known or not any(
        isinstance(record, dict) and BASE_MARGIN in record for record in records
    ):
        return records, None
    column = [record.get(BASE_MARGIN) if isinstance(record, dict) else None for record in records]
    without = [
        {key: value for key, value in record.items() if key != BASE_MARGIN} if isinstance(record, dict) else record
        for record in records
    ]
    return without, column
