"""Does `make check` say what it is about to need, and a run why it skipped what it skipped?"""

import os
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
