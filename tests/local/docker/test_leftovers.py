"""Nothing stays with the engine but the last build's layers, however a run ended, and nothing of others is touched."""

import os
import socket
import sys
from pathlib import Path

import pytest

from local.docker import confinement, leftovers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake is a shell script")

DEAD = 2**22 + 1
"""A process id that Linux never gives."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that writes down what it is asked; what it has is in the files `images` and `containers`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(
        f'#!/bin/sh\ncd {folder}\necho "$@" >> asked\n'
        'case "$1 $2" in "image ls") cat images ;; "ps --all") cat containers ;; esac\n'
    )
    (folder / "docker").chmod(0o755)
    for name in ("images", "containers", "asked"):
        (folder / name).write_text("")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def removed(engine: Path) -> list[str]:
    asked = (engine / "asked").read_text().splitlines()
    return [line.rpartition(" ")[2] for line in asked if line.startswith(("image rm", "rm "))]


def test_what_was_made_for_the_emulator_is_taken_away(engine: Path) -> None:
    (engine / "images").write_text("localhost:45087/wine:1\nlocalhost:4508/wine:1\nml-inference-local:latest\n")
    (engine / "containers").write_text("0a1b\n")
    leftovers.release(45087)
    assert removed(engine) == ["0a1b", "localhost:45087/wine:1"]
    assert f"tag localhost:45087/wine:1 {leftovers.KEPT}" in (engine / "asked").read_text()


def test_only_images_with_our_label_are_looked_at(engine: Path) -> None:
    leftovers.release(45087)
    leftovers.sweep()
    listed = [line for line in (engine / "asked").read_text().splitlines() if line.startswith("image ls")]
    assert listed
    assert all(f"--filter=label={leftovers.LABEL}" in line for line in listed)


def test_the_next_run_takes_away_what_a_killed_one_left(engine: Path) -> None:
    with socket.socket() as emulator:
        emulator.bind(("127.0.0.1", 0))
        emulator.listen()
        alive = f"localhost:{emulator.getsockname()[1]}/wine:1"
        (engine / "images").write_text(f"localhost:1/wine:1\n{alive}\n")
        leftovers.sweep()
    assert removed(engine) == ["localhost:1/wine:1"]


@pytest.mark.usefixtures("engine")
def test_files_for_the_clients_of_a_killed_run_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    leftovers.client_files(1).mkdir(parents=True)
    (tmp_path / ".build" / "serve-me").mkdir()
    leftovers.sweep()
    assert [path.name for path in (tmp_path / ".build").iterdir()] == ["serve-me"]


def test_without_docker_there_is_nothing_to_take_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    leftovers.release(45087)
    leftovers.sweep()


@pytest.mark.parametrize(("owner", "gone"), [(DEAD, True), (os.getpid(), False)], ids=["dead", "alive"])
def test_a_container_goes_when_its_owner_is_gone(engine: Path, owner: int, gone: bool) -> None:
    (engine / "containers").write_text(f"{owner}\n")
    leftovers.sweep()
    assert bool(removed(engine)) is gone


def test_images_of_a_name_do_not_grow_for_ever(engine: Path) -> None:
    (engine / "images").write_text("wine:4\nwine:3\nwine:2\nwine:1\n")
    leftovers.keep_newest("wine", 3)
    assert removed(engine) == ["wine:1"]


def test_command_and_sdk_are_given_the_same_confinement() -> None:
    options, arguments = confinement.options(256), confinement.arguments(256)
    assert len(options) == len(arguments)
    for value in (arguments["user"], arguments["mem_limit"], arguments["ipc_mode"], str(arguments["pids_limit"])):
        assert any(option.endswith(f"={value}") for option in options)
