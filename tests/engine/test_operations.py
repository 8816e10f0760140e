"""What operators do to a stack besides deploying: wiring, import, targets, protection, another name, another place.

One stack goes through all of it once; each test looks at what was noted down on the way.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random
import pytest

from components import MLInferenceFunction
from local import caller
from local.cloud import Cloud
from tests.engine import small_model
from tests.engine.endpoint import PROJECT, REGION
from tests.engine.inventory import inventory
from tests.engine.stack import Engine, Outcome, Resource, Stack

pytestmark = pytest.mark.slow

NEW_IMAGE = {"build": "replace", "image": "update", "function": "update", "golden-check": "replace", "live": "update"}


class Service(pulumi.ComponentResource):
    """Somebody's own component, with the endpoint inside; the endpoint stood by itself before."""

    def __init__(self, name: str, endpoint_name: str, arguments: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("shop:index:Service", name)
        place = pulumi.ResourceOptions(parent=self, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)])
        within = pulumi.ResourceOptions.merge(opts, place)
        self.endpoint = MLInferenceFunction(endpoint_name, arguments, within).endpoint  # type: ignore[arg-type]
        self.register_outputs({"endpoint": self.endpoint})


@dataclass
class Program:
    """A program whose region, key and network are outputs of a resource of its own.

    Attributes:
        arguments: The component's further ones.
        name: The component's name.
        former_name: What it was called before.
        protect: Whether it is protected.
        inside: Whether it stands in `Service`.
    """

    arguments: dict[str, Any]
    name: str = "wine"
    former_name: str = ""
    protect: bool | None = None
    inside: bool = False

    def __call__(self) -> None:
        """Declare everything."""
        made = random.RandomId("network", byte_length=4).hex
        wired = {
            "kms_key_arn": made.apply(lambda number: f"arn:aws:kms:{REGION}:000000000000:key/{number}"),
            "vpc": {
                "subnet_ids": [made.apply(lambda number: f"subnet-{number}")],
                "security_group_ids": [made.apply(lambda number: f"sg-{number}")],
            },
        }
        opts = pulumi.ResourceOptions(
            provider=aws.Provider("elsewhere", region=made.apply(lambda _: REGION)),
            protect=self.protect,
            aliases=[pulumi.Alias(name=self.former_name)] if self.former_name else None,
        )
        arguments = {**self.arguments, **wired}
        if self.inside:
            pulumi.export("endpoint", Service("shop", self.name, arguments, opts).endpoint)
        else:
            pulumi.export("endpoint", MLInferenceFunction(self.name, arguments, opts).endpoint)  # type: ignore[arg-type]


@dataclass
class Story:
    """What happened.

    Attributes:
        preview: The first one, with its differences.
        steps: What each command did, in order.
        addresses: The stack's output `endpoint` after each.
        forgotten: What the stack knew after an empty state was imported.
        refused: What was there before and after a destruction that is refused.
        same: Physical names of repository, log group and function, before and after the component got a new name.
        lifecycle: The repository's policy after that.
        answers: What the endpoint said at last, and what the model says.
        left: What was there before the stack, and after its end.
    """

    preview: Outcome
    steps: dict[str, Outcome] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    forgotten: list[Resource] = field(default_factory=list)
    refused: tuple[set[str], set[str]] = (set(), set())
    same: tuple[list[str], list[str]] = ([], [])
    lifecycle: str = ""
    answers: tuple[list[float], list[float]] = ([], [])
    left: tuple[set[str], set[str]] = (set(), set())


