"""Do several stacks of the project's own program live side by side, as its configuration says?"""

import json
import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from local import caller, stack_config
from local.cloud import Cloud
from tests.engine.conftest import REPOSITORY
from tests.engine.endpoint import REGION
from tests.engine.inventory import inventory
from tests.engine.stack import Engine, Stack

pytestmark = pytest.mark.slow

STACKS = ("blue", "green")


@pytest.fixture(scope="module")
def stacks(engine: Engine) -> Iterator[dict[str, Stack]]:
    """Two stacks of the program, deployed one after the other; `green` with twice the memory."""
    overrides = {"modelPath": str(REPOSITORY / "model" / "wine_quality.ubj"), "aws:region": REGION}
    deployed = {}
    for name, memory in zip(STACKS, (1024, 2048), strict=True):
        configured = stack_config.load(REPOSITORY, overrides={**overrides, "memoryMb": memory})
        deployed[name] = Stack(engine, configured.project, name, program, configured.config)
        outcome = deployed[name].up()
        assert outcome.succeeded, outcome.text
    yield deployed
    for stack in deployed.values():
        stack.destroy()


def program() -> None:
    """The project's own."""
    runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((REPOSITORY / "model" / "golden.json").read_text())
    return content


def predictions(cloud: Cloud, stack: Stack, golden: dict[str, Any]) -> Any:
    """What the endpoint answers to the golden records, asked with the invoker role's signature."""
    role = stack.values("wine-quality-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    endpoint = caller.Endpoint(stack.values("wine-quality-url")["functionUrl"], cloud.port, cloud.region)
    return endpoint.post(json.dumps(golden["records"]).encode(), invoker).json()


@pytest.mark.parametrize("name", STACKS)
def test_every_stack_serves_the_wine_model(
    cloud: Cloud, stacks: dict[str, Stack], golden: dict[str, Any], name: str
) -> None:
    assert predictions(cloud, stacks[name], golden) == pytest.approx(golden["predictions"], abs=golden["tolerance"])


def test_stacks_share_no_resource(stacks: dict[str, Stack]) -> None:
    blue, green = (
        {(resource.type, resource.id) for resource in stacks[name].state if resource.custom} for name in STACKS
    )
    assert len(blue) == len(green)
    assert not blue & green


def test_every_stack_has_its_own_configuration(stacks: dict[str, Stack]) -> None:
    assert [stacks[name].values("wine-quality-function")["memorySize"] for name in STACKS] == [1024, 2048]


def test_one_stack_is_destroyed_without_touching_the_other(
    cloud: Cloud, stacks: dict[str, Stack], golden: dict[str, Any]
) -> None:
    before = inventory(cloud)
    stacks["green"].destroy()
    assert stacks["green"].state == []
    assert before - inventory(cloud)
    answer = predictions(cloud, stacks["blue"], golden)
    assert answer == pytest.approx(golden["predictions"], abs=golden["tolerance"])
