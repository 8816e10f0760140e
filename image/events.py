"""What is sent to the image: events as Lambda hands them over, each with the status that must come back.

Built around one good record, so that they fit whatever model the image serves. Leaves out the finer points of each
refusal, which the handler's own tests check: here it counts that every part works in the image.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOO_LARGE = 11 * 1024 * 1024
"""Bytes: above what the handler unpacks. As spaces packed with gzip they are a few kilobytes on the way."""


@dataclass(frozen=True)
class Case:
    """One request and its outcome.

    Attributes:
        name: What it is, for people.
        event: A Function URL event.
        status: The HTTP status that must come back.
    """

    name: str
    event: dict[str, Any]
    status: int


def url_event(
    body: str = "", *, method: str = "POST", path: str = "/", packed: bool = False, **headers: str
) -> dict[str, Any]:
    """An event of payload format 2.0, as a Function URL makes it of a request.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads

    Args:
        body: The body as text.
        method: HTTP method.
        path: Path without query.
        packed: Whether the body is sent with gzip; Lambda passes on such a body in base64.
        headers: By name, with underscores for dashes.
    """
    named = {"content_type": "application/json"} | ({"content_encoding": "gzip"} if packed else {}) | headers
    sent = base64.b64encode(gzip.compress(body.encode(), mtime=0)).decode() if packed else body
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.replace("_", "-"): value for name, value in named.items()},
        "requestContext": {"requestId": "image-test", "http": {"method": method, "path": path, "protocol": "HTTP/1.1"}},
        "body": sent,
        "isBase64Encoded": packed,
    }


def cases(record: Mapping[str, Any]) -> list[Case]:
    """Requests that reach every answer of the endpoint but a fault of its own.

    Args:
        record: A record that the model takes.
    """
    good = json.dumps([record])
    first = next(iter(record))
    missing = json.dumps([{name: value for name, value in record.items() if name != first}])
    unknown = json.dumps([{**record, "no feature of any model": 1.0}])
    return [
        Case("records", url_event(good), 200),
        Case("records packed with gzip", url_event(good, packed=True), 200),
        Case("records as CSV", url_event(",".join(record) + "\n" + _row(record), content_type="text/csv"), 200),
        Case("an explanation", url_event(good, path="/explain"), 200),
        Case("the health check", url_event(method="GET", path="/ping"), 200),
        Case("the model card", url_event(method="GET"), 200),
        Case("the OpenAPI document", url_event(method="GET", path="/openapi.json"), 200),
        Case("the Open Inference health check", url_event(method="GET", path="/v2/health/ready"), 200),
        Case("no JSON", url_event("["), 400),
        Case("an unknown path", url_event(good, path="/nowhere"), 404),
        Case("a method that the path does not take", url_event(good, method="DELETE"), 405),
        Case("an answer in a form there is not", url_event(good, accept="image/png"), 406),
        Case("too large a body", url_event(" " * TOO_LARGE, packed=True), 413),
        Case("a body in a form there is not", url_event(good, content_type="application/xml"), 415),
        Case("a missing feature", url_event(missing), 422),
        Case("an unknown feature", url_event(unknown), 422),
        Case("a yes-or-no for a number", url_event(json.dumps([{**record, first: True}])), 422),
        Case("records, after all of these", url_event(good), 200),
    ]


def _row(record: Mapping[str, Any]) -> str:
    return ",".join(str(value) for value in record.values()) + "\n"
