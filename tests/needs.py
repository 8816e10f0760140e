"""What does `make check` need besides Python's packages, and is it here? `python -m tests.needs` says it beforehand."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from local.docker import command as docker

INTRODUCTION = """\
make check runs what CI runs: format, lint, types and all tests; half an hour on two cores, longer the first time. What
it has not got yet it takes from the package indexes of Python and npm, some 700 MB below .cache/ and node_modules/.
It uses:"""


@dataclass(frozen=True)
class Need:
    """A program that tests start.

    Attributes:
        name: The program, as it is found on the PATH.
        purpose: What it does for the tests.
        without: What happens where it is missing.
        version: What makes it tell its version.
        instead: Programs that do as well, and are taken where they are here.
    """

    name: str
    purpose: str
    without: str
    version: str = "--version"
    instead: tuple[str, ...] = ()

    def path(self) -> str | None:
        """Where it is, or a program that does as well."""
        return next(filter(None, map(shutil.which, (*self.instead, self.name))), None)

    def found(self) -> str:
        """Its version, or that it is not here and what follows."""
        path = self.path()
        if path is None:
            return f"not here: {self.without}"
        told = subprocess.run([path, self.version], capture_output=True, text=True, check=False, timeout=60)
        version = re.search(r"\d+(\.\d+)+", told.stdout)
        return version[0] if version else "here"


# The shell is the same browser without the windows that nobody sees here, and so what Playwright itself would take.
BROWSER = Need(
    "chromium",
    "opens the page to try the model",
    "its tests are skipped",
    instead=("chromium-headless-shell", "chromium-browser", "google-chrome"),
)
NEEDS = [
    Need("pulumi", "deploys under the genuine engine", "make engine builds it", "version"),
    Need("go", "builds that engine, once", "Pulumi itself on the PATH will do", "version"),
    Need("node", "runs clients and the TypeScript example", "their tests are skipped"),
    Need("npm", "installs what they need", "their tests are skipped"),
    Need("curl", "runs the client in curl", "its tests are skipped"),
    BROWSER,
    Need("mmdebstrap", "makes a base image where AWS's is out of reach", "no image is built there"),
]


def lines() -> list[str]:
    """What is used, for what, and what is here of it."""
    reason = docker.why_not()
    engine = f"not here ({reason}): their tests are skipped" if reason else "answers"
    found = [("docker engine", "builds and runs the images", engine)]
    found += [(need.name, need.purpose, need.found()) for need in NEEDS]
    return [f"  {name:14}{purpose:48}{here}" for name, purpose, here in found]


if __name__ == "__main__":
    print(INTRODUCTION, *lines(), sep="\n", flush=True)
