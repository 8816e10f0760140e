"""Do the examples in other languages deploy, and deploy what the same program in Python would?

The YAML program runs under Pulumi's own YAML language host, the TypeScript one under Pulumi's own Node.js SDK, inside a
process that drives the engine: see `inline.ts`. The component package is a plugin on the PATH, so the examples'
`packages`, which would have the engine install it from its folder, are left out.
"""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
import yaml

from components import MLInferenceFunction
from local import caller
from local.cloud import Cloud
from tests.engine.conftest import ENGINE, REPOSITORY
from tests.engine.endpoint import REGION
from tests.engine.inventory import inventory
from tests.engine.stack import Engine, Outcome, Stack
from tests.reuse import typescript_example
from tests.reuse.conftest import copy_of_the_model

pytestmark = pytest.mark.slow

GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())
MODEL = str(REPOSITORY / "model" / "wine_quality.ubj")
STEPS = {
    "preview": ["preview"],
    "up": ["up", "--yes", "--skip-preview"],
    "again": ["up", "--yes", "--skip-preview", "--expect-no-changes"],
    "destroy": ["destroy", "--yes", "--skip-preview"],
}


def yaml_in_python() -> None:
    """What the YAML example says, in Python."""
    on_call = aws.sns.Topic("onCall")
    wine = MLInferenceFunction(
        "wine",
        {
            "model_path": MODEL,
            "architecture": "arm64",
            "memory_mb": 512,
            "alarms": {"topic_arn": on_call.arn, "p99_duration_ms": 250},
            "cors": {"allow_origins": ["https://cellar.example"], "allow_methods": ["POST"]},
            "tags": {"team": "cellar"},
        },
    )
    pulumi.export("endpoint", wine.endpoint)
    pulumi.export("clientPolicyJson", wine.client_policy_json)
    pulumi.export("modelSummary", wine.model_summary)


def typescript_in_python() -> None:
    """What the TypeScript example says, in Python."""
    wine = MLInferenceFunction(
        "wine",
        {
            "model_path": MODEL,
            "architecture": "arm64",
            "memory_mb": 512,
            "alarms": {"p99_duration_ms": 250},
            "tags": {"team": "cellar", "stack": pulumi.get_stack()},
        },
    )
    pulumi.export("endpoint", wine.endpoint)
    pulumi.export("clientPolicyJson", wine.client_policy_json)
    pulumi.export("modelVersion", wine.model_version)


def yaml_beside_its_model(folder: Path) -> Path:
    """The YAML example, copied to where nothing of this repository but the model is beside it."""
    copy_of_the_model(folder)
    return shutil.copytree(REPOSITORY / "examples" / "yaml", folder / "examples" / "yaml")


def typescript_beside_its_model(folder: Path) -> Path:
    """The same for the TypeScript example, compiled together with its driver."""
    program = typescript_example.copied(folder)
    shutil.copy(Path(__file__).with_name("inline.ts"), program)
    assert typescript_example.compiled(program, "index.ts", "inline.ts") == ""
    return program


@dataclass(frozen=True)
class Example:
    """An example and how it is run.

    Attributes:
        in_python: The same program in Python.
        copied: Copies it below a folder; returns its own.
        command: What carries out a step on a stack, in the example's folder.
    """

    in_python: Callable[[], None]
    copied: Callable[[Path], Path]
    command: Callable[[str, str], list[str]]


EXAMPLES = {
    "yaml": Example(
        yaml_in_python,
        yaml_beside_its_model,
        lambda stack, step: [str(ENGINE / "bin" / "pulumi"), *STEPS[step], "--stack", stack, "--color", "never"],
    ),
    "typescript": Example(
        typescript_in_python,
        typescript_beside_its_model,
        lambda stack, step: ["node", "--preserve-symlinks", "inline.js", str(ENGINE), stack, step],
    ),
}


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        printed: What the commands printed on the example.
        outputs: The outputs of the stack that it made.
        predictions: What its endpoint answers to the golden records.
        in_python: What the same program in Python would change.
        left: What was there before, and after its end.
    """

    printed: dict[str, str]
    outputs: dict[str, Any]
    predictions: list[float]
    in_python: Outcome
    left: tuple[set[str], set[str]]


@pytest.fixture(
    scope="module",
    params=[
        "yaml",
        pytest.param(
            "typescript", marks=pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js with npm")
        ),
    ],
)
def story(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    with_component_package: Engine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    example, engine, before = EXAMPLES[request.param], with_component_package, inventory(cloud)
    environment = {**os.environ, **engine.environment}
    folder = example.copied(tmp_path_factory.mktemp("repository"))
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    del project["packages"]
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project, sort_keys=False))
    stack = Stack(engine, project["name"], "dev", example.in_python, {"aws:region": REGION})
    shutil.copyfile(stack.folder / "Pulumi.dev.yaml", folder / "Pulumi.dev.yaml")

    def run(step: str) -> str:
        with contextlib.chdir(folder):  # where the attached Docker plugin looks for the build context
            command = example.command(stack.name, step)
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    printed = {step: run(step) for step in ("preview", "up", "again")}
    outputs, role = stack.outputs(), stack.values("wine-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    client = caller.Endpoint(outputs["endpoint"], cloud.port, cloud.region)
    predictions = client.post(json.dumps(GOLDEN["records"]).encode(), invoker).json()
    same = stack.preview()
    run("destroy")
    return Story(printed, outputs, predictions, same, (before, inventory(cloud)))


def test_the_example_deploys_what_its_preview_said_and_stays_so(story: Story) -> None:
    assert "error:" not in "".join(story.printed.values())
    (planned,) = (line for line in story.printed["preview"].splitlines() if "to create" in line)
    (created,) = (line for line in story.printed["up"].splitlines() if line.endswith("created") and "+ " in line[:8])
    assert planned.split()[1] == created.split()[1]


def test_its_endpoint_answers_as_the_model_does(story: Story) -> None:
    assert story.predictions == pytest.approx(GOLDEN["predictions"], abs=GOLDEN["tolerance"])


def test_its_outputs_tell_which_model_it_is(story: Story) -> None:
    assert GOLDEN["model_sha256"][:12] in json.dumps(story.outputs)


def test_the_same_program_in_python_would_change_nothing(story: Story) -> None:
    assert (story.in_python.errors, story.in_python.changes) == ([], {})
    assert len(story.in_python.steps) > 15


def test_nothing_is_left_after_its_end(story: Story) -> None:
    before, after = story.left
    assert after == before
