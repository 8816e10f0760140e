"""Lines of JSON (`application/jsonlines`, https://jsonlines.org): a record a line."""

from __future__ import annotations

import json

import json_text
import limits
import validate
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contract import Contract
    from float32_rows import Batch
    from request import Request


def batch(request: Request, contract: Contract) -> Batch:
    """Return the rows of a body.

    Raises:
        Problem: 400, 413 or 422, a line is no JSON, or has faults in its record, or there are too many of them.
    """
    text = request.text()
    if text.count("\n") > limits.MAX_ROWS:
        raise limits.too_many_rows()
    lines = text.removesuffix("\n").split("\n")
    if lines == [""]:
        return validate.records([], contract)
    parser = json_text.ORJSON.to_parse(text) or json
    try:
        found = list(map(parser.loads, lines))
    except (ValueError, RecursionError):
        found = [_value(line, row) for row, line in enumerate(lines)]
    return validate.records(found, contract, text)


def _value(line: str, row: int) -> object:
    """Parse a line as json_text.py does, and say which one cannot be."""
    try:
        return json_text.json_value(line)
    except Problem as problem:
        raise Problem(problem.status, f"line {row + 1}: {problem.detail}") from None
