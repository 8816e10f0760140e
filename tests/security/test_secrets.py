"""Is every secret marked as one, in every input and output?"""

import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.testing import AwsMocks
from tests.fake_engine import Deployment
from tests.security import deployments as d
from tests.security.deployments import Deployer

TOKEN, _ = AwsMocks().call(pulumi.runtime.MockCallArgs("aws:ecr/getAuthorizationToken:getAuthorizationToken", {}, ""))
PASSWORD = TOKEN["password"]
OWN_SECRET = "hush-0f1e2d3c"


@pytest.fixture(scope="session")
def deployment(deploy: Deployer) -> Deployment:
    """With a secret of the user's own wherever an argument takes a value that may be one."""
    secret = {
        "environment": lambda: {"TOKEN": pulumi.Output.secret(OWN_SECRET)},
        "tags": lambda: {"owner": pulumi.Output.secret(OWN_SECRET)},
        "dashboard": True,
        "alarms": {},
    }
    return deploy(secret)


def unmarked(value: Any) -> Iterator[str]:
    """All texts that stand under no mark."""
    if isinstance(value, dict):
        if value.keys() != {"secret"}:
            for item in value.values():
                yield from unmarked(item)
    elif isinstance(value, list):
        for item in value:
            yield from unmarked(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("secret", [PASSWORD, OWN_SECRET], ids=["registry password", "own secret"])
def test_no_input_holds_a_secret_without_its_mark(deployment: Deployment, secret: str) -> None:
    assert [
        resource.name for resource in deployment.resources if any(secret in text for text in unmarked(resource.inputs))
    ] == []


@pytest.mark.parametrize("secret", [PASSWORD, OWN_SECRET], ids=["registry password", "own secret"])
def test_the_secret_arrives_where_it_is_needed(deployment: Deployment, secret: str) -> None:
    """Without this, the test above would pass if nothing were passed on at all."""
    assert any(secret in json.dumps(resource.inputs) for resource in deployment.resources)


@pytest.mark.parametrize("secret", [PASSWORD, OWN_SECRET], ids=["registry password", "own secret"])
def test_no_output_holds_a_secret(deployment: Deployment, secret: str) -> None:
    assert secret not in json.dumps(deployment.outputs)


def test_the_image_does_not_take_secrets_into_its_layers(deployment: Deployment) -> None:
    """Build arguments stay readable in an image's history."""
    assert deployment.one(d.IMAGE).inputs["build"]["args"].keys() == {"BASE_IMAGE"}
