"""Do deployments side by side share what they stage, and does `.build` stay small?"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components import staged_folders

NAME = "wine-0123456789ab"
FILES = {"Dockerfile": b"FROM scratch\n", "manifest.json": b"{}\n"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def aged(folder: Path, days: float) -> Path:
    then = time.time() - days * 24 * 3600
    os.utime(folder, (then, then))
    return folder


def test_a_folder_that_is_there_already_is_not_touched() -> None:
    folder = staged_folders.stage(NAME, FILES)
    before = (folder.stat().st_ino, [(path.stat().st_ino, path.stat().st_ctime_ns) for path in folder.iterdir()])
    staged_folders.stage(NAME, FILES)
    assert (
        folder.stat().st_ino,
        [(path.stat().st_ino, path.stat().st_ctime_ns) for path in folder.iterdir()],
    ) == before


def test_many_at_once_share_one_folder() -> None:
    """Each looks at the folder as soon as it has it, as the Docker plugin would."""
    with ThreadPoolExecutor(16) as threads:
        seen = list(threads.map(lambda _: contents(staged_folders.stage(NAME, FILES)), range(64)))
    assert seen == [FILES] * 64
    assert [path.name for path in staged_folders.ROOT.iterdir()] == [NAME]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a file is missing": lambda folder: (folder / "Dockerfile").unlink(),
    "a file is too many": lambda folder: (folder / "notes").write_text(""),
    "another content": lambda folder: (folder / "Dockerfile").write_text("FROM latest!\n"),
    "another mode": lambda folder: (folder / "Dockerfile").chmod(0o600),
    "another time": lambda folder: os.utime(folder / "Dockerfile"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_folder_that_was_changed_is_made_as_it_was(damage: Callable[[Path], object]) -> None:
    folder = staged_folders.stage(NAME, FILES)
    before = {path.name: path.stat()[:1] + path.stat()[6:] for path in folder.iterdir()}
    damage(folder)
    staged_folders.stage(NAME, FILES)
    after = {path.name: path.stat() for path in folder.iterdir()}
    assert contents(folder) == FILES
    assert {name: (stat.st_mode, stat.st_mtime) for name, stat in after.items()} == {
        name: (stat[0], staged_folders.FILE_TIME) for name, stat in before.items()
    }


def test_a_file_in_the_folders_place_is_replaced() -> None:
    staged_folders.ROOT.mkdir()
    (staged_folders.ROOT / NAME).write_text("")
    assert contents(staged_folders.stage(NAME, FILES)) == FILES


def test_what_nobody_asked_for_in_a_week_is_removed() -> None:
    old = aged(staged_folders.stage("wine-aaaaaaaaaaaa", FILES), days=8)
    recent = aged(staged_folders.stage("wine-bbbbbbbbbbbb", FILES), days=6)
    staged_folders.stage(NAME, FILES)
    assert not old.exists()
    assert recent.exists()


def test_to_ask_for_a_folder_keeps_it_for_another_week() -> None:
    folder = aged(staged_folders.stage(NAME, FILES), days=8)
    staged_folders.stage(NAME, FILES)
    staged_folders.stage("wine-bbbbbbbbbbbb", FILES)
    assert contents(folder) == FILES


def test_what_a_killed_deployment_left_is_removed() -> None:
    left = staged_folders.ROOT / ".staging-abc"
    left.mkdir(parents=True)
    aged(left, days=8)
    staged_folders.stage(NAME, FILES)
    assert [path.name for path in staged_folders.ROOT.iterdir()] == [NAME]


@pytest.mark.parametrize("name", ["notes", "release", "wine-0123", "other-0123456789ab"])
def test_what_others_keep_in_the_same_place_stays(name: str) -> None:
    theirs = staged_folders.ROOT / name
    theirs.mkdir(parents=True)
    (theirs / "file").write_text("")
    aged(theirs, days=400)
    staged_folders.stage(NAME, FILES)
    assert (theirs / "file").exists()


def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "manifest.json").write_text("")
    aged(elsewhere, days=8)
    staged_folders.ROOT.mkdir()
    (staged_folders.ROOT / "wine-aaaaaaaaaaaa").symlink_to(elsewhere)
    staged_folders.stage(NAME, FILES)
    assert (elsewhere / "manifest.json").exists()
