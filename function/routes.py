"""Which path and method is answered by what.

A path that most requests never take opens its room when it is first taken.
"""

from __future__ import annotations

import parse
import predict
import respond
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from contract import Contract
    from request import Request

    Response = dict[str, Any]
    Operation = Callable[[Request, Contract], Response]


def find(request: Request, contract: Contract) -> tuple[str, Operation]:
    """Return the name of a request's route, free of anything that the client chose, and its operation.

    Raises:
        Problem: 404 for an unknown path, 405 for a known one with a method that it does not take.
    """
    if request.path.startswith("/v2"):
        import open_inference

        name, operations = open_inference.route(request.path, contract)
    else:
        name, operations = request.path, _ROUTES.get(request.path, {})
    if not operations:
        raise Problem(404, "there is nothing at this path; POST records to /, and see /openapi.json")
    if request.method not in operations:
        allowed = ", ".join(operations)
        raise Problem(405, f"this path takes {allowed}", headers={"allow": allowed})
    return name, operations[request.method]


def _predictions(request: Request, contract: Contract) -> Response:
    kind = respond.chosen_type(request, ("application/json", "text/csv"))
    batch, form = parse.batch(request, contract)
    predicted = predict.predictions(batch, contract)
    if kind == "text/csv":
        return respond.as_csv(predicted, request, contract)
    return respond.as_json({"predictions": predicted} if form == "instances" else predicted, request, contract)


def _explanations(request: Request, contract: Contract) -> Response:
    import explain

    respond.chosen_type(request)
    batch, _ = parse.batch(request, contract)
    return respond.as_json(explain.explanations(batch, contract), request, contract)


def _ping(request: Request, contract: Contract) -> Response:
    return respond.as_json({"status": "ok"}, request, contract)


def _card(request: Request, contract: Contract) -> Response:
    import describe

    respond.chosen_type(request)
    return respond.as_json(describe.card(contract), request, contract)


def _openapi(request: Request, contract: Contract) -> Response:
    import openapi

    respond.chosen_type(request)
    return respond.as_json(openapi.document(contract), request, contract)


_ROUTES: dict[str, dict[str, Operation]] = {
    "/": {"GET": _card, "POST": _predictions},
    "/invocations": {"POST": _predictions},
    "/explain": {"POST": _explanations},
    "/ping": {"GET": _ping},
    "/openapi.json": {"GET": _openapi},
}
