"""Which engine do the tests get: the one on the PATH, or one built from its pinned sources?"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TOOLS = ("pulumi", "pulumi-language-yaml")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the script in a folder of its own, with programs on the PATH that answer one line to whatever is asked."""
    if os.name != "posix":
        pytest.skip("a shell script")
    (tmp_path / "pulumi-engine").symlink_to(REPOSITORY / "pulumi-engine", target_is_directory=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    for needed in ("sh", "sed", "sort", "head", "ln", "mkdir", "rm"):
        (programs / needed).symlink_to(str(shutil.which(needed)))

    def ran(**answers: str) -> subprocess.CompletedProcess[str]:
        for program, answer in answers.items():
            script = programs / program.replace("_", "-")
            script.write_text(f"#!/bin/sh\necho {answer}\n")
            script.chmod(0o755)
        return subprocess.run(
            [REPOSITORY / "scripts" / "engine"],
            cwd=tmp_path,
            env={"PATH": str(programs)},
            capture_output=True,
            text=True,
            check=False,
        )

    return ran


@pytest.mark.parametrize("version", ["v3.274.0", "v3.274.1", "v3.1000.0", "v4.0.0"])
def test_an_engine_on_the_path_that_is_new_enough_is_taken(run: Run, tmp_path: Path, version: str) -> None:
    ended = run(pulumi=version, pulumi_language_yaml="")
    assert ended.returncode == 0, ended.stderr
    for tool in TOOLS:
        assert (tmp_path / ".cache/engine/bin" / tool).resolve() == tmp_path / "programs" / tool


@pytest.mark.parametrize("answers", [{}, {"pulumi": "v3.99.0"}, {"pulumi": "", "go": "go1.19.8"}, {"go": "go1.9"}])
def test_without_an_engine_and_without_go_it_says_what_to_install(run: Run, answers: dict[str, str]) -> None:
    ended = run(**answers)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    found = answers.get("go", "none")
    assert re.match(rf"engine: building pulumi needs Go [\d.]+ or newer, found {found} on the PATH", line)
    assert "Install Go (https://go.dev/doc/install)" in line
    assert "Pulumi 3.274.0 or newer" in line


def test_a_host_that_is_missing_beside_the_engine_on_the_path_is_built(run: Run) -> None:
    ended = run(pulumi="v3.274.1", go="go1.27.0")
    assert ended.returncode == 0, ended.stderr
    assert "building pulumi-language-yaml" in ended.stderr
    assert "building pulumi " not in ended.stderr
