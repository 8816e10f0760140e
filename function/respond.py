"""From an answer or a problem to the response of a Function URL (payload format 2.0).

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from problem import Problem


def answer(value: object, contract: Contract) -> dict[str, Any]:
    """Return a response with status 200 and a JSON body; its headers name the model and its version."""
    headers = {
        "content-type": "application/json",
        "x-model-name": contract.name,
        "x-model-version": contract.version,
    }
    return _response(200, headers, json.dumps(value))


def refusal(problem: Problem, request_id: str) -> dict[str, Any]:
    """Return the response of RFC 9457 for a problem."""
    headers = {"content-type": "application/problem+json", **problem.headers}
    return _response(problem.status, headers, json.dumps(problem.document(request_id)))


def _response(status: int, headers: dict[str, str], body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}
