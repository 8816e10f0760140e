"""The life of a stack: preview, deployment, a better model, a bad one, drift, and its end.

One stack goes through all of it once; each test looks at what was noted down on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pulumi.provider.experimental.property_value import PropertyValue

from local.cloud import Cloud
from tests.engine import endpoint, small_model
from tests.engine.conftest import NewStack, configure
from tests.engine.driver import Driver, Outcome
from tests.engine.inventory import inventory

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Look:
    """What a client and an operator see at one time."""

    url: str
    version: str
    predictions: list[float]


@dataclass(frozen=True)
class Step:
    """One run of the program, and what was seen afterwards."""

    outcome: Outcome
    look: Look


@dataclass(frozen=True)
class Story:
    """What happened, in order."""

    before: set[str]
    preview: Outcome
    after_preview: set[str]
    first: Step
    unsigned_status: int
    clear_secrets: list[str]
    again: Step
    better_preview: Outcome
    better: Step
    worse: Step
    mended: Step
    drift: dict[str, str]
    restored: Step
    image_in_repository: str
    after_destroy: set[str]


def look(cloud: Cloud, stack: Driver) -> Look:
    return Look(
        stack.values("wine-url")["functionUrl"], endpoint.live_version(cloud, stack), endpoint.answer(cloud, stack)
    )


def up(cloud: Cloud, stack: Driver) -> Step:
    return Step(stack.up(), look(cloud, stack))


def clear_secrets(stack: Driver) -> list[str]:
    """Where the state holds the registry's password without marking it as a secret."""
    password = stack.values("wine-image")["registry"]["password"]
    assert password
    return [
        f"{resource.name}: {part}"
        for resource in stack.state.values()
        for part, properties in (("inputs", resource.inputs), ("outputs", resource.outputs))
        for text in clear_texts(PropertyValue(PropertyValue.unmarshal_map(properties)))
        if password in text
    ]


def clear_texts(value: PropertyValue) -> list[str]:
    """The texts within a value that are not marked as secrets."""
    if value.is_secret:
        return []
    return (
        [value.value] if isinstance(value.value, str) else [text for part in parts(value) for text in clear_texts(part)]
    )


def parts(value: PropertyValue) -> list[PropertyValue]:
    if isinstance(value.value, tuple):
        return list(value.value)
    return list(value.value.values()) if isinstance(value.value, Mapping) else []


def drift(cloud: Cloud, stack: Driver) -> None:
    """Do by hand what nobody should."""
    function = stack.values("wine-function")["name"]
    cloud.lambda_.update_alias(FunctionName=function, Name="live", FunctionVersion="1")
    cloud.lambda_.update_function_configuration(FunctionName=function, MemorySize=3000)
    cloud.logs.delete_retention_policy(logGroupName=stack.values("wine-logs")["name"])
    policy = stack.values("wine-invoker-role-invoke")
    cloud.iam.delete_role_policy(RoleName=policy["role"], PolicyName=policy["name"])


@pytest.fixture(scope="module")
def story(cloud: Cloud, new_stack: NewStack, tmp_path_factory: pytest.TempPathFactory) -> Story:
    models = tmp_path_factory.mktemp("models")
    stack, before = new_stack("life"), inventory(cloud)
    preview, after_preview = stack.preview(), inventory(cloud)
    first = up(cloud, stack)
    unsigned_status, in_clear = endpoint.unsigned_status(cloud, stack), clear_secrets(stack)
    again = up(cloud, stack)

    configure(stack, model_path=str(small_model.train(models / "better", slope=2)))
    better_preview, better = stack.preview(), up(cloud, stack)
    configure(stack, model_path=str(small_model.train(models / "worse", slope=3, wrong_by=0.25)))
    worse = up(cloud, stack)
    configure(stack, model_path=str(small_model.train(models / "mended", slope=4)))
    mended = up(cloud, stack)

    drift(cloud, stack)
    found = stack.refresh()
    restored = up(cloud, stack)

    repository = stack.values("wine-repository")["name"]
    cloud.ecr.put_image(repositoryName=repository, imageManifest="{}", imageTag="left-behind")
    (image,) = cloud.ecr.list_images(repositoryName=repository)["imageIds"]
    stack.destroy()
    return Story(
        before,
        preview,
        after_preview,
        first,
        unsigned_status,
        in_clear,
        again,
        better_preview,
        better,
        worse,
        mended,
        found,
        restored,
        image["imageTag"],
        inventory(cloud),
    )


