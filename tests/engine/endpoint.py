"""What does a deployed stack's endpoint answer?"""

import json

from local import caller
from local.cloud import Cloud
from tests.engine import small_model
from tests.engine.driver import Driver


def answer(cloud: Cloud, stack: Driver) -> list[float]:
    """The endpoint's predictions for `small_model.RECORDS`, asked with the invoker role's signature."""
    role = stack.values("wine-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    answer = endpoint(cloud, stack).post(json.dumps(small_model.RECORDS).encode(), invoker)
    assert answer.status == 200, answer.body
    predictions: list[float] = answer.json()
    return predictions


def unsigned_status(cloud: Cloud, stack: Driver) -> int:
    """The status that somebody without a signature gets."""
    return endpoint(cloud, stack).post(json.dumps(small_model.RECORDS).encode()).status


def live_version(cloud: Cloud, stack: Driver) -> str:
    """The version that takes traffic."""
    function = stack.values("wine-function")["name"]
    return cloud.lambda_.get_alias(FunctionName=function, Name="live")["FunctionVersion"]


def endpoint(cloud: Cloud, stack: Driver) -> caller.Endpoint:
    """The endpoint as a client sees it."""
    return caller.Endpoint(stack.values("wine-url")["functionUrl"], cloud.port, cloud.region)
