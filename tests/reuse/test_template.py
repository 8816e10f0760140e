"""Does `pulumi new` make a project that deploys a model of one's own?"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from components.version import VERSION
from tests.components.conftest import small_model
from tests.reuse.conftest import REPOSITORY, Program
from tests.reuse.recording_engine import RecordingEngine

pytestmark = pytest.mark.together("installed component")

TEMPLATE = REPOSITORY / "template"
ANSWERS = {
    "Project name": "churn",
    "Project description": "",  # whoever presses Enter takes the template's
    "Stack name": "dev",
    "AWS region": "eu-north-1",
    "XGBoost model file": "churn.ubj",
}
WHERE_IS_THE_CURSOR = "\x1b[6n"
PATH = os.pathsep.join([os.environ["PATH"], str(REPOSITORY / ".cache" / "engine" / "bin")])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the genuine CLI makes of the template, with answers given to what it asks."""
    pulumi = shutil.which("pulumi", path=PATH)
    if pulumi is None or os.name != "posix":
        pytest.skip("no Pulumi CLI: `make engine` builds it")
    home = tmp_path_factory.mktemp("home")
    programs, folder = home / "programs", home / "churn"
    for made in (programs, folder, home / "state"):
        made.mkdir()
    host = programs / "pulumi-language-python"
    host.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("language_host.py")}"\n')
    host.chmod(0o755)
    environment = {
        "PATH": f"{programs}{os.pathsep}{PATH}",
        "HOME": str(home),
        "PULUMI_HOME": str(home / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "of a test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TERM": "xterm",
    }
    answer([pulumi, "new", str(TEMPLATE)], ANSWERS, folder, environment)
    return folder


def answer(command: list[str], answers: dict[str, str], folder: Path, environment: dict[str, str]) -> None:
    """Run a command in a terminal and give it the answer to each question, in whatever order it asks them.

    Args:
        command: What to run.
        answers: Beginning of each question, and what is typed.
        folder: The working directory.
        environment: The variables.
    """
    ours, theirs = os.openpty()
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown, left = "", dict(answers)
        with contextlib.suppress(OSError):  # what reading says of a terminal that nobody writes to any more
            while new := os.read(ours, 4096).decode(errors="replace"):
                if WHERE_IS_THE_CURSOR in new:
                    os.write(ours, b"\x1b[1;1R")
                shown += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", new)
                for question in [question for question in left if re.search(rf"{question}.*\):\s*$", shown)]:
                    os.write(ours, f"{left.pop(question)}\r".encode())
        assert process.wait() == 0, shown
        assert not left, f"it did not ask for {list(left)}: {shown}"
    os.close(ours)


def test_it_asks_for_model_and_region_and_nothing_else() -> None:
    template: dict[str, Any] = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text())["template"]
    assert template["config"].keys() == {"modelPath", "aws:region"}
    assert all(asked.keys() == {"description", "default"} for asked in template["config"].values())


def test_the_answers_become_the_stacks_configuration(project: Path) -> None:
    stack = yaml.safe_load((project / "Pulumi.dev.yaml").read_text())["config"]
    assert stack == {"churn:modelPath": "churn.ubj", "aws:region": "eu-north-1"}
    assert yaml.safe_load((project / "Pulumi.yaml").read_text())["name"] == "churn"


def test_the_program_has_ten_lines_and_deploys_the_model_by_its_settings(
    project: Path, host: subprocess.Popen[str], served_engine: RecordingEngine
) -> None:
    small_model(project / "churn.ubj")
    deployed = Program(project, host, served_engine).up(modelPath="churn.ubj", memoryMb=2048)
    assert deployed.one("aws:lambda/function:Function").inputs["memorySize"] == 2048
    assert deployed.outputs["endpoint"].startswith("https://")
    assert deployed.outputs["model"]["features"] == ["a", "b"]
    assert len([line for line in (project / "__main__.py").read_text().splitlines() if line]) <= 10


def test_the_project_requires_the_distribution_in_its_present_version() -> None:
    (line,) = (TEMPLATE / "requirements.txt").read_text().splitlines()
    requirement = Requirement(line)
    assert requirement.name == "pulumi-ml-inference"
    assert VERSION in requirement.specifier
