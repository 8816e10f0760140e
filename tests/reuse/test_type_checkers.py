"""Do mypy and pyright, both strict, take every valid program, and find what is wrong in others?"""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import components.testing  # noqa: F401 - the programs find it under the distribution's name
from tests.reuse.conftest import REPOSITORY

PROGRAM = (
    "import pulumi\nfrom pulumi_ml_inference import MLInferenceFunction\nMLInferenceFunction('wine', {ARGUMENTS})\n"
)
#: Arguments that are wrong, and what the checkers say of them.
WRONG = {
    "misspelt": ("{'model_path': 'a.ubj', 'memory': 512}", 'Extra key "memory"', '"memory" is an undefined item'),
    "nested": (
        "{'model_path': 'a.ubj', 'alarms': {'p99': 5}}",
        '"alarms" has type "AlarmsArgs | None"',
        'is not assignable to "AlarmsArgs"',
    ),
    "of_another_type": (
        "{'model_path': 'a.ubj', 'memory_mb': '512'}",
        '"memory_mb" has type "int | None"',
        'is not assignable to "int"',
    ),
    "output_too_early": (
        "{'model_path': 'a.ubj', 'memory_mb': pulumi.Output.from_input(512)}",
        '"memory_mb" has type "int | None"',
        'is not assignable to "int"',
    ),
}
#: Pulumi's Docker provider has no types; nothing of it is seen from outside.
MYPY = "[mypy]\nstrict = true\npython_version = 3.11\n[mypy-pulumi_docker.*]\nignore_missing_imports = true\n"
Checker = Callable[[Path, list[str]], dict[str, list[str]]]


def mypy(python: Path, sources: list[str]) -> dict[str, list[str]]:
    """Errors by file. The project's own cache spares the providers' packages, two million lines, a second look."""
    options = ["--python-executable", str(python), "--cache-dir", str(REPOSITORY / ".mypy_cache"), "--no-pretty"]
    command = [sys.executable, "-m", "mypy", "--explicit-package-bases", *options, *sources]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    errors: dict[str, list[str]] = {}
    for file, message in re.findall(r"^(\S+\.py):\d+: error: (.*)$", checked.stdout, flags=re.MULTILINE):
        errors.setdefault(Path(file).as_posix(), []).append(message)
    assert bool(errors) == bool(checked.returncode), checked.stdout + checked.stderr
    return errors


def pyright(python: Path, sources: list[str]) -> dict[str, list[str]]:
    """Errors and warnings by file; its wheel holds the checker itself, and runs it with the machine's Node."""
    if shutil.which("node") is None:
        pytest.skip("node is not on PATH")
    Path("pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "include": sources}))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", str(python)]
    checked = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
    )
    found = json.loads(checked.stdout)
    assert found["summary"]["filesAnalyzed"] == len(sources), checked.stdout
    errors: dict[str, list[str]] = {}
    for error in found["generalDiagnostics"]:
        errors.setdefault(Path(error["file"]).relative_to(Path.cwd()).as_posix(), []).append(error["message"])
    return errors


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
@pytest.mark.parametrize("installed", ["wheel", "editable"])
def test_valid_programs_are_taken_and_others_found(
    installed: str,
    checker: Checker,
    python_with_component: Path,
    python_with_editable_component: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(REPOSITORY / "examples", "examples", ignore=shutil.ignore_patterns(".build", "node_modules"))
    shutil.copytree(REPOSITORY / "template", "template")
    shutil.copyfile(Path(__file__).with_name("valid_programs.py"), "valid_programs.py")
    # The project's own program, as it is written where the component is installed.
    ours = (REPOSITORY / "__main__.py").read_text()
    Path("ours.py").write_text(ours.replace("from components import", "from pulumi_ml_inference import"))
    for name, (arguments, *_) in WRONG.items():
        Path(f"{name}.py").write_text(PROGRAM.replace("{ARGUMENTS}", arguments))
    Path("mypy.ini").write_text(MYPY)

    python = python_with_component if installed == "wheel" else python_with_editable_component[0]
    sources = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*.py"))]
    assert "examples/python/test_program.py" in sources
    assert not [source for source in sources if re.search("type: ignore|pyright:", Path(source).read_text())]
    errors = checker(python, sources)
    for name, complaints in WRONG.items():
        own = errors.pop(f"{name}.py", [])
        assert any(complaints[1 + (checker is pyright)] in error for error in own), own
    assert not errors


def valid_programs() -> dict[str, Any]:
    """The programs, with the component under the name that this repository has for it."""
    names = {"pulumi_ml_inference": "components", "pulumi_ml_inference.testing": "components.testing"}
    sys.modules.update({name: sys.modules[ours] for name, ours in names.items()})
    try:
        return runpy.run_path(str(Path(__file__).with_name("valid_programs.py")))
    finally:
        for name in names:
            del sys.modules[name]


VALID = valid_programs()
PROGRAMS: list[Callable[[], object]] = VALID["PROGRAMS"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_component_takes_what_the_checkers_take(
    program: Callable[[], object], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert VALID["deployed"](program).all("docker:index/image:Image")


def test_no_valid_program_is_forgotten() -> None:
    source = Path(__file__).with_name("valid_programs.py").read_text()
    declared = set(re.findall(r"^def ([a-z]\w+)\(", source, flags=re.MULTILINE)) - {"deployed"}
    assert {program.__name__ for program in PROGRAMS} == declared
