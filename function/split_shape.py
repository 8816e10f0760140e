"""Names once, then rows of values: as `DataFrame.to_json(orient="split")` writes it, and MLflow's clients send it.

- `{"columns": [...], "index": [...], "data": [[...], ...]}`
- `{"dataframe_split": {"columns": [...], "index": [...], "data": [[...], ...]}}`
"""

from __future__ import annotations

import validate
from feature_order import feature_order
from json_members import no_repeated_keys, only
from json_types import json_type
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch


def batch(value: dict[str, Any], contract: Contract, text: str | None, _: bool, member: str) -> Batch:
    """Return the rows of a body.

    Raises:
        Problem: 422, it has not this shape, or faults in names or rows.
    """
    split, keys = value, len(value)
    if member != "data":
        only(value, (member,))
        split = value[member]
        if not isinstance(split, dict):
            raise Problem(422, f'"{member}" must be an object with columns and data, got {json_type(split)}')
        keys += len(split)
    no_repeated_keys(text, keys)
    if not split.keys() <= {"columns", "index", "data"}:
        raise Problem(422, "the body has members beside columns, index, data; leave them out")
    names, rows = split.get("columns"), split.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        raise Problem(422, '"columns" must be an array of names and "data" an array of rows')
    if not isinstance(split.get("index", []), list) or len(split.get("index", rows)) != len(rows):
        raise Problem(422, '"index" must be an array with one label for each row of "data"')
    return validate.table(rows, feature_order(names, contract, shown=False), contract)
