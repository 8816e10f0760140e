"""Do the examples in other languages deploy, and deploy what the same program in Python would?

The YAML program runs under Pulumi's own YAML language host. The component package is a plugin on the PATH, so the
example's `packages`, which would have the engine install it from its folder, are left out.
"""

import contextlib
import json
import os
import shutil
import stat
import sys
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
from tests.engine.conftest import REPOSITORY
from tests.engine.endpoint import REGION
from tests.engine.inventory import inventory
from tests.engine.stack import Engine, Outcome, Stack

pytestmark = pytest.mark.slow

EXAMPLE = yaml.safe_load((REPOSITORY / "examples" / "yaml" / "Pulumi.yaml").read_text())
GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())


def in_python() -> None:
    """What the example says, in Python."""
    on_call = aws.sns.Topic("onCall")
    wine = MLInferenceFunction(
        "wine",
        {
            "model_path": str(REPOSITORY / "model" / "wine_quality.ubj"),
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


@dataclass(frozen=True)
class Story:
    """What happened.

    Attributes:
        printed: What the commands printed on the YAML program.
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


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example beside a copy of the model, with nothing else of this repository."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "model").mkdir()
    for name in ("wine_quality.ubj", "golden.json"):
        shutil.copyfile(REPOSITORY / "model" / name, folder / "model" / name)
    example = folder / "examples" / "yaml"
    example.mkdir(parents=True)
    without_packages = {key: value for key, value in EXAMPLE.items() if key != "packages"}
    (example / "Pulumi.yaml").write_text(yaml.safe_dump(without_packages, sort_keys=False))
    return example


@pytest.fixture(scope="module")
def with_component_package(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an engine that finds the component package on its PATH."""
    folder = tmp_path_factory.mktemp("plugins")
    plugin = folder / "pulumi-resource-ml-inference"
    plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{REPOSITORY / "components"}" "$@"\n')
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    return {**engine.environment, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}


@pytest.fixture(scope="module")
def story(cloud: Cloud, engine: Engine, project: Path, with_component_package: dict[str, str]) -> Story:
    before = inventory(cloud)
    stack = Stack(engine, EXAMPLE["name"], "dev", in_python, {"aws:region": REGION})
    shutil.copyfile(stack.folder / "Pulumi.dev.yaml", project / "Pulumi.dev.yaml")

    def run(*arguments: str) -> str:
        command = [*arguments, "--stack", stack.name, "--color", "never"]
        with contextlib.chdir(project):  # where the attached Docker plugin looks for the build context
            return engine.command.run(command, str(project), with_component_package).stdout

    printed = {
        "preview": run("preview"),
        "up": run("up", "--yes", "--skip-preview"),
        "again": run("up", "--yes", "--skip-preview", "--expect-no-changes"),
    }
    outputs, role = stack.outputs(), stack.values("wine-invoker-role")["arn"]
    invoker = caller.assume(cloud, caller.create_user(cloud, role), role)
    client = caller.Endpoint(outputs["endpoint"], cloud.port, cloud.region)
    predictions = client.post(json.dumps(GOLDEN["records"]).encode(), invoker).json()
    same = stack.preview()
    run("destroy", "--yes", "--skip-preview")
    return Story(printed, outputs, predictions, same, (before, inventory(cloud)))


def test_the_yaml_example_deploys_what_its_preview_said_and_stays_so(story: Story) -> None:
    assert "error:" not in "".join(story.printed.values())
    (planned,) = (line for line in story.printed["preview"].splitlines() if "to create" in line)
    (created,) = (line for line in story.printed["up"].splitlines() if line.endswith("created") and "+ " in line[:8])
    assert planned.split()[1] == created.split()[1]


def test_its_endpoint_answers_as_the_model_does(story: Story) -> None:
    assert story.predictions == pytest.approx(GOLDEN["predictions"], abs=GOLDEN["tolerance"])
    assert story.outputs["modelSummary"]["sha256"] == GOLDEN["model_sha256"]


def test_the_same_program_in_python_would_change_nothing(story: Story) -> None:
    assert (story.in_python.errors, story.in_python.changes) == ([], {})
    assert len(story.in_python.steps) > 15


def test_nothing_is_left_after_its_end(story: Story) -> None:
    before, after = story.left
    assert after == before
