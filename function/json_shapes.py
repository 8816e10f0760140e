"""JSON bodies other than an array of records: one record, columns, pandas' `split`, and `{"instances"}`.

- one record: `{"alcohol": 11.4, ...}`
- columns: `{"alcohol": [11.4, 9.2], ...}`, the fastest JSON for many rows
- split, as `DataFrame.to_json(orient="split")` writes it: `{"columns": [...], "index": [...], "data": [[...], ...]}`
- instances, as other model servers take it: `{"instances": [{"alcohol": 11.4, ...}, ...]}`
"""

from __future__ import annotations

import validate
from json_types import json_type
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract


def batch(value: Any, contract: Contract, text: str) -> tuple[validate.Batch, str]:
    """Return the rows of a parsed JSON body that is not an array, and the name of their form.

    Raises:
        Problem: 422, it has none of the forms above, or faults in its rows.
    """
    if not isinstance(value, dict):
        raise Problem(422, f"the body must be a JSON array of records, got {json_type(value)}")
    if "instances" in value and "instances" not in contract.known:
        return _instances(value, contract, text), "instances"
    if "data" in value and "columns" in value and not contract.known & {"data", "columns"}:
        return _split(value, contract, text), "split"
    if any(isinstance(column, list) for column in value.values()):
        return _columns(value, contract, text), "columns"
    return validate.records([value], contract, text), "record"


def _instances(value: dict[str, Any], contract: Contract, text: str) -> validate.Batch:
    _only(value, ("instances",))
    rows = value["instances"]
    if not isinstance(rows, list):
        raise Problem(422, f'"instances" must be an array of records, got {json_type(rows)}')
    return validate.records(rows, contract, text, other_keys=1)


def _split(value: dict[str, Any], contract: Contract, text: str) -> validate.Batch:
    _only(value, ("columns", "index", "data"))
    _no_repeated_keys(text, len(value))
    names, rows = value["columns"], value["data"]
    if not isinstance(names, list) or not isinstance(rows, list):
        raise Problem(422, '"columns" must be an array of names and "data" an array of rows')
    if not isinstance(value.get("index", []), list) or len(value.get("index", rows)) != len(rows):
        raise Problem(422, '"index" must be an array with one label for each row of "data"')
    order = feature_order(names, contract, shown=False)
    return validate.table(rows, order, contract)


def _columns(value: dict[str, Any], contract: Contract, text: str) -> validate.Batch:
    _no_repeated_keys(text, len(value))
    feature_order(list(value), contract, shown=True)
    columns = [value[feature] for feature in contract.features]
    for feature, column in zip(contract.features, columns, strict=True):
        if not isinstance(column, list):
            raise Problem(422, f'the column "{feature}" must be an array, got {json_type(column)}')
    return validate.columns(columns, contract)


def feature_order(names: list[Any], contract: Contract, shown: bool) -> tuple[int, ...]:
    """Return for each feature its position among the names.

    Args:
        names: Column names of the request.
        contract: The served model's contract.
        shown: Whether the names were keys of an object and so may be repeated to the client.

    Raises:
        Problem: 422, the names are not exactly the features.
    """
    if tuple(names) == contract.features:
        return tuple(range(len(names)))
    import faults

    faults.refuse_names(names, contract, shown)
    positions = {name: at for at, name in enumerate(names)}
    return tuple(positions[feature] for feature in contract.features)


def _only(value: dict[str, Any], allowed: tuple[str, ...]) -> None:
    if not value.keys() <= set(allowed):
        raise Problem(422, f"the body has members beside {', '.join(allowed)}; leave them out")


def _no_repeated_keys(text: str, keys: int) -> None:
    # A colon too many may also stand inside a string: then the text is read again, slowly, to be sure.
    if text.count(":") != keys:
        import faults

        faults.refuse_repeated_keys(text)
