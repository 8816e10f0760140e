"""Does `pulumi new` make a project that deploys a model of one's own?"""

import os
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

TEMPLATE = REPOSITORY / "template"
PATH = os.pathsep.join([os.environ["PATH"], str(REPOSITORY / ".cache" / "engine" / "bin")])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the genuine CLI makes of the template, with answers given to what it asks."""
    pulumi = shutil.which("pulumi", path=PATH)
    if pulumi is None or os.name != "posix":
        pytest.skip("no Pulumi CLI: `make engine` builds it")
    programs, folder = tmp_path / "programs", tmp_path / "churn"
    for made in (programs, folder, tmp_path / "state"):
        made.mkdir()
    host = programs / "pulumi-language-python"
    host.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("language_host.py")}"\n')
    host.chmod(0o755)
    answers = ["--config", "modelPath=churn.ubj", "--config", "aws:region=eu-north-1"]
    subprocess.run(
        [pulumi, "new", str(TEMPLATE), "--yes", "--name", "churn", "--stack", "dev", *answers],
        cwd=folder,
        env={
            "PATH": f"{programs}{os.pathsep}{PATH}",
            "HOME": str(tmp_path),
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "of a test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        },
        check=True,
        capture_output=True,
    )
    return folder


def test_it_asks_for_model_and_region_and_nothing_else() -> None:
    template: dict[str, Any] = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text())["template"]
    assert template["config"].keys() == {"modelPath", "aws:region"}
    assert all(asked.keys() == {"description", "default"} for asked in template["config"].values())


def test_the_answers_become_the_stacks_configuration(project: Path) -> None:
    stack = yaml.safe_load((project / "Pulumi.dev.yaml").read_text())["config"]
    assert stack == {"churn:modelPath": "churn.ubj", "aws:region": "eu-north-1"}
    assert yaml.safe_load((project / "Pulumi.yaml").read_text())["name"] == "churn"


def test_the_program_has_ten_lines_and_deploys_the_model_by_its_settings(
    project: Path, host: subprocess.Popen[str], engine: RecordingEngine
) -> None:
    small_model(project / "churn.ubj")
    deployed = Program(project, host, engine).up(modelPath="churn.ubj", memoryMb=2048)
    assert deployed.one("aws:lambda/function:Function").inputs["memorySize"] == 2048
    assert deployed.outputs["endpoint"].startswith("https://")
    assert deployed.outputs["model"]["features"] == ["a", "b"]
    assert len([line for line in (project / "__main__.py").read_text().splitlines() if line]) <= 10


def test_the_project_requires_the_distribution_in_its_present_version() -> None:
    (line,) = (TEMPLATE / "requirements.txt").read_text().splitlines()
    requirement = Requirement(line)
    assert requirement.name == "pulumi-ml-inference"
    assert VERSION in requirement.specifier