def test_a_preview_of_an_empty_stack_reports_no_error_and_creates_everything(story: Story) -> None:
    assert (story.preview.succeeded, story.preview.errors) == (True, [])
    assert set(story.preview.steps.values()) == {"create"}


def test_a_preview_names_what_is_known_and_leaves_open_what_aws_will_choose(story: Story) -> None:
    assert {"model_version", "function_name"} <= story.preview.outputs.keys()
    assert not {"endpoint", "function_arn", "image_uri", "invoker_role_arn"} & story.preview.outputs.keys()


def test_a_preview_changes_nothing(story: Story) -> None:
    assert story.after_preview == story.before


def test_a_deployment_does_what_its_preview_said(story: Story) -> None:
    assert story.first.outcome.errors == []
    assert story.first.outcome.steps == story.preview.steps


def test_a_deployed_endpoint_answers_its_invoker_as_the_model_does(story: Story, good_model: Path) -> None:
    assert story.first.look.predictions == pytest.approx(small_model.predictions(good_model), abs=1e-6)


def test_a_deployed_endpoint_refuses_whoever_does_not_sign(story: Story) -> None:
    assert story.unsigned_status == 403


def test_the_state_holds_no_secret_in_clear(story: Story) -> None:
    assert story.clear_secrets == []


def test_a_second_deployment_changes_nothing(story: Story) -> None:
    assert story.again.outcome.changes == {}
    assert story.again.look == story.first.look


def test_a_better_model_is_a_new_version_that_the_alias_moves_to(story: Story) -> None:
    assert story.better.outcome.errors == []
    assert story.better.look.version > story.again.look.version
    assert story.better.look.predictions == pytest.approx(
        [2 * value for value in story.again.look.predictions], rel=0.2
    )


def test_a_better_model_changes_only_what_serves_it(story: Story) -> None:
    assert {name: step for name, step in story.better.outcome.changes.items() if name != "wine-dashboard"} == {
        "wine-build": "replace",
        "wine-image": "update",
        "wine-function": "update",
        "wine-golden-check": "replace",
        "wine-live": "update",
    }


def test_the_preview_of_a_better_model_says_what_will_change(story: Story) -> None:
    assert story.better_preview.errors == []
    assert story.better_preview.changes == story.better.outcome.changes


def test_a_model_that_fails_its_golden_check_fails_the_deployment_with_its_numbers(story: Story) -> None:
    assert not story.worse.outcome.succeeded
    (error,) = story.worse.outcome.errors
    for part in ("version 3", "record 0", "expected", "got", "tolerance"):
        assert part in error


def test_the_error_of_a_failed_golden_check_is_without_a_traceback(story: Story) -> None:
    assert "Traceback" not in "".join(story.worse.outcome.errors)


def test_a_model_that_fails_its_golden_check_takes_no_traffic(story: Story) -> None:
    assert story.worse.look == story.better.look


def test_the_next_good_model_is_served_after_a_bad_one(story: Story) -> None:
    assert story.mended.outcome.errors == []
    assert story.mended.look.version == "4"
    assert story.mended.look.predictions == pytest.approx(
        [4 * value for value in story.again.look.predictions], rel=0.2
    )


def test_a_refresh_finds_what_was_changed_behind_the_stacks_back(story: Story) -> None:
    assert story.drift == {
        "wine-function": "changed",
        "wine-invoker-role-invoke": "gone",
        "wine-live": "changed",
        "wine-logs": "changed",
    }


def test_a_deployment_after_a_refresh_puts_right_what_had_drifted(story: Story) -> None:
    assert story.restored.outcome.errors == []
    assert story.restored.look.predictions == story.mended.look.predictions
    assert {"wine-function", "wine-live", "wine-logs"} <= story.restored.outcome.changes.keys()
    assert story.restored.outcome.changes["wine-invoker-role-invoke"] == "create"


def test_nothing_that_happens_moves_the_endpoint(story: Story) -> None:
    steps = (story.first, story.again, story.better, story.worse, story.mended, story.restored)
    assert len({step.look.url for step in steps}) == 1


def test_a_destroyed_stack_leaves_nothing_even_with_images_in_its_repository(story: Story) -> None:
    assert story.image_in_repository == "left-behind"
    assert story.after_destroy == story.before
