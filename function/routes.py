"""Which path and method is answered by what: the one table that dispatch and the OpenAPI document read.

The module of an operation is opened when its path is first taken, since most requests never take it. An operation gets
the request and the contract of the served model, and returns its response and the number of rows that it predicted.
"""

from __future__ import annotations

import parse
import respond
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from contract import Contract
    from request import Request

    Response = dict[str, Any]
    Operation = Callable[[Request, Contract], tuple[Response, int]]

ROWS = tuple(parse.READERS)
"""Media types of a body of rows."""

JSON = ("application/json",)

PREDICTIONS = ("application/json", "text/csv", "application/jsonlines", "application/x-npy", "application/x-float32")
"""Media types of predictions, the default first."""


class Route:
    """One method of one path.

    Attributes:
        method: HTTP method.
        path: Path, in which `{model}` and `{version}` stand for those of the served model; the route's name in the log.
        operation: Module and function that answer.
        summary: What it is for, in a line.
        bodies: Media types of its body; empty if it takes none.
        answers: Media types of its answer, the default first; empty if the client is not asked what it accepts.
    """

    __slots__ = ("answers", "bodies", "method", "operation", "path", "summary")

    def __init__(
        self,
        method: str,
        path: str,
        operation: str,
        summary: str,
        bodies: tuple[str, ...] = (),
        answers: tuple[str, ...] = JSON,
    ) -> None:
        self.method = method
        self.path = path
        self.operation = operation
        self.summary = summary
        self.bodies = bodies
        self.answers = answers


_MODEL, _VERSION = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"

ROUTES = (
    Route("GET", "/", "describe.card_answer", "The model's card"),
    Route("POST", "/", "predict.answer", "Predict", ROWS, PREDICTIONS),
    Route("POST", "/invocations", "predict.by_position", "Predict as SageMaker and MLflow do", ROWS, PREDICTIONS),
    Route("POST", "/explain", "explain.answer", "Predict and explain by TreeSHAP contributions", ROWS),
    Route("GET", "/ping", "describe.ping", "Whether the model is served", answers=()),
    Route("GET", "/openapi.json", "openapi.answer", "This document"),
    Route("GET", "/v1/models", "kserve_v1.models", "KServe's V1 protocol: the models"),
    Route("GET", "/v1/models/{model}", "kserve_v1.health", "KServe's V1 protocol: the model is ready"),
    Route("POST", "/v1/models/{model}:predict", "kserve_v1.infer", "KServe's V1 protocol: predict", ROWS, PREDICTIONS),
    Route("GET", "/v2", "open_inference.server", "Open Inference Protocol: the server"),
    Route("GET", "/v2/health/live", "open_inference.live", "Open Inference Protocol: alive"),
    Route("GET", "/v2/health/ready", "open_inference.ready", "Open Inference Protocol: ready"),
    Route("GET", _MODEL, "open_inference.metadata", "Open Inference Protocol: the model"),
    Route("GET", f"{_MODEL}/ready", "open_inference.ready", "Open Inference Protocol: the model is ready"),
    Route("POST", f"{_MODEL}/infer", "open_inference.infer", "Open Inference Protocol: predict", JSON),
    Route("GET", _VERSION, "open_inference.metadata", "Open Inference Protocol: this version of the model"),
    Route("GET", f"{_VERSION}/ready", "open_inference.ready", "Open Inference Protocol: this version is ready"),
    Route(
        "POST", f"{_VERSION}/infer", "open_inference.infer", "Open Inference Protocol: predict by this version", JSON
    ),
)

_BY_PATH: dict[str, dict[str, Route]] = {}
for _route in ROUTES:
    _BY_PATH.setdefault(_route.path, {})[_route.method] = _route


def find(request: Request, contract: Contract) -> Route:
    """Return the route of a request.

    Raises:
        Problem: 404 for an unknown path, 405 for a known one with a method that it does not take.
    """
    methods = _BY_PATH.get(request.path)
    if methods is None or "{" in request.path:
        methods = {route.method: route for route in ROUTES if _of_model(route.path, contract) == request.path}
    if not methods:
        raise Problem(404, "there is nothing at this path; POST records to /, and see /openapi.json")
    if request.method not in methods:
        allowed = ", ".join(methods)
        raise Problem(405, f"this path takes {allowed}", headers={"allow": allowed})
    return methods[request.method]


def _of_model(path: str, contract: Contract) -> str:
    """Return the path that a template stands for."""
    return path.replace("{version}", contract.version).replace("{model}", contract.name)


def take(route: Route, request: Request, contract: Contract) -> tuple[Response, int]:
    """Return the response of a route's operation and the number of rows that it predicted.

    Raises:
        Problem: 406 or 415, the route has no answer that the client accepts, or does not take such a body; or whatever
            else the operation refuses.
    """
    if route.answers:
        request.answer_type = respond.chosen_type(request, route.answers)
    if route.bodies and request.media_type() not in route.bodies:
        raise Problem(415, f"the body's type is not supported; send content-type: {' or '.join(route.bodies)}")
    module, _, function = route.operation.partition(".")
    operation: Operation = getattr(__import__(module), function)
    return operation(request, contract)
