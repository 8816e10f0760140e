"""Installs what a Node program needs, exactly as its lock file says."""

import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

CACHE = Path(__file__).parents[2] / ".cache"
OLDEST_NODE = 20


def installed(folder: Path) -> Path:
    """Install once for each state of the lock file; skip the test where there is no Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node {version} is older than {OLDEST_NODE}")
    lock, mark = folder / "package-lock.json", folder / "node_modules" / ".installed"
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / f"installing-{folder.name}.lock"):  # several processes of tests begin with this
        if not mark.exists() or mark.read_bytes() != lock.read_bytes():
            run = subprocess.run([npm, "ci"], cwd=folder, capture_output=True, text=True, check=False)
            assert run.returncode == 0, f"npm ci failed in {folder.name}: {run.stderr}"
            mark.write_bytes(lock.read_bytes())
    return folder
