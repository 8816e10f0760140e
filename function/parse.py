"""From the body of a request to the batch of rows it holds.

Here are the two doors: JSON and CSV. An array of records, which is what most clients send, goes straight to
validate.py; every other form is read in a room that is opened when the first such body arrives.

Decisions: JSON is RFC 8259's, of which NaN and Infinity are let through so that they can be refused by row and field.
"""

from __future__ import annotations

import json

import limits
import validate
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

READERS = {"application/json": "json_shapes", "text/csv": "csv_body"}
"""The module that reads a body of each media type."""

ORJSON_FROM = 16_384
"""Length of a body in characters from which importing orjson costs less than it saves."""

LARGE = 4 * 1024 * 1024
"""Characters from which arrays and objects are counted before a body is parsed; fewer cannot unfold to much."""

Batch = validate.Batch


def batch(request: Request, contract: Contract) -> tuple[Batch, str]:
    """Return the rows of a request in JSON or CSV, and the name of their form.

    Returns:
        The batch, and `records`, `record`, `columns`, `split`, `instances` or `csv`.

    Raises:
        Problem: 400, 413, 415 or 422, if they cannot be predicted.
    """
    kind = request.media_type()
    if kind == "application/json":
        text = request.text()
        value = json_value(text)
        if isinstance(value, list):
            rows, form = validate.records(value, contract, text), "records"
        else:
            import json_shapes

            rows, form = json_shapes.batch(value, contract, text)
    else:
        rows, form = __import__(READERS[kind]).batch(request, contract), "csv"
    if rows.rows > limits.MAX_ROWS:
        raise limits.too_many_rows()
    return rows, form


def json_value(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        Problem: 400 if the text is not JSON, or its nesting or one of its integers is beyond all measure; 413 if it has
            more arrays and objects than `limits.MAX_ROWS`.
    """
    if len(text) >= ORJSON_FROM:
        if len(text) > LARGE and text.count("{") + text.count("[") > limits.MAX_ROWS:
            raise limits.too_many_rows()
        import orjson

        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            pass  # The standard parser has the last word, so that one body has one answer at every length.
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"the body is not valid JSON at {where}") from None
    except RecursionError:
        raise Problem(400, "the body's JSON is nested too deeply; send an array of flat records") from None
    except ValueError:  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise Problem(400, "the body's JSON holds an integer of thousands of digits") from None
