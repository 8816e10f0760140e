"""JSON bodies other than an array of records: which shape is it?

One record, `{"alcohol": 11.4, ...}`, is read here, and so are columns, `{"alcohol": [11.4, 9.2], ...}`, the fastest
JSON for many rows; a module of its own reads each shape that the table names. A name in that table that is
also a feature of the model means the feature.
"""

from __future__ import annotations

import validate
from feature_order import feature_order
from json_members import no_repeated_keys
from json_types import json_type
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch

SHAPES = {
    "instances": "instances_shape",
    "inputs": "inputs_shape",
    "dataframe_records": "instances_shape",
    "dataframe_split": "split_shape",
    "data": "split_shape",
}
"""The module that reads a JSON object with each of these members; any other object is columns or a record."""


def batch(value: Any, contract: Contract, text: str | None, positional: bool) -> tuple[Batch, bool]:
    """Return the rows of a parsed JSON body that is not an array, and whether they are answered under a name.

    Raises:
        Problem: 422, it has none of the shapes, or faults in its rows.
    """
    if not isinstance(value, dict):
        raise Problem(422, f"the body must be a JSON array of records, got {json_type(value)}")
    for member, module in SHAPES.items():
        if member in value and member not in contract.known and (member != "data" or _is_split(value, contract)):
            rows: Batch = __import__(module).batch(value, contract, text, positional, member)
            return rows, member != "data"
    if any(isinstance(column, list) for column in value.values()):
        return columns(value, contract, text, len(value)), False
    return validate.records([value], contract, text), False


def _is_split(value: dict[str, Any], contract: Contract) -> bool:
    return "columns" in value and "columns" not in contract.known


def columns(value: dict[str, Any], contract: Contract, text: str | None, keys: int) -> Batch:
    """Return the rows of columns.

    Args:
        value: The columns by name.
        contract: The served model's contract.
        text: The text of the body; None if there is none.
        keys: How many keys the whole body has.

    Raises:
        Problem: 422, there are faults in names, columns or rows.
    """
    no_repeated_keys(text, keys)
    order = feature_order(list(value), contract, shown=True)
    for name, column in value.items():
        if not isinstance(column, list):
            raise Problem(422, f"the columns must all be arrays; {_named(name, contract)} is {json_type(column)}")
    return validate.columns(list(value.values()), order, contract)


def _named(name: str, contract: Contract) -> str:
    return f'the column "{name}"' if name in contract.known else "a column"
