"""Packages that only a benchmark needs, installed into the build folder and not into the project's environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from filelock import FileLock

from benchmarks.folders import BUILD, PEERS


class NoIndexError(Exception):
    """A package cannot be installed. The message is one plain line."""


def installed(name: str, arguments: list[str]) -> Path:
    """Return a folder with packages, installed on the first call.

    Args:
        name: The folder's name.
        arguments: What `pip install` is to install.

    Raises:
        NoIndexError: pip's package index does not answer, or lacks them.
    """
    folder = BUILD / name
    BUILD.mkdir(parents=True, exist_ok=True)
    with FileLock(BUILD / "installing.lock"):  # tests install in several processes
        if not folder.exists():
            _install(folder, arguments)
    return folder


def _install(folder: Path, arguments: list[str]) -> None:
    print(f"installing {' '.join(arguments)} ...", flush=True)
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [str(_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*command, "--target", str(unfinished), *arguments], check=False).returncode:
        raise NoIndexError(f"pip could not install {' '.join(arguments)}")
    unfinished.rename(folder)


def peers() -> Path:
    """Return the folder of what the peers need (peers/requirements.txt).

    Raises:
        NoIndexError: It cannot be installed here.
    """
    return installed("peers", ["--no-deps", "--require-hashes", "-r", str(PEERS / "requirements.txt")])


def careful() -> Path:
    """Return the folder of what a careful engineer installs: XGBoost by the name that brings no GPU library.

    Raises:
        NoIndexError: It cannot be installed here.
    """
    return installed("careful", ["orjson", "xgboost-cpu"])


def xgboost(version: str) -> Path:
    """Return the folder of a version of XGBoost, also of one that wants a newer Python than this: its library does not.

    Raises:
        NoIndexError: It cannot be installed here.
    """
    wheel = [
        "--ignore-requires-python",
        "--python-version",
        "3.13",
        "--only-binary",
        ":all:",
        "--no-deps",
        f"xgboost-cpu=={version}",
    ]
    return installed(f"xgboost-{version}", wheel)


def size(folder: Path) -> int:
    """Return the bytes of a folder's files, compiled modules left out."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")


def _python() -> Path:
    """Return the Python of an environment with pip, which the project's own does not have."""
    folder = BUILD / "installer"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    return python
