"""From an answer or a problem to the response of a Function URL (payload format 2.0).

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

from __future__ import annotations

import json

from json_text import ORJSON
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

MAX_RESPONSE = 6 * 1024 * 1024 - 10_000
"""Bytes of a response body: Lambda's 6 MB for the whole response, less what headers and quoting take."""

GZIP_FROM = 8192
"""Length of a body from which a client that accepts gzip gets it: below, importing zlib costs more than it saves."""

MANY = 16
"""Number of predictions from which they are written without blanks, by orjson once that pays."""

_JSON = "application/json"


def chosen_type(request: Request, offered: tuple[str, ...] = (_JSON,)) -> str:
    """Return the media type of the answer: the best of `offered` for the request's `Accept`, the first in a tie.

    Raises:
        Problem: 406, the client accepts none of them.
    """
    accept = request.headers.get("accept", "*/*")
    if accept in ("*/*", _JSON, ""):
        return offered[0]
    quality = {kind: _quality(kind, accept.lower()) for kind in offered}
    best = max(offered, key=lambda kind: quality[kind])
    if quality[best] <= 0:
        raise Problem(406, f"this path answers {' or '.join(offered)}; name one of them in the accept header")
    return best


def _quality(kind: str, accept: str) -> float:
    """Return the weight that an `Accept` header gives a media type (RFC 9110, 12.5.1): the closest range counts."""
    closest, weight = -1, 0.0
    ranges = ("*/*", kind.partition("/")[0] + "/*", kind)
    for element in accept.split(","):
        parts = [part.strip() for part in element.split(";")]
        if parts[0] not in ranges or ranges.index(parts[0]) < closest:
            continue
        closest, weight = ranges.index(parts[0]), 1.0
        for part in parts[1:]:
            if part.startswith("q="):
                weight = _number(part[2:])
    return weight


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def as_json(value: object, request: Request, contract: Contract, predictions: int = 0) -> dict[str, Any]:
    """Return a response with status 200 and a JSON body; its headers name the model and its version.

    Args:
        value: What the body holds.
        request: The request.
        contract: The served model's contract.
        predictions: How many predictions that is, if it is nothing else.
    """
    many = predictions >= MANY
    writer = ORJSON.to_write(predictions) if many else None
    if writer:
        return answer(writer.dumps(value).decode(), _JSON, request, contract)
    if isinstance(value, list) and value and type(value[0]) is float:
        # What json.dumps would write for a list of floats, in a quarter of the time.
        return answer(f"[{(',' if many else ', ').join(map(repr, value))}]", _JSON, request, contract)
    return answer(json.dumps(value, separators=(",", ":") if many else None), _JSON, request, contract)


def refusal(problem: Problem, request_id: str) -> dict[str, Any]:
    """Return the response of RFC 9457 for a problem."""
    headers = {"content-type": "application/problem+json", **problem.headers}
    body = json.dumps(problem.document(request_id))
    return {"statusCode": problem.status, "headers": headers, "body": body, "isBase64Encoded": False}


def answer(body: str | bytes, kind: str, request: Request, contract: Contract) -> dict[str, Any]:
    """Return a response with status 200, gzip if that is worth while and accepted; its headers name the model.

    Raises:
        Problem: 413, it would exceed what Lambda sends.
    """
    headers = {"content-type": kind, "x-model-name": contract.name, "x-model-version": contract.version}
    encoded = isinstance(body, bytes)
    if len(body) >= GZIP_FROM and _accepts_gzip(request):
        import zlib

        packer = zlib.compressobj(level=1, wbits=31)  # 31: gzip's header; level 1: time is what a client waits for
        body = packer.compress(body if isinstance(body, bytes) else body.encode()) + packer.flush()
        headers["content-encoding"] = "gzip"
        headers["vary"] = "accept-encoding"
        encoded = True
    if isinstance(body, bytes):
        import base64

        body = base64.b64encode(body).decode()
    if len(body) > MAX_RESPONSE:
        raise Problem(413, "the answer would exceed Lambda's 6 MB; send fewer rows, or accept gzip or text/csv")
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": encoded}


def _accepts_gzip(request: Request) -> bool:
    """Tell whether an `Accept-Encoding` header (RFC 9110, 12.5.3) gives gzip a weight above none."""
    for element in request.headers.get("accept-encoding", "").lower().split(","):
        coding, *parameters = (part.strip() for part in element.split(";"))
        if coding in ("gzip", "x-gzip"):
            weights = [_number(part.partition("=")[2]) for part in parameters if part.partition("=")[0].strip() == "q"]
            return all(weight > 0 for weight in weights)
    return False