@pytest.fixture(scope="module")
def story(cloud: Cloud, engine: Engine, good_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder, before = tmp_path_factory.mktemp("operations"), inventory(cloud)
    program = Program({"model_path": str(good_model)})
    stack = Stack(engine, PROJECT, "operations", program, {"aws:region": REGION})
    story = Story(stack.preview(diff=True))

    def done(step: str, outcome: Outcome) -> None:
        story.steps[step], story.addresses[step] = outcome, stack.outputs()["endpoint"]

    done("first", stack.up())
    done("again", stack.up())
    story.forgotten = forget_and_remember(stack, folder)
    done("imported", stack.up())

    other = small_model.train(folder / "other", slope=3)
    program.arguments |= {"model_path": str(other), "memory_mb": 2048, "log_retention_days": 7}
    unproved = [stack.resource(f"wine-{child}").urn for child in ("logs", "function", "live")]
    done("targeted", stack.up(target=unproved))
    done("untargeted", stack.up())

    program.protect = True
    better = small_model.train(folder / "better", slope=2)
    program.arguments |= {"model_path": str(better), "image_retention": 20}
    done("protected", stack.up())
    there = inventory(cloud)
    done("destroyed while protected", stack.destroy())
    story.refused = there, inventory(cloud)
    program.protect = None
    done("unprotected", stack.up())

    old = physical_names(stack, "wine")
    program.name, program.former_name = "claret", "wine"
    done("renamed", stack.up())
    story.same = old, physical_names(stack, "claret")
    story.lifecycle = cloud.ecr.get_lifecycle_policy(repositoryName=old[0])["lifecyclePolicyText"]
    program.former_name, program.inside = "", True
    done("moved", stack.up())
    story.answers = answer(cloud, stack), small_model.predictions(better)

    outcome = stack.destroy()
    assert outcome.succeeded, outcome.text
    story.left = before, inventory(cloud)
    return story


def forget_and_remember(stack: Stack, folder: Path) -> list[Resource]:
    """Export the state, import an empty one and then what was exported; returns what was known in between."""
    exported, empty = folder / "exported.json", folder / "empty.json"
    exported.write_text(stack.command("stack", "export"))
    state = json.loads(exported.read_text())
    del state["deployment"]["resources"]
    empty.write_text(json.dumps(state))
    stack.command("stack", "import", "--file", str(empty))
    known = stack.state
    stack.command("stack", "import", "--file", str(exported))
    return known


def physical_names(stack: Stack, component: str) -> list[str]:
    return [stack.values(f"{component}-{child}")["name"] for child in ("repository", "logs", "function")]


def answer(cloud: Cloud, stack: Stack) -> list[float]:
    role = stack.values("claret-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    client = caller.Endpoint(stack.outputs()["endpoint"], cloud.port, cloud.region)
    predictions: list[float] = client.post(json.dumps(small_model.RECORDS).encode(), invoker).json()
    return predictions


def test_a_preview_knows_no_region_key_or_network_that_is_still_to_be_made_and_invents_none(story: Story) -> None:
    assert (story.preview.succeeded, story.preview.errors) == (True, [])
    assert "None" not in story.preview.text
    assert story.preview.steps == story.steps["first"].steps


@pytest.mark.parametrize("step", ["first", "again", "imported", "targeted", "untargeted", "protected", "unprotected"])
def test_every_step_succeeds(story: Story, step: str) -> None:
    assert (story.steps[step].succeeded, story.steps[step].errors) == (True, [])


def test_what_is_wired_to_other_resources_does_not_change_by_itself(story: Story) -> None:
    assert story.steps["again"].changes == {}


def test_a_stack_goes_on_from_a_state_that_was_exported_and_imported(story: Story) -> None:
    assert story.forgotten == []
    assert story.steps["imported"].changes == {}


def test_targets_change_alone_without_the_alias_moving_unproved_and_the_next_deployment_does_the_rest(
    story: Story,
) -> None:
    assert story.steps["targeted"].changes == {"wine-logs": "update", "wine-function": "update"}
    assert story.steps["untargeted"].changes == {f"wine-{child}": step for child, step in NEW_IMAGE.items()}


def test_a_protected_endpoint_takes_new_models_and_settings(story: Story) -> None:
    changed = {f"wine-{child}": step for child, step in NEW_IMAGE.items()}
    assert story.steps["protected"].changes == {**changed, "wine-lifecycle": "replace"}


def test_a_protected_endpoint_is_not_destroyed_and_every_grant_stays(story: Story) -> None:
    refused = story.steps["destroyed while protected"]
    assert not refused.succeeded
    assert any("cannot be deleted\nbecause it is protected" in error for error in refused.errors)
    before, after = story.refused
    assert after == before
    assert story.steps["unprotected"].changes == {"wine-lifecycle": "create"}


def test_a_component_with_a_new_name_and_an_alias_keeps_all_that_cannot_be_made_again(story: Story) -> None:
    """The image says what the component is called, so it is built again; the old build and check go."""
    assert story.steps["renamed"].errors == []
    before, after = story.same
    assert before == after
    changed = {f"claret-{child}": step for child, step in NEW_IMAGE.items()}
    gone = {"wine-build": "replace", "wine-golden-check": "replace"}
    assert story.steps["renamed"].changes == {**changed, **gone}
    assert json.loads(story.lifecycle)["rules"][0]["selection"]["countNumber"] == 20


def test_a_component_that_moves_into_another_one_stays_as_it_is(story: Story) -> None:
    assert (story.steps["moved"].errors, story.steps["moved"].changes) == ([], {})
    predictions, expected = story.answers
    assert predictions == pytest.approx(expected, abs=1e-6)


def test_no_operation_moves_the_endpoint(story: Story) -> None:
    assert len(set(story.addresses.values())) == 1


def test_nothing_is_left_after_all_that(story: Story) -> None:
    before, after = story.left
    assert after == before
