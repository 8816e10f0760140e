"""A running emulator for these tests, the real program deployed to it once, and a small program to vary."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import demo, stack_config
from local.cloud import Cloud
from local.deployment import Deployment
from local.emulator import Emulator
from local.resources import Target
from local.staged_images import StagedImages
from tests.local.toy_program import Toy


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(region="eu-central-1") as running:
        yield running


@pytest.fixture(scope="session")
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator.url, "eu-central-1")


@pytest.fixture
def target(cloud: Cloud) -> Target:
    return Target(cloud, StagedImages())


@pytest.fixture
def deployment(target: Target) -> Deployment:
    return Deployment(target)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)


@pytest.fixture(scope="session")
def wine_quality(cloud: Cloud) -> Deployment:
    """The project's own program, deployed."""
    deployed = Deployment(Target(cloud, StagedImages()))
    deployed.deploy(stack_config.load(demo.PROJECT))
    return deployed


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Leaves the test runner's signal handlers as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
