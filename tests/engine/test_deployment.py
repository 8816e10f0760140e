"""The life of a stack: preview, deployment, a better model, a bad one, drift, and its end.

One stack goes through all of it once; each test looks at what was noted down on the way.
"""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pytest

from local import caller
from local.cloud import Cloud
from tests.engine import endpoint, small_model
from tests.engine.conftest import NewStack
from tests.engine.endpoint import EndpointStack
from tests.engine.inventory import inventory
from tests.engine.stack import Outcome, Program

pytestmark = pytest.mark.slow


#: A secret of the stack's configuration, handed to the function as a variable.
TOKEN = "t0p-s3cret-t0ken"


@dataclass(frozen=True)
class Look:
    """What a client and an operator see at one time.

    Attributes:
        outputs: What `pulumi stack output --json` prints.
        version: The one that takes traffic.
        predictions: What a caller gets who knows no more than the outputs.
    """

    outputs: dict[str, Any]
    version: str
    predictions: list[float]


@dataclass(frozen=True)
class Step:
    """One command, and what was seen afterwards."""

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
    again: Step
    untouched: Outcome
    better_preview: Outcome
    better: Step
    worse: Step
    mended: Step
    drift: Outcome
    restored: Step
    image_in_repository: str
    #: The stack's state and configuration files.
    written: str
    after_destroy: set[str]

    @property
    def printed(self) -> str:
        """Everything that any command printed."""
        steps = (self.first, self.again, self.better, self.worse, self.mended, self.restored)
        outcomes = (self.preview, self.better_preview, self.untouched, self.drift, *(step.outcome for step in steps))
        return "\n".join([*(outcome.text for outcome in outcomes), *(json.dumps(step.look.outputs) for step in steps)])


