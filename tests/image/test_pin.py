"""Is the base image pinned by one command, in the stack's own file and nowhere else in it?"""

import sys
from pathlib import Path

import pytest

from image import pin
from local.errors import LocalError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake is a shell script")

DIGEST = "sha256:" + "1" * 64
FILE = """\
# What the team agreed on.
config:
  aws:region: eu-north-1  # near us
  wine:memoryMb: 512
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: wine\nruntime: python\nconfig:\n  baseImage: {type: string, default: base/python:3.13}\n"
    )
    (tmp_path / "Pulumi.dev.yaml").write_text(FILE)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(
        f'#!/bin/sh\necho "$@" >> {folder}/asked\n'
        f'case "$1" in image) echo other/python@sha256:00; echo base/python@{DIGEST} ;; esac\n'
    )
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return tmp_path


def test_the_setting_names_what_the_tag_means_today_and_the_rest_stays(project: Path) -> None:
    assert pin.pin(project, "dev") == f"base/python:3.13@{DIGEST}"
    written = (project / "Pulumi.dev.yaml").read_text()
    line = f"  wine:baseImage: base/python:3.13@{DIGEST}\n"
    assert line in written
    assert written.replace(line, "") == FILE


def test_pinning_again_asks_for_the_tag_again(project: Path) -> None:
    pinned = f"  wine:baseImage: base/python:3.13@sha256:{'2' * 64}\n"
    (project / "Pulumi.dev.yaml").write_text(FILE + pinned)
    pin.pin(project, "dev")
    assert (project / "Pulumi.dev.yaml").read_text() == FILE + pinned.replace("2" * 64, "1" * 64)
    assert "pull --quiet base/python:3.13\n" in (project / "bin" / "asked").read_text()


def test_a_stack_without_file_gets_one(project: Path) -> None:
    (project / "Pulumi.dev.yaml").unlink()
    pin.pin(project, "dev")
    assert (project / "Pulumi.dev.yaml").read_text() == f"config:\n  wine:baseImage: base/python:3.13@{DIGEST}\n"


def test_a_name_without_tag_cannot_be_looked_up(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  wine:baseImage: base/python@{DIGEST}\n")
    with pytest.raises(LocalError, match="names no tag to look up"):
        pin.pin(project, "dev")


def test_a_file_of_another_form_is_left_as_it_is(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: {wine:memoryMb: 512}\n")
    with pytest.raises(LocalError, match=r"set wine:baseImage to .* by hand"):
        pin.pin(project, "dev")
    assert (project / "Pulumi.dev.yaml").read_text() == "config: {wine:memoryMb: 512}\n"
