"""One trial of the real image for all of these tests, and small images made from it that lack something."""

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from image import build, checks
from image.build import Wanted
from image.lambda_container import LambdaContainer
from local.docker import command


@dataclass(frozen=True)
class Trial:
    """What `make image-test` did: the image that stays, what was printed, and the list of packages."""

    name: str
    printed: str
    packages: Path


@pytest.fixture(scope="session")
def wanted() -> Wanted:
    """The committed model, under a name that no other run of these tests has."""
    return replace(build.wanted(), name=f"image-test-{os.getpid()}")


@pytest.fixture(scope="session")
def tried(wanted: Wanted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """The whole trial, in a folder of its own."""
    folder = tmp_path_factory.mktemp("trial")
    printed = io.StringIO()
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
            checks.test(wanted, command.builder())
        (name,) = command.tags(wanted.name)
        yield Trial(name, printed.getvalue(), folder / checks.BILL_OF_MATERIALS)
    finally:
        command.remove(*command.tags(wanted.name))


@pytest.fixture
def altered(tried: Trial) -> Iterator[Callable[[str], str]]:
    """Images like the real one, but for some further lines of a Dockerfile."""
    made: list[str] = []

    def alter(lines: str) -> str:
        name = f"{tried.name}-altered-{len(made)}"
        command.docker("build", f"--tag={name}", "-", stdin=f"FROM {tried.name}\n{lines}\n")
        made.append(name)
        return name

    yield alter
    command.remove(*made)


@pytest.fixture(scope="session")
def container(tried: Trial, wanted: Wanted) -> Iterator[LambdaContainer]:
    """The real image as Lambda runs it, for all tests that only ask it something."""
    with LambdaContainer(tried.name, platform=wanted.platform, memory_mb=256, timeout_seconds=30) as running:
        yield running


@pytest.fixture
def running(wanted: Wanted) -> Iterator[Callable[..., LambdaContainer]]:
    """Starts images as Lambda would; they are gone after the test."""
    with contextlib.ExitStack() as afterwards:

        def run(image: str, memory_mb: int = 256) -> LambdaContainer:
            container = LambdaContainer(image, platform=wanted.platform, memory_mb=memory_mb, timeout_seconds=30)
            return afterwards.enter_context(container)

        yield run
