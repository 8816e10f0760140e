"""The way of a request through the rooms: parse, validate, predict, respond.

Leaves out the Lambda entry point (handler.py) and what each room does. A model that cannot be served does not stop
the process: every request is answered 503, or fails if the function was invoked directly, so that the reason
reaches the log and the check of a new version instead of a bare crash of the start-up.
"""

from __future__ import annotations

import sys

import contract
import parse
import predict
import respond
import validate
from model_file import ModelError
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


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
        self.contract: contract.Contract | None = None
        self.failure: str | None = None
        try:
            self.contract = contract.load(environment)
        except ModelError as error:
            self.failure = str(error)
            print(f"model not served: {self.failure}", file=sys.stderr)

    def __call__(self, event: Any, context: Any) -> Any:
        """Answer a Function URL event with a response, a bare list of records with a bare list of predictions.

        Raises:
            RequestRefusedError: A direct invocation cannot be answered.
        """
        if isinstance(event, dict) and "requestContext" in event:
            return self._answer_url(event, context)
        return self._answer_direct(event)

    def _answer_direct(self, event: Any) -> list[Any]:
        try:
            if not isinstance(event, list):
                raise Problem(422, "a direct invocation takes a bare JSON array of records")
            served = self.require_contract()
            return predict.predictions(validate.matrix(event, served), served)
        except Problem as problem:
            raise RequestRefusedError(problem.sentence()) from None

    def _answer_url(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        try:
            return self._route(event)
        except Problem as problem:
            return respond.refusal(problem, _request_id(event, context))

    def _route(self, event: Mapping[str, Any]) -> dict[str, Any]:
        method = event["requestContext"]["http"]["method"]
        path = event.get("rawPath") or "/"
        served = self.require_contract()
        match method, path:
            case "POST", "/":
                return self._predict(event, served)
            case "GET", "/":
                import describe

                return respond.answer(describe.card(served), served)
            case "GET", "/ping":
                return respond.answer({"status": "ok"}, served)
            case _, "/":
                raise Problem(405, "this path takes GET and POST", headers={"allow": "GET, POST"})
            case _, "/ping":
                raise Problem(405, "this path takes GET", headers={"allow": "GET"})
        raise Problem(404, "there is nothing at this path; POST records to /")

    def _predict(self, event: Mapping[str, Any], served: contract.Contract) -> dict[str, Any]:
        if parse.media_type(event.get("headers") or {}) != "application/json":
            raise Problem(415, "the body's type is not supported; send content-type: application/json")
        text = parse.body_text(event)
        values = validate.matrix(parse.json_value(text), served, text)
        return respond.answer(predict.predictions(values, served), served)

    def require_contract(self) -> contract.Contract:
        """Return the contract of the served model.

        Raises:
            Problem: 503, the model cannot be served.
        """
        if self.contract is None:
            raise Problem(503, f"the model is not served: {self.failure}")
        return self.contract


def _request_id(event: Mapping[str, Any], context: Any) -> str:
    return str(event["requestContext"].get("requestId") or getattr(context, "aws_request_id", ""))
