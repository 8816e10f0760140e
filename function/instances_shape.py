"""Rows under a name: `{"instances": [...]}` or `{"dataframe_records": [...]}`.

The first is what clients of TensorFlow Serving, KServe, Vertex AI and MLflow send, the second MLflow's alone. A row is
an object; in `instances` it may be an array where the path has that convention. Base margins may stand beside the rows.
"""

from __future__ import annotations

import validate
from base_margin import BASE_MARGIN
from feature_order import by_position
from json_members import no_repeated_keys, only
from json_types import json_type
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch


def batch(value: dict[str, Any], contract: Contract, text: str | None, positional: bool, member: str) -> Batch:
    """Return the rows of a body.

    Raises:
        Problem: 422, it has not this shape, or faults in its rows.
    """
    only(value, (member, BASE_MARGIN))
    rows = value[member]
    if not isinstance(rows, list):
        raise Problem(422, f'"{member}" must be an array of records, got {json_type(rows)}')
    margins = value.get(BASE_MARGIN)
    if BASE_MARGIN in value and (not isinstance(margins, list) or len(margins) != len(rows)):
        raise Problem(422, f'"{BASE_MARGIN}" must be an array with one element for each row')
    return listed(rows, contract, text, positional and member != "dataframe_records", len(value), margins)


def listed(
    rows: list[Any],
    contract: Contract,
    text: str | None,
    positional: bool,
    other_keys: int,
    margins: list[Any] | None = None,
) -> Batch:
    """Return a batch of rows that are objects or, where the path has that convention, arrays.

    Args:
        rows: The rows.
        contract: The served model's contract.
        text: The text of the body; None if there is none.
        positional: Whether a row may be an array of values in the order of the features.
        other_keys: How many keys the body has around its rows.
        margins: A base margin for each row; None if they are not given, or within the rows.

    Raises:
        Problem: 422, there are faults in the rows.
    """
    if not rows or isinstance(rows[0], dict) or not positional:
        if not positional and any(isinstance(row, list) for row in rows):
            raise Problem(422, POSITIONAL)
        return validate.records(rows, contract, text, other_keys, margins)
    no_repeated_keys(text, other_keys)
    if len(contract.features) == 1 and not any(isinstance(row, list) for row in rows):
        rows = [[value] for value in rows]  # a tensor of one axis: a value for each row
    return validate.table(rows, by_position(contract), contract, margins)


POSITIONAL = (
    "rows must be objects here, since values without names can be mistaken for others; "
    "POST them to /invocations, where arrays stand in the order of the features"
)
"""Refusal of rows without names."""
