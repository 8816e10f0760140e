"""`{"inputs": ...}` as MLflow and TensorFlow Serving take it: columns by name, or rows as objects or arrays.

- `{"inputs": {"alcohol": [11.4, 9.2], ...}}`, in which a column may also be an array of arrays of one value
- `{"inputs": [{"alcohol": 11.4, ...}, ...]}`
- `{"inputs": [[11.4, ...], ...]}` where the path has that convention
"""

from __future__ import annotations

import validate
from instances_shape import listed
from json_members import only
from json_shapes import columns
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
        Problem: 422, it has not this shape, or faults in names or rows.
    """
    only(value, (member,))
    inputs = value[member]
    if isinstance(inputs, list):
        return listed(inputs, contract, text, positional, len(value))
    if not isinstance(inputs, dict):
        raise Problem(422, f'"{member}" must be an object of columns or an array of rows, got {json_type(inputs)}')
    if not any(isinstance(column, list) for column in inputs.values()):
        return validate.records([inputs], contract, text, len(value))
    flat = {name: _flat(column) for name, column in inputs.items()}
    return columns(flat, contract, text, len(value) + len(inputs))


def _flat(column: Any) -> Any:
    """Return a tensor `[rows, 1]` as `[rows]`."""
    if isinstance(column, list) and column and all(isinstance(row, list) and len(row) == 1 for row in column):
        return [row[0] for row in column]
    return column
