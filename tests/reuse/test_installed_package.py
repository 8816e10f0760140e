"""Does the distribution, installed somewhere else, hold all that a foreign program needs?"""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from components import staging
from tests.reuse.conftest import MODEL, REPOSITORY, Program

PACKAGE = "pulumi_ml_inference"


def test_the_wheel_takes_no_name_but_its_own(wheel: Path) -> None:
    names = {Path(name).parts[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {PACKAGE}


def test_the_wheel_holds_the_handler_and_the_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    handler = {file.name for file in (REPOSITORY / "function").glob("*.py")} | {"Dockerfile", "requirements.txt"}
    assert {f"{PACKAGE}/function/{name}" for name in handler} <= names
    assert f"{PACKAGE}/py.typed" in names


def test_the_engine_is_told_that_no_plugin_belongs_to_the_distribution(wheel: Path) -> None:
    declared = json.loads(zipfile.ZipFile(wheel).read(f"{PACKAGE}/pulumi-plugin.json"))
    assert declared == {"resource": False}, "else `pulumi up` looks for a plugin of the distribution's name"


def test_the_installed_handler_is_staged_as_the_one_of_the_repository(
    example: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = example("python")
    context = program.up().one("docker:index/image:Image").inputs["build"]["context"]
    monkeypatch.chdir(program.folder.parents[1])
    ours = staging.stage("wine", REPOSITORY / MODEL).path

    def contents(folder: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in folder.iterdir()}

    assert contents(program.folder / context) == contents(ours)
    assert Path(context) == ours, "the content decides the name"


#: The providers' packages are large and not what is checked here.
CHECKER = """
[mypy]
strict = true
[mypy-pulumi_aws.*,pulumi_docker.*,pulumi_random.*]
follow_imports = skip
"""
PROGRAM = "from pulumi_ml_inference import MLInferenceFunction\nMLInferenceFunction('wine', {ARGUMENTS})\n"


@pytest.mark.slow
def test_a_type_checker_sees_the_arguments(python_with_component: Path, tmp_path: Path) -> None:
    programs = {
        "right": ("{'model_path': 'a.ubj', 'memory_mb': 512, 'alarms': {'p99_duration_ms': 5}}", None),
        "misspelt": ("{'model_path': 'a.ubj', 'memory': 512}", 'Extra key "memory"'),
        "of_another_type": ("{'model_path': 'a.ubj', 'memory_mb': '512'}", '"memory_mb" has type "int"'),
        "nested": ("{'model_path': 'a.ubj', 'alarms': {'p99': 5}}", 'Extra key "p99"'),
    }
    (tmp_path / "mypy.ini").write_text(CHECKER)
    for name, (arguments, _) in programs.items():
        (tmp_path / f"{name}.py").write_text(PROGRAM.replace("{ARGUMENTS}", arguments))
    command = [sys.executable, "-m", "mypy", "--python-executable", str(python_with_component)]
    sources = [f"{name}.py" for name in programs]
    checked = subprocess.run([*command, *sources], cwd=tmp_path, capture_output=True, text=True, check=False)
    complaints = [line for line in checked.stdout.splitlines() if "error" in line]
    for name, (_, complaint) in programs.items():
        own = [line for line in complaints if line.startswith(f"{name}.py")]
        assert len(own) == (complaint is not None), checked.stdout
        assert all(str(complaint) in line for line in own), checked.stdout
