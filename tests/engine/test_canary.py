"""A share of the traffic for a new version: from the first deployment to the last, on one stack."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from tests.engine import small_model
from tests.engine.conftest import NewStack
from tests.engine.endpoint import EndpointStack, live_version
from tests.engine.stack import Outcome

pytestmark = pytest.mark.slow

CANDIDATE = {
    "wine-build": "replace",
    "wine-image": "update",
    "wine-function": "update",
    "wine-golden-check": "replace",
    "wine-live": "update",
}
#: What the comparing alarms look at changes with the candidate.
COMPARED = {"wine-canary-errors": "update", "wine-canary-duration": "update"}


@dataclass(frozen=True)
class Step:
    """What is deployed next, and what the alias says afterwards.

    Attributes:
        what: In words.
        arguments: New values; a model by the name that the test gives it.
        serving: The version that the alias names.
        shares: The version beside it, and its share.
        steps: What has to happen to resources.
        fails: Whether the deployment has to end with an error.
    """

    what: str
    arguments: dict[str, Any]
    serving: str
    shares: dict[str, float]
    steps: dict[str, str] | None = None
    fails: bool = False

    def __str__(self) -> str:
        return self.what


STEPS = [
    Step("the first version takes everything", {"canary_percent": 10}, "1", {}),
    Step("nothing changed", {}, "1", {}, {}),
    Step("a candidate takes a share", {"model_path": "second"}, "1", {"2": 0.1}, CANDIDATE | COMPARED),
    Step("nothing changed beside a candidate", {}, "1", {"2": 0.1}, {}),
    Step("a larger share", {"canary_percent": 50}, "1", {"2": 0.5}, {"wine-live": "update"}),
    Step("a candidate that fails its check takes nothing", {"model_path": "wrong"}, "1", {"2": 0.5}, fails=True),
    Step("the next candidate takes the place of the first", {"model_path": "third"}, "1", {"4": 0.5}),
    Step("without the argument the newest takes everything", {"canary_percent": None}, "4", {}),
    Step("the argument alone changes nobody's traffic", {"canary_percent": 1}, "4", {}),
    Step("another candidate", {"model_path": "second"}, "4", {"5": 0.01}),
    Step("the model before, again, is answered by both", {"model_path": "third"}, "4", {"6": 0.01}),
    Step("and takes everything", {"canary_percent": None}, "6", {}),
    Step("without a share a new model takes everything at once", {"model_path": "second"}, "7", {}, CANDIDATE),
]


@dataclass(frozen=True)
class Seen:
    """What a deployment did, and what the alias said afterwards."""

    outcome: Outcome
    serving: str
    shares: dict[str, float]
    preview: Outcome | None = None


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {
        "second": small_model.train(folder / "second", slope=2),
        "third": small_model.train(folder / "third", slope=3),
        "wrong": small_model.train(folder / "wrong", slope=4, wrong_by=0.25),
    }


@pytest.fixture(scope="module")
def story(cloud: Cloud, new_stack: NewStack, models: dict[str, Path]) -> list[Seen]:
    stack, seen = new_stack("canary", alarms={}), []
    for step in STEPS:
        model = {"model_path": str(models[step.arguments["model_path"]])} if "model_path" in step.arguments else {}
        stack.arguments |= step.arguments | model
        preview = stack.preview() if step in (STEPS[0], STEPS[2]) else None
        outcome = stack.up()
        seen.append(Seen(outcome, live_version(cloud, stack), shares(cloud, stack), preview))
    found = stack.refresh()
    stack.destroy()
    return [*seen, Seen(found, "", {})]


def shares(cloud: Cloud, stack: EndpointStack) -> dict[str, float]:
    alias = cloud.lambda_.get_alias(FunctionName=stack.values("wine-function")["name"], Name="live")
    return dict(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


@pytest.mark.parametrize("number", range(len(STEPS)), ids=map(str, STEPS))
def test_a_rollout_does_what_a_careful_person_expects(story: list[Seen], number: int) -> None:
    step, seen = STEPS[number], story[number]
    assert seen.outcome.succeeded is not step.fails, seen.outcome.text
    assert (seen.serving, seen.shares) == (step.serving, step.shares)
    assert step.steps is None or seen.outcome.changes == step.steps


def test_a_preview_says_what_will_happen_before_there_is_an_alias_and_afterwards(story: list[Seen]) -> None:
    previewed = [(seen.preview, seen.outcome) for seen in story if seen.preview]
    assert len(previewed) == 2
    for preview, outcome in previewed:
        assert preview.errors == []
        assert preview.steps == outcome.steps


def test_a_candidate_that_fails_its_check_says_so_in_one_sentence(story: list[Seen]) -> None:
    (failed,) = (seen.outcome for step, seen in zip(STEPS, story, strict=False) if step.fails)
    (error,) = failed.errors
    assert "version 3 of the function is not served: golden check failed" in error


def test_a_refresh_finds_no_change(story: list[Seen]) -> None:
    assert story[-1].outcome.changes == {}
