"""From the body of a request to the values it holds.

Only the form is judged here: encoding, media type, JSON. Leaves out what the values must be (validate.py).

Decisions: bodies are UTF-8, a leading byte-order mark is skipped, and JSON is RFC 8259's, of which NaN and Infinity
are let through so that they can be refused by row and field.
"""

from __future__ import annotations

import json

from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ORJSON_FROM = 16_384
"""Length of a body in characters from which importing orjson costs less than it saves."""


def media_type(headers: Mapping[str, str]) -> str:
    """Return the body's media type in lower case; JSON if the client did not say.

    Args:
        headers: Request headers with names in lower case, as Function URLs send them.

    Raises:
        Problem: 415, the text is not declared as UTF-8.
    """
    essence, _, parameters = headers.get("content-type", "").partition(";")
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in _UTF_8:
            raise Problem(415, "the body's charset is not supported; send UTF-8")
    return essence.strip().lower() or "application/json"


_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")


def body_text(event: Mapping[str, Any]) -> str:
    """Return the body of a Function URL event as text, without a leading byte-order mark.

    Raises:
        Problem: 400, the body is not valid base64 or not valid UTF-8.
    """
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise Problem(400, "the event's body is not a string")
    if event.get("isBase64Encoded"):
        import binascii

        try:
            return str(binascii.a2b_base64(body, strict_mode=True), "utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError:
            raise Problem(400, "the body is not valid UTF-8") from None
        except ValueError:
            raise Problem(400, "the event says that its body is base64, and it is not") from None
    return body.removeprefix("\ufeff")


def json_value(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        Problem: 400, the text is not JSON, or its nesting or one of its integers is beyond all measure.
    """
    if len(text) >= ORJSON_FROM:
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
