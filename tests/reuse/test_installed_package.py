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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "complaint"),
    [(("", ""), None), (('"memory_mb"', '"memory"'), 'Extra key "memory"'), (("512", '"512"'), 'expected "int"')],
)
def test_a_type_checker_sees_the_arguments(
    example: Callable[[str], Program], python_with_component: Path, change: tuple[str, str], complaint: str | None
) -> None:
    program = example("python")
    source = program.folder / "__main__.py"
    source.write_text(source.read_text().replace(*change))
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(python_with_component), source.name]
    checked = subprocess.run(command, cwd=program.folder, capture_output=True, text=True, check=False)
    assert (complaint or "Success") in checked.stdout
