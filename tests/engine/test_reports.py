"""What others met in a real `pulumi up` that no preview and no unit test had shown: does it happen here?

One stack of the class and one of the component package go through it; each test names the public report.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_random as random
import pytest

from components import MLInferenceFunction
from local.cloud import Cloud
from tests.engine import small_model
from tests.engine.conftest import NewStack
from tests.engine.endpoint import PROJECT, REGION, answer
from tests.engine.inventory import inventory
from tests.engine.stack import Engine, Outcome, Stack

pytestmark = pytest.mark.slow

COMPONENT = "ml-inference:index:MLInferenceFunction"
NEW_MODEL = {
    "wine-build": "replace",
    "wine-image": "update",
    "wine-function": "update",
    "wine-golden-check": "replace",
    "wine-live": "update",
}


@dataclass
class Story:
    """What happened.

    Attributes:
        steps: What each command did, in order.
        answers: What the endpoint answers after a step.
        left: What was there before the stack, and after its end.
    """

    steps: dict[str, Outcome] = field(default_factory=dict)
    answers: dict[str, list[float]] = field(default_factory=dict)
    left: tuple[set[str], set[str]] = (set(), set())


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Models with the same golden records and other predictions, as after a training with new data."""
    folder = tmp_path_factory.mktemp("models")
    return [small_model.train(folder / str(slope), slope=slope) for slope in (1, 2, 3)]


