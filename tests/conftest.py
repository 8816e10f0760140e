"""Which tests run, and what do they share? Those that need Docker or minutes only when they can and are asked for."""

import functools
import gc
import itertools
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pulumi.runtime import resource as registering
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.sync_await import _ensure_event_loop

from local.docker.command import why_not

if TYPE_CHECKING:
    from local.cloud import Cloud
    from local.deployment import Deployment
    from local.emulator import Emulator

pytest_plugins = ["tests.processes"]

# Several test processes share the cores; libraries that took all of them in each would wait for themselves, and XGBoost
# does so by spinning: it took more processor time than all that it computed.
for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
# What collecting imports and makes is no garbage until the end: it is not searched for any, here or during the tests.
gc.disable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--everything", action="store_true", help="also the tests marked slow or docker: make check")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Keeps files out of the tests' names: an archive tells when it was made."""
    return argname if isinstance(val, bytes) and len(val) > 16 else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    everything = config.getoption("--everything")
    no_engine = why_not() if everything else None
    reasons = {
        "slow": None if everything else "takes minutes; `make check` runs it",
        "docker": no_engine if everything else "builds images; `make check` runs it",
    }
    for item in items:
        if item.get_closest_marker("docker"):
            item.add_marker(pytest.mark.together("docker"))  # they share images and ports
        for marker, reason in reasons.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    gc.freeze()
    # Tests leave little that counting references does not free. Seeking it after each 700 objects, as Python does, took
    # a twentieth of all tests, for hardly any memory.
    gc.set_threshold(10_000, 20)
    gc.enable()


@pytest.fixture(scope="session")
def folder_numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def tmp_path(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, folder_numbers: Iterator[int]
) -> Path:
    """A new folder. Pytest's own fixture looks through those of all tests before for a number that is free."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{os.getpid()}-{next(folder_numbers)}-{name}", numbered=False)


@pytest.fixture(scope="session", autouse=True)
def botocore_works_out_once_what_stays_the_same() -> Iterator[None]:
    """For each session it reads the services' descriptions, and seeks the names of all in a folder of hundreds.

    And it asks of each handler of an event what arguments it takes, and of each event by what other name it is known.
    """
    with pytest.MonkeyPatch.context() as patch:
        if botocore := sys.modules.get("botocore.session"):  # where a test that was collected needs it
            patch.setattr(botocore, "create_loader", functools.cache(botocore.create_loader))
            hooks = sys.modules["botocore.hooks"]
            patch.setattr(hooks, "accepts_kwargs", functools.lru_cache(1_000)(hooks.accepts_kwargs))
            name_of = functools.cache(hooks.EventAliaser(None)._alias_event_name)
            patch.setattr(hooks.EventAliaser, "_alias_event_name", lambda _aliaser, event_name: name_of(event_name))
        yield


@pytest.fixture(scope="session", autouse=True)
def pulumi_does_not_seek_the_line_that_declares_a_resource() -> Iterator[None]:
    """It tells an engine, which shows it. Nobody reads it here, and the search is an eighth of a deployment's work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registering, "_get_stack_trace", source_pb2.StackTrace)
        yield


@pytest.fixture(scope="session")
def emulator() -> "Iterator[Emulator]":
    """One for all tests of a process, where the project's stack is; two deployments do not know each other."""
    from local.emulator import Emulator

    with Emulator(region="eu-central-1") as running:
        yield running


@pytest.fixture(scope="session")
def cloud(emulator: "Emulator") -> "Cloud":
    from local.cloud import Cloud

    return Cloud(emulator.url, "eu-central-1")


@pytest.fixture(scope="session")
def wine_quality(cloud: "Cloud") -> "Deployment":
    """The project's own program, deployed, to call and to look at."""
    from local import demo, stack_config
    from local.deployment import Deployment
    from local.resources import Target
    from local.staged_images import StagedImages

    deployed = Deployment(Target(cloud, StagedImages()))
    deployed.deploy(stack_config.load(demo.PROJECT))
    return deployed


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Gives every test, and the fixtures before it, an event loop: Pulumi's SDK asks for the thread's own.

    A test that runs `asyncio.run` leaves none behind, and which one ran before must not matter.
    """
    _ensure_event_loop()  # type: ignore[no-untyped-call]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why tests were skipped, in one line a reason instead of one a place."""
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"{number} skipped: {reason}")
