"""Does `make check` say what it is about to need, and a run why it skipped what it skipped?"""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests import conftest, needs


def lines_about(name: str) -> list[str]:
    return [line for line in needs.lines() if line.split()[0] == name]


@pytest.mark.parametrize("need", needs.NEEDS, ids=lambda need: need.name)
def test_what_is_missing_is_named_with_what_follows(
    need: needs.Need, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = lines_about(need.name)
    assert need.purpose in line
    assert line.endswith(f"not here: {need.without}")


def test_without_a_docker_engine_its_tests_are_said_to_be_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = lines_about("docker")
    assert line.endswith("not here (docker is not installed): their tests are skipped")


@pytest.mark.skipif(os.name == "nt", reason="fakes programs by shell scripts")
def test_what_is_here_is_shown_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v22.11.0\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = lines_about("node")
    assert line.endswith(" 22.11.0")


def test_skips_are_one_line_a_reason() -> None:
    shown: list[str] = []
    skipped = [
        SimpleNamespace(longrepr=(f"test_{number}.py", number, f"Skipped: {reason}"))
        for number, reason in enumerate(["takes minutes", "no npm", "takes minutes"])
    ]
    terminal = SimpleNamespace(getreports=lambda _: skipped, write_line=shown.append)
    conftest.pytest_terminal_summary(cast("Any", terminal))
    assert shown == ["2 skipped: takes minutes", "1 skipped: no npm"]


def test_the_tests_of_a_group_run_in_one_process(tmp_path: Path) -> None:
    """They share what they started; pytest-xdist has lost their groups before, without a word."""
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n"
        '        item.add_marker(pytest.mark.xdist_group("together"))\n'
    )
    (tmp_path / "test_group.py").write_text(
        "import pytest\n"
        '@pytest.mark.parametrize("number", range(4))\n'
        "def test_part(number, worker_id):\n"
        '    open(worker_id, "a").close()\n'
    )
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "--numprocesses", "2", "--dist", "loadgroup"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    assert len(list(tmp_path.glob("gw*"))) == 1
    groups = conftest.pytest_collection_modifyitems
    assert cast("Any", groups).pytest_impl["tryfirst"], "and so do those of this project"