@pytest.fixture(scope="module")
def of_class(
    cloud: Cloud, engine: Engine, new_stack: NewStack, models: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Story:
    story, before = Story(), inventory(cloud)
    stack, other = new_stack("reports", model_path=str(models[0])), new_stack("reports-other")

    def program() -> None:
        wine = MLInferenceFunction("wine", stack.arguments)  # type: ignore[arg-type]
        aws.sns.Topic("after", opts=pulumi.ResourceOptions(depends_on=[wine]))

    stack.program = other.program = program
    plan = str(tmp_path_factory.mktemp("plans") / "plan.json")
    story.steps["first"] = stack.up()
    story.steps["refreshed by the program"] = stack.refresh(run_program=True)

    stack.arguments["model_path"] = str(models[1])
    story.steps["planned"] = stack.preview(plan=plan)
    story.steps["by plan"] = stack.up(plan=plan)
    story.answers["by plan"] = answer(cloud, stack)

    stack.arguments["model_path"] = str(models[2])
    (component,) = (resource.urn for resource in stack.state if resource.type == COMPONENT)
    topic = stack.resource("after").urn
    story.steps["another alone"] = stack.up(target=[topic])
    story.steps["the component alone"] = stack.up(target=[component])
    story.answers["the component alone"] = answer(cloud, stack)
    story.steps["with its dependents"] = stack.up(target=[component], target_dependents=True)
    story.answers["with its dependents"] = answer(cloud, stack)

    move = ["state", "move", "--source", stack.name, "--dest", other.name, "--yes", component, topic]
    engine.command.run(move, str(stack.folder), engine.environment)
    story.steps["moved"] = other.up()
    story.steps["end"] = other.destroy(run_program=True)
    story.left = before, inventory(cloud)
    return story


class Packaged(pulumi.ComponentResource):
    """The component, as the engine has the package construct it."""

    def __init__(self, name: str, args: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(COMPONENT, name, args, opts, remote=True)


def more_memory(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Gives the function more than its argument says."""
    if args.type_ != "aws:lambda/function:Function":
        return None
    return pulumi.ResourceTransformResult({**args.props, "memorySize": 3008}, args.opts)


TOKEN = "a-token-of-the-function"


@pytest.fixture(scope="module")
def of_package(cloud: Cloud, with_component_package: Engine, models: list[Path]) -> tuple[Story, int, str]:
    def program() -> None:
        providers = [
            aws.Provider("our-account", region=REGION),
            docker.Provider("our-engine"),
            random.Provider("our-chance"),
            pulumi.ProviderResource("ml-inference", "our-package", {}),
        ]
        args = {"modelPath": str(models[0]), "environment": {"TOKEN": pulumi.Output.secret(TOKEN)}}
        wine = Packaged("wine", args, pulumi.ResourceOptions(providers=providers, transforms=[more_memory]))
        aws.sns.Topic("after", opts=pulumi.ResourceOptions(depends_on=[wine], provider=providers[0]))

    story, before = Story(), inventory(cloud)
    no_defaults = {"pulumi:disable-default-providers": json.dumps(["*"])}
    stack = Stack(with_component_package, PROJECT, "reports-package", program, no_defaults)
    story.steps["preview"] = stack.preview()
    story.steps["first"] = stack.up()
    memory, written = stack.values("wine-function")["memorySize"], stack.state_file.read_text()
    story.steps["again"] = stack.up()
    story.steps["end"] = stack.destroy()
    story.left = before, inventory(cloud)
    return story, memory, written


def test_a_saved_plan_is_deployed_although_the_registrys_token_is_another_one_by_then(
    of_class: Story, models: list[Path]
) -> None:
    """https://github.com/pulumi/pulumi/issues/17546: the plan held the token, so the next one was against it."""
    for outcome in (of_class.steps["planned"], of_class.steps["by plan"]):
        assert (outcome.errors, outcome.changes) == ([], NEW_MODEL)
    assert of_class.answers["by plan"] == pytest.approx(small_model.predictions(models[1]), abs=1e-6)


@pytest.mark.parametrize("step", ["another alone", "the component alone"])
def test_a_deployment_limited_to_something_else_does_not_judge_a_model_that_it_leaves_out(
    of_class: Story, step: str
) -> None:
    """https://github.com/pulumi/pulumi/issues/4032: a component's URN alone means none of its children."""
    assert (of_class.steps[step].errors, of_class.steps[step].changes) == ([], {})
    assert of_class.answers["the component alone"] == of_class.answers["by plan"]


def test_a_component_with_its_dependents_is_deployed_wholly(of_class: Story, models: list[Path]) -> None:
    outcome = of_class.steps["with its dependents"]
    assert (outcome.errors, outcome.changes) == ([], NEW_MODEL)
    assert of_class.answers["with its dependents"] == pytest.approx(small_model.predictions(models[2]), abs=1e-6)


def test_a_refresh_that_runs_the_program_finds_no_change(of_class: Story) -> None:
    """https://github.com/pulumi/pulumi/issues/19858: no program was run where it is inside the process."""
    refreshed = of_class.steps["refreshed by the program"]
    assert (refreshed.succeeded, refreshed.errors, refreshed.changes) == (True, [], {})


def test_a_component_that_was_moved_to_another_stack_stays_as_it_is(of_class: Story) -> None:
    """https://github.com/pulumi/pulumi/issues/21816: it bore traces of where it had been."""
    moved = of_class.steps["moved"]
    assert (moved.succeeded, moved.errors, moved.changes) == (True, [], {})
    assert len(moved.steps) == len(of_class.steps["first"].steps)


def test_what_depends_on_the_component_comes_after_all_of_it_and_goes_first(
    of_class: Story, of_package: tuple[Story, int, str]
) -> None:
    """https://github.com/pulumi/pulumi/issues/7542: it waited for none of the children, or not in every language."""
    for story in (of_class, of_package[0]):
        assert next(reversed(story.steps["first"].steps)) == "after"
    assert next(iter(of_package[0].steps["end"].steps)) == "after"


def test_the_package_makes_do_with_explicit_providers(of_package: tuple[Story, int, str]) -> None:
    """https://github.com/pulumi/pulumi/issues/24423: all but one were lost, and defaults may be forbidden."""
    story, *_ = of_package
    assert [story.steps[step].errors for step in ("preview", "first", "again")] == [[], [], []]
    assert story.steps["first"].steps == story.steps["preview"].steps
    assert story.steps["again"].changes == {}


def test_a_transform_reaches_into_the_package(of_package: tuple[Story, int, str]) -> None:
    """https://github.com/pulumi/pulumi/issues/16750: the older transformations do not."""
    _, memory, _ = of_package
    assert memory == 3008


def test_a_secret_stays_one_in_the_package(of_package: tuple[Story, int, str]) -> None:
    """https://github.com/pulumi/pulumi/issues/10172: it stood in the state in clear."""
    story, _, written = of_package
    assert TOKEN not in written
    assert TOKEN not in "".join(outcome.text for outcome in story.steps.values())


def test_nothing_is_left(of_class: Story, of_package: tuple[Story, int, str]) -> None:
    for story in (of_class, of_package[0]):
        before, after = story.left
        assert after == before
