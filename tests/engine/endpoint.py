"""A stack with one endpoint: its arguments, and what a client sees of it."""

import json
from typing import Any

import pulumi

from components import MLInferenceFunction
from local import caller
from local.cloud import Cloud
from tests.engine import small_model
from tests.engine.stack import Engine, Stack

PROJECT = "wine-test"
REGION = "eu-central-1"
OUTPUTS = [output for output in MLInferenceFunction.__annotations__ if not output.startswith("_")]


class EndpointStack(Stack):
    """A stack with the component `wine`, every output of it exported.

    Attributes:
        arguments: The component's; what a test changes here, the next command deploys.
    """

    def __init__(self, engine: Engine, name: str, arguments: dict[str, Any]) -> None:
        """Make the stack, with nothing deployed."""
        self.arguments = arguments
        super().__init__(engine, PROJECT, name, self.declare, {"aws:region": REGION})

    def declare(self, **more: Any) -> None:
        """The program; with more arguments where they can only be made while it runs."""
        endpoint = MLInferenceFunction("wine", {**self.arguments, **more})  # type: ignore[typeddict-item]
        for output in OUTPUTS:
            pulumi.export(output, getattr(endpoint, output))


def answer(cloud: Cloud, stack: Stack) -> list[float]:
    """The endpoint's predictions for `small_model.RECORDS`, asked with the invoker role's signature."""
    role = stack.values("wine-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    answer = client(cloud, stack).post(json.dumps(small_model.RECORDS).encode(), invoker)
    assert answer.status == 200, answer.body
    predictions: list[float] = answer.json()
    return predictions


def unsigned_status(cloud: Cloud, stack: Stack) -> int:
    """The status that somebody without a signature gets."""
    return client(cloud, stack).post(json.dumps(small_model.RECORDS).encode()).status


def live_version(cloud: Cloud, stack: Stack) -> str:
    """The version that takes traffic."""
    function = stack.values("wine-function")["name"]
    return cloud.lambda_.get_alias(FunctionName=function, Name="live")["FunctionVersion"]


def client(cloud: Cloud, stack: Stack) -> caller.Endpoint:
    """The endpoint as a client sees it."""
    return caller.Endpoint(stack.values("wine-url")["functionUrl"], cloud.port, cloud.region)
