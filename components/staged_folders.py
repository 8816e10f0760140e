"""Where do build contexts lie? In `.build`, each in a folder that is named after its content.

Deployments that stage the same content at once share one folder, so one that holds what it should is never touched. A
new one appears in a single step, and nobody sees half of it. What no preview and no deployment has asked for in a week
is removed; anything else that lies in `.build` stays.
"""

import errno
import os
import re
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

#: Relative to the working directory: the path is a property of the image resource, and an absolute one would differ
#: between a laptop and a build server.
ROOT = Path(".build")
#: A deployment may wait for its confirmation over a weekend, with the folder already named.
KEPT_SECONDS = 7 * 24 * 3600
#: 1980-01-01, the earliest time that a Zip file can hold.
FILE_TIME = 315532800
#: Windows knows but one bit of a mode.
_MODE = 0o666 if os.name == "nt" else 0o644
_SCRATCH = ".staging-"
_OURS = re.compile(r".+-[0-9a-f]{12}")
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EACCES)
_ATTEMPTS = 5


def stage(name: str, files: Mapping[str, bytes]) -> Path:
    """A folder with exactly these files, with fixed modes and times.

    Args:
        name: Name of the folder, which ends in twelve digits of the hash of its content.
        files: Content of every file by its name.

    Returns:
        The folder, relative to the working directory.

    Raises:
        OSError: It cannot be written.
    """
    folder = ROOT / name
    # First of all: from here on a deployment beside this one takes it for used.
    with suppress(OSError):
        os.utime(folder)
    if not _holds(folder, files):
        _put(folder, files)
    _prune()
    return folder


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    try:
        if {entry.name for entry in os.scandir(folder)} != files.keys():
            return False
        return all(_is_as_staged(folder / name, content) for name, content in files.items())
    except OSError:
        return False


def _is_as_staged(file: Path, content: bytes) -> bool:
    status = file.lstat()
    return (
        (status.st_mode, status.st_size, status.st_mtime) == (stat.S_IFREG | _MODE, len(content), FILE_TIME)
    ) and file.read_bytes() == content


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files beside the folder's place and moves them there, unless somebody else has done so meanwhile."""
    ROOT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=_SCRATCH, ignore_cleanup_errors=True) as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for name, content in files.items():
            (fresh / name).write_bytes(content)
            (fresh / name).chmod(_MODE)
            os.utime(fresh / name, (FILE_TIME, FILE_TIME))
        for attempt in range(_ATTEMPTS):
            try:
                fresh.rename(folder)
            except OSError as error:
                if error.errno not in _TAKEN or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return
            if _holds(folder, files):
                return
            with suppress(FileNotFoundError):
                folder.rename(Path(scratch) / f"damaged-{attempt}")


def _prune() -> None:
    """Removes what was not asked for in a week; what cannot be removed is left to somebody who may."""
    with suppress(OSError):
        for folder in list(ROOT.iterdir()):
            if _is_stale(folder) and (folder.name.startswith(_SCRATCH) or _is_ours(folder)):
                with suppress(OSError):
                    _remove(folder)


def _is_ours(folder: Path) -> bool:
    return _OURS.fullmatch(folder.name) is not None and (folder / "manifest.json").is_file()


def _is_stale(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and time.time() - status.st_mtime > KEPT_SECONDS


def _remove(folder: Path) -> None:
    """Moves a folder aside and removes it there, unless somebody asked for it in that very moment."""
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=_SCRATCH, ignore_cleanup_errors=True) as scratch:
        aside = Path(scratch) / "stale"
        folder.rename(aside)
        if not _is_stale(aside):
            aside.rename(folder)
