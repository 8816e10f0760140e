"""Do several stacks of the project's own program live side by side, as its configuration says?"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import caller, stack_config
from local.cloud import Cloud
from tests.engine.conftest import REGION, Plugins
from tests.engine.driver import REPOSITORY, Driver, Host
from tests.engine.inventory import inventory

pytestmark = pytest.mark.slow

STACKS = ("blue", "green")


@pytest.fixture(scope="module")
def stacks(project: Path, host: Host, stand_ins: Plugins) -> Iterator[dict[str, Driver]]:
    """Two stacks of the program, deployed one after the other; `green` with twice the memory."""
    # The program lies where the plugins run, since a context's path is relative to that folder.
    program = project / "wine_quality.py"
    shutil.copy(REPOSITORY / "__main__.py", program)
    overrides = {"modelPath": str(REPOSITORY / "model" / "wine_quality.ubj"), "aws:region": REGION}
    deployed = {}
    for name, memory in zip(STACKS, (1024, 2048), strict=True):
        configured = stack_config.load(REPOSITORY, overrides={**overrides, "memoryMb": memory})
        deployed[name] = Driver(host, configured.project, name, configured.config, stand_ins, program=program.name)
        assert deployed[name].up().errors == []
    yield deployed
    for stack in deployed.values():
        stack.destroy()


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((REPOSITORY / "model" / "golden.json").read_text())
    return content


def predictions(cloud: Cloud, stack: Driver, golden: dict[str, Any]) -> Any:
    """What the endpoint answers to the golden records, asked with the invoker role's signature."""
    role = stack.values("wine-quality-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    endpoint = caller.Endpoint(stack.values("wine-quality-url")["functionUrl"], cloud.port, cloud.region)
    return endpoint.post(json.dumps(golden["records"]).encode(), invoker).json()


@pytest.mark.parametrize("name", STACKS)
def test_every_stack_serves_the_wine_model(
    cloud: Cloud, stacks: dict[str, Driver], golden: dict[str, Any], name: str
) -> None:
    assert predictions(cloud, stacks[name], golden) == pytest.approx(golden["predictions"], abs=golden["tolerance"])


def test_stacks_share_no_resource(stacks: dict[str, Driver]) -> None:
    blue, green = (
        {(resource.type, resource.id) for resource in stacks[name].state.values() if resource.custom} for name in STACKS
    )
    assert len(blue) == len(green)
    assert not blue & green


def test_every_stack_has_its_own_configuration(stacks: dict[str, Driver]) -> None:
    assert [stacks[name].values("wine-quality-function")["memorySize"] for name in STACKS] == [1024, 2048]


def test_one_stack_is_destroyed_without_touching_the_other(
    cloud: Cloud, stacks: dict[str, Driver], golden: dict[str, Any]
) -> None:
    before = inventory(cloud)
    stacks["green"].destroy()
    assert stacks["green"].state == {}
    assert before - inventory(cloud)
    answer = predictions(cloud, stacks["blue"], golden)
    assert answer == pytest.approx(golden["predictions"], abs=golden["tolerance"])
