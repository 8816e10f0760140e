"""What is left when the engine itself is killed, at any moment? And does the next command finish the work?

A proxy before the emulator counts the requests to AWS and ends the engine's process with SIGKILL at the n-th one, for
every n: once before the request arrives, and once when it has been carried out but nobody hears of it any more.
Afterwards the steps of docs/recovery.md are taken.

What a killed engine takes along of genuine plugins is not seen here: they are programs that go on for a moment.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.emulator import Emulator
from local.staged_images import StagedImages
from tests.engine import endpoint, small_model
from tests.engine.drill import Drill, drill
from tests.engine.endpoint import EndpointStack
from tests.engine.inventory import inventory, of_state
from tests.engine.stack import Engine, Outcome

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Error in event stream"),  # it breaks off, and the SDK says so
]

#: How many requests to AWS each command makes; `test_every_request_is_one_at_which_the_engine_is_killed` counts them.
REQUESTS = {"up": 19, "update": 10, "destroy": 10}

MOMENTS = {True: "answer-lost", False: "request-lost"}


def kills(command: str) -> list[tuple[int, bool]]:
    """Every request of a command, lost on its way there and on its way back."""
    return [(at, carried_out) for at in range(1, REQUESTS[command] + 1) for carried_out in MOMENTS]


def named(kill: tuple[int, bool]) -> str:
    return f"{kill[0]}-{MOMENTS[kill[1]]}"


@pytest.fixture(scope="module")
def killing(unplugged: Engine, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    with drill(unplugged, emulator, StagedImages(), tmp_path_factory.mktemp("drill")) as drilled:
        yield drilled


@dataclass(frozen=True)
class Life:
    """A stack's life with two violent interruptions.

    Attributes:
        made: What was there when the deployment was finished, and what should have been.
        up: The command that finished it.
        predictions: What the endpoint answered then.
        destroy: The command that finished the destruction.
        left: What was left then, and what had been there before.
    """

    up: Outcome
    made: tuple[set[str], set[str]]
    predictions: list[float]
    destroy: Outcome
    left: tuple[set[str], set[str]]


@pytest.fixture(scope="module")
def empty(killing: Drill, good_model: Path) -> EndpointStack:
    """A stack with nothing deployed."""
    return EndpointStack(killing.engine, "killed", {"model_path": str(good_model)})


@pytest.fixture(scope="module", params=kills("up"), ids=named)
def life(killing: Drill, cloud: Cloud, empty: EndpointStack, request: pytest.FixtureRequest) -> Life:
    """Killed at a request of `up`, brought to an end, killed at a request of `destroy`, and brought to an end."""
    at, carried_out = request.param
    before = inventory(cloud)
    assert not killing.kill(empty.up, at, carried_out).succeeded
    killing.recover(empty, cloud)
    up = empty.up()
    made, predictions = (inventory(cloud) - before, of_state(empty)), endpoint.answer(cloud, empty)
    at_destroy = (at - 1) % REQUESTS["destroy"] + 1
    assert not killing.kill(empty.destroy, at_destroy, carried_out != (at > REQUESTS["destroy"])).succeeded
    killing.recover(empty, cloud)
    return Life(up, made, predictions, empty.destroy(), (inventory(cloud), before))


def test_a_deployment_that_was_killed_is_finished_by_the_next(life: Life, good_model: Path) -> None:
    assert (life.up.succeeded, life.up.errors) == (True, [])
    assert life.predictions == pytest.approx(small_model.predictions(good_model), abs=1e-6)


def test_a_deployment_that_was_killed_leaves_nothing_orphaned_or_doubled(life: Life) -> None:
    there, expected = life.made
    assert there == expected


def test_a_destruction_that_was_killed_is_finished_by_the_next_and_leaves_nothing(life: Life) -> None:
    assert (life.destroy.succeeded, life.destroy.errors) == (True, [])
    there, before = life.left
    assert there == before


@pytest.fixture(scope="module")
def served(killing: Drill, good_model: Path) -> Iterator[EndpointStack]:
    """A stack that serves."""
    stack = EndpointStack(killing.engine, "updated", {"model_path": str(good_model)})
    up = stack.up()
    assert up.succeeded, up.text
    yield stack
    destroy = stack.destroy()
    assert destroy.succeeded, destroy.text


@pytest.fixture(scope="module")
def slopes() -> Iterator[int]:
    """What models learn, so that no two are alike; the good one's is 1."""
    return itertools.count(2)


@pytest.mark.parametrize(("at", "carried_out"), kills("update"), ids=map(named, kills("update")))
def test_an_update_that_was_killed_serves_a_proven_model_and_is_finished_by_the_next(
    killing: Drill,
    served: EndpointStack,
    cloud: Cloud,
    slopes: Iterator[int],
    tmp_path: Path,
    at: int,
    carried_out: bool,
) -> None:
    old = endpoint.answer(cloud, served)
    model = small_model.train(tmp_path / "next", next(slopes))
    new = pytest.approx(small_model.predictions(model), abs=1e-6)
    served.arguments["model_path"] = str(model)
    assert not killing.kill(served.up, at, carried_out).succeeded
    # Only the very last request moves the alias.
    assert endpoint.answer(cloud, served) == (new if (at, carried_out) == (REQUESTS["update"], True) else old)
    killing.recover(served, cloud)
    outcome = served.up()
    assert (outcome.succeeded, outcome.errors) == (True, [])
    assert endpoint.answer(cloud, served) == new
    assert of_state(served) <= inventory(cloud)
    assert served.up(expect_no_changes=True).succeeded


def test_every_request_is_one_at_which_the_engine_is_killed(killing: Drill, tmp_path: Path) -> None:
    models = [small_model.train(tmp_path / f"{slope}", slope) for slope in (1, 2)]
    stack = EndpointStack(killing.engine, "counted", {"model_path": str(models[0])})
    requests = {"up": killing.count(stack.up)}
    stack.arguments["model_path"] = str(models[1])
    requests["update"] = killing.count(stack.up)
    requests["destroy"] = killing.count(stack.destroy)
    assert requests == REQUESTS
