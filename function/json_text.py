"""JSON text and its value.

Decisions: JSON is RFC 8259's, of which NaN and Infinity are let through so that they can be refused by row and field.
"""

from __future__ import annotations

import json

import limits
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ORJSON_FROM = 16_384
"""Length of a body in characters from which importing orjson costs less than it saves."""

LARGE = 4 * 1024 * 1024
"""Characters from which arrays and objects are counted before a body is parsed; fewer cannot unfold to much."""


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
