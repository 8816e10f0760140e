"""From the body of a request to the batch of rows it holds.

The table says which module reads which media type; json_shapes.py has the one for the shapes of JSON. An array of
records, which is what most clients send, goes straight to validate.py; every other form is read by a module of its own,
which is opened when the first such body arrives.
"""

from __future__ import annotations

import limits
import validate
from json_text import ORJSON, json_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch
    from request import Request

READERS = {
    "application/json": "json_shapes",
    "text/csv": "csv_body",
    "application/jsonlines": "jsonlines_body",
    "application/jsonl": "jsonlines_body",
    "application/x-ndjson": "jsonlines_body",
    "text/libsvm": "libsvm_body",
    "text/x-libsvm": "libsvm_body",
    "application/x-npy": "npy_body",
    "application/x-float32": "float32_body",
}
"""The module that reads a body of each media type."""


def batch(request: Request, contract: Contract, positional: bool = False) -> tuple[Batch, bool]:
    """Return the rows of a request.

    Args:
        request: The request, of a media type that `READERS` has.
        contract: The served model's contract.
        positional: Whether JSON may hold rows as arrays, whose values stand in the order of the features.

    Returns:
        The batch, and whether the body's form is one that is answered as `{"predictions": [...]}`.

    Raises:
        Problem: 400, 413 or 422, if they cannot be predicted.
    """
    kind = request.media_type()
    wrapped = False
    if kind == "application/json":
        text = request.text()
        read = _at_once(text, contract) if ORJSON.module else None
        if read:
            return read, False
        rows, wrapped = json_rows(json_value(text), contract, text, positional)
    else:
        rows = __import__(READERS[kind]).batch(request, contract)
    if rows.rows > limits.MAX_ROWS:
        raise limits.too_many_rows()
    return rows, wrapped


def _at_once(text: str, contract: Contract) -> Batch | None:
    """Return the rows of records or columns that are right in every respect, as most are; None for any other text.

    Only a process that has parsed much asks: the modules behind it cost others more than they save.
    """
    if text.startswith("["):
        import record_structs

        return record_structs.batch(text, contract)
    if text.startswith("{") and ORJSON.module:
        import plain_columns

        return plain_columns.batch(text, contract, ORJSON.module.loads)
    return None


def json_rows(value: Any, contract: Contract, text: str | None, positional: bool) -> tuple[Batch, bool]:
    """Return the rows of a parsed JSON body; arguments and the rest as for `batch`.

    Args:
        value: The parsed body.
        contract: The served model's contract.
        text: The text that it was parsed from; None if there is none, as in a direct invocation.
        positional: As for `batch`.
    """
    if isinstance(value, list):
        return validate.records(value, contract, text), False
    import json_shapes

    return json_shapes.batch(value, contract, text, positional)
