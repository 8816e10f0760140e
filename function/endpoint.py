"""The served model and the way of an event through the modules.

Leaves out the Lambda entry point (handler.py), the table of routes (routes.py) and what each of them does. A model that
cannot be served does not stop the process: every request is answered 503, or fails if the function was invoked
directly, so that the reason reaches the log and the check of a new version instead of a bare crash of the start-up.
"""

from __future__ import annotations

import sys
from time import perf_counter

import loading
import observe
import predict
import respond
import routes
import validate
from model_file import ModelError
from problem import Problem
from request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from contract import Contract


class RequestRefusedError(Exception):
    """A direct invocation that cannot be answered; the message holds no content of the request."""


class Endpoint:
    """A served model.

    Attributes:
        contract: The model's contract; None if the model cannot be served.
        failure: Why the model cannot be served, as one plain line; None if it can.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Load the model that the environment names; remember, and log once, why that failed."""
        self.contract: Contract | None = None
        self.failure: str | None = None
        self._log = observe.Log(environment)
        try:
            self.contract = loading.load(environment)
        except ModelError as error:
            self.failure = str(error)
            print(f"model not served: {self.failure}", file=sys.stderr)

    def __call__(self, event: Any, context: Any) -> Any:
        """Answer a Function URL event with a response, a bare list of records with a bare list of predictions.

        Raises:
            RequestRefusedError: A direct invocation cannot be answered.
        """
        visit = _Visit(event, context)
        try:
            return self._answer(event, visit)
        except Problem as problem:
            return _refusal(problem, visit)
        except Exception as error:  # noqa: BLE001 - a fault of ours: answered without a word of the request
            visit.error = _place(error)
            return _refusal(Problem(500, "the endpoint failed; its log names the place"), visit)
        finally:
            if visit.quiet:
                self._log.warm()
            else:
                version = self.contract.version if self.contract else ""
                self._log.request(**visit.line(), model_version=version)

    def _answer(self, event: Any, visit: _Visit) -> Any:
        if visit.direct:
            served = self.require_contract()
            if not isinstance(event, list):
                import direct

                if direct.is_warm_up(event, served):
                    visit.quiet = True
                    return {"status": "ok"}
                answer, visit.rows = direct.answer(event, served)
                return answer
            batch = validate.records(event, served)
            visit.rows = batch.rows
            return predict.predictions(batch, served)
        request = Request(event)
        served = self.require_contract()
        route = routes.find(request, served)
        visit.route = route.path
        response, visit.rows = routes.take(route, request, served)
        return response

    def require_contract(self) -> Contract:
        """Return the contract of the served model.

        Raises:
            Problem: 503, the model cannot be served.
        """
        if self.contract is None:
            raise Problem(503, f"the model is not served: {self.failure}")
        return self.contract


class _Visit:
    """What is known of one event for its answer and its line in the log."""

    __slots__ = ("direct", "error", "quiet", "request_id", "route", "rows", "started", "status")

    def __init__(self, event: Any, context: Any) -> None:
        self.started = perf_counter()
        self.direct = not (isinstance(event, dict) and "requestContext" in event)
        self.route = "direct" if self.direct else "none"
        self.request_id = _request_id(event, context, self.direct)
        self.quiet = False
        self.rows = 0
        self.status = 200
        self.error: str | None = None

    def line(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id,
            "route": self.route,
            "rows": self.rows,
            "status": self.status,
            "milliseconds": (perf_counter() - self.started) * 1000,
            "error": self.error,
        }


def _refusal(problem: Problem, visit: _Visit) -> dict[str, Any]:
    """Return the response for a problem; raise it instead if the function was invoked directly."""
    visit.status = problem.status
    if visit.direct:
        raise RequestRefusedError(problem.sentence()) from None
    return respond.refusal(problem, visit.request_id)


def _request_id(event: Any, context: Any, direct: bool) -> str:
    """Return AWS's id of the request; an event that was made by hand may hold anything, which is not repeated."""
    given = None
    if not direct and isinstance(event["requestContext"], dict):
        given = event["requestContext"].get("requestId")
    for candidate in (given, getattr(context, "aws_request_id", None)):
        if isinstance(candidate, str) and len(candidate) <= 64 and candidate.replace("-", "").isalnum():
            return candidate
    return ""


def _place(error: Exception) -> str:
    """Return an exception's type and the line that raised it; its message might hold what a client sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = trace.tb_frame.f_code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