def look(cloud: Cloud, stack: EndpointStack) -> Look:
    outputs = stack.outputs()
    role = outputs["invoker_role_arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    client = caller.Endpoint(outputs["endpoint"], cloud.port, cloud.region)
    answer = client.post(json.dumps(small_model.RECORDS).encode(), invoker)
    return Look(outputs, endpoint.live_version(cloud, stack), answer.json())


def up(cloud: Cloud, stack: EndpointStack) -> Step:
    return Step(stack.up(), look(cloud, stack))


def with_token(stack: EndpointStack) -> Program:
    """The stack's program, with a variable of the function that comes from a secret of the configuration."""

    def program() -> None:
        stack.declare(environment={"TOKEN": pulumi.Config().require_secret("token")})

    return program


def drift(cloud: Cloud, stack: EndpointStack) -> None:
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
    stack.configure({f"{endpoint.PROJECT}:token": TOKEN}, secret=True)
    stack.program = with_token(stack)
    preview, after_preview = stack.preview(), inventory(cloud)
    first, unsigned_status = up(cloud, stack), endpoint.unsigned_status(cloud, stack)
    again, untouched = up(cloud, stack), stack.refresh()

    stack.arguments["model_path"] = str(small_model.train(models / "better", slope=2))
    better_preview, better = stack.preview(diff=True), up(cloud, stack)
    stack.arguments["model_path"] = str(small_model.train(models / "worse", slope=3, wrong_by=0.25))
    worse = up(cloud, stack)
    stack.arguments["model_path"] = str(small_model.train(models / "mended", slope=4))
    mended = up(cloud, stack)

    drift(cloud, stack)
    found = stack.refresh()
    restored = up(cloud, stack)

    repository = stack.values("wine-repository")["name"]
    cloud.ecr.put_image(repositoryName=repository, imageManifest="{}", imageTag="left-behind")
    (image,) = cloud.ecr.list_images(repositoryName=repository)["imageIds"]
    written = stack.state_file.read_text() + (stack.folder / "Pulumi.life.yaml").read_text()
    stack.destroy()
    return Story(
        before,
        preview,
        after_preview,
        first,
        unsigned_status,
        again,
        untouched,
        better_preview,
        better,
        worse,
        mended,
        found,
        restored,
        image["imageTag"],
        written,
        inventory(cloud),
    )


def test_a_preview_of_an_empty_stack_reports_no_error_and_creates_everything(story: Story) -> None:
    assert (story.preview.succeeded, story.preview.errors) == (True, [])
    assert set(story.preview.steps.values()) == {"create"}


def test_a_preview_names_what_is_known_and_leaves_open_what_aws_will_choose(story: Story) -> None:
    assert re.search(r"model_version +: \"[0-9a-f]{12}\"", story.preview.text)
    for output in ("endpoint", "function_arn", "image_uri", "invoker_role_arn"):
        assert re.search(rf"{output} +: \[unknown\]", story.preview.text)


def test_a_preview_changes_nothing(story: Story) -> None:
    assert story.after_preview == story.before


def test_a_deployment_does_what_its_preview_said(story: Story) -> None:
    assert (story.first.outcome.succeeded, story.first.outcome.errors) == (True, [])
    assert story.first.outcome.steps == story.preview.steps


def test_whoever_knows_the_stacks_outputs_is_answered_as_the_model_says(story: Story, good_model: Path) -> None:
    assert story.first.look.predictions == pytest.approx(small_model.predictions(good_model), abs=1e-6)


def test_whoever_does_not_sign_is_refused(story: Story) -> None:
    assert story.unsigned_status == 403


@pytest.mark.parametrize("secret", [TOKEN, "ministack-auth-token"])
def test_no_secret_is_written_or_printed_in_clear(story: Story, secret: str) -> None:
    spellings = {
        secret,
        base64.b64encode(secret.encode()).decode(),
        base64.b64encode(f"AWS:{secret}".encode()).decode(),
    }
    for spelling in spellings:
        assert spelling not in story.written
        assert spelling not in story.printed


def test_a_second_deployment_changes_nothing(story: Story) -> None:
    assert story.again.outcome.changes == {}
    assert story.again.look == story.first.look


def test_a_refresh_of_what_nobody_touched_finds_no_change(story: Story) -> None:
    assert (story.untouched.succeeded, story.untouched.changes) == (True, {})


def test_a_better_model_is_a_new_version_that_the_alias_moves_to(story: Story) -> None:
    assert story.better.outcome.errors == []
    assert story.better.look.version > story.again.look.version
    assert story.better.look.predictions == pytest.approx(
        [2 * value for value in story.again.look.predictions], rel=0.2
    )


def test_a_better_model_changes_only_what_serves_it(story: Story) -> None:
    assert story.better.outcome.changes == {
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


def test_the_final_diagnostics_say_why_a_model_is_not_served_and_nothing_else(story: Story) -> None:
    (error,) = story.worse.outcome.errors
    diagnostics = story.worse.outcome.text.partition("Diagnostics:")[2].partition("Outputs:")[0]
    assert error in diagnostics
    assert "Traceback" not in diagnostics


def test_a_model_that_fails_its_golden_check_changes_nothing_for_clients(story: Story) -> None:
    assert story.worse.look == story.better.look


def test_the_next_good_model_is_served_after_a_bad_one(story: Story) -> None:
    assert story.mended.outcome.errors == []
    assert story.mended.look.version == "4"
    assert story.mended.look.predictions == pytest.approx(
        [4 * value for value in story.again.look.predictions], rel=0.2
    )


def test_a_refresh_finds_what_was_changed_behind_the_stacks_back(story: Story) -> None:
    assert story.drift.changes == {
        "wine-function": "update",
        "wine-invoker-role-invoke": "delete",
        "wine-live": "update",
        "wine-logs": "update",
    }


def test_a_deployment_after_a_refresh_puts_right_what_had_drifted(story: Story) -> None:
    assert story.restored.outcome.errors == []
    assert story.restored.look.predictions == story.mended.look.predictions
    assert {"wine-function", "wine-live", "wine-logs"} <= story.restored.outcome.changes.keys()
    assert story.restored.outcome.changes["wine-invoker-role-invoke"] == "create"


def test_nothing_that_happens_moves_the_endpoint(story: Story) -> None:
    steps = (story.first, story.again, story.better, story.worse, story.mended, story.restored)
    assert len({step.look.outputs["endpoint"] for step in steps}) == 1


def test_a_destroyed_stack_leaves_nothing_even_with_images_in_its_repository(story: Story) -> None:
    assert story.image_in_repository == "left-behind"
    assert story.after_destroy == story.before
