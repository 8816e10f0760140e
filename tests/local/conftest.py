"""Deployments to the emulator, and a small program to vary."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.deployment import Deployment
from local.resources import Target
from local.staged_images import StagedImages
from tests.local.toy_program import Toy


@pytest.fixture
def target(cloud: Cloud) -> Target:
    return Target(cloud, StagedImages())


@pytest.fixture
def deployment(target: Target) -> Deployment:
    return Deployment(target)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Leaves the test runner's signal handlers as they were."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
