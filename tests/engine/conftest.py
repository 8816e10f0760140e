"""One emulator, one project folder and one pair of stand-in plugins for all tests of this folder."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2_grpc

from local.cloud import Cloud
from local.emulator import Emulator
from tests.engine import plugins, small_model
from tests.engine.driver import Driver, Host

REGION = "eu-central-1"
PROGRAM = Path(__file__).with_name("program")
PROJECT = "wine-test"
Plugins = dict[str, provider_pb2_grpc.ResourceProviderStub]
NewStack = Callable[..., Driver]


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(region=REGION) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator.url, REGION)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program: contexts are staged below the folder that it runs in."""
    if os.name != "posix":
        pytest.skip("the stand-in plugins are started by shell scripts")
    return shutil.copytree(PROGRAM, tmp_path_factory.mktemp("project") / "program")


@pytest.fixture(scope="session")
def stand_ins(emulator: Emulator, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugins]:
    """Plugins without a Docker engine: the staged code itself runs."""
    path, staged = tmp_path_factory.mktemp("plugins"), tmp_path_factory.mktemp("staged")
    plugins.install(path)
    with contextlib.ExitStack() as stack:
        yield {
            package: stack.enter_context(plugins.running(package, path, project, emulator.url, staged, REGION)).stub
            for package in plugins.PACKAGES
        }


@pytest.fixture(scope="session")
def good_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model.train(tmp_path_factory.mktemp("models") / "good", slope=1)


@pytest.fixture(scope="session")
def host(project: Path) -> Iterator[Host]:
    with Host(project) as host:
        yield host


@pytest.fixture(scope="session")
def new_stack(host: Host, stand_ins: Plugins, good_model: Path) -> NewStack:
    """A stack of the test's program, with nothing deployed yet; the good model is the default."""

    def created(name: str, **arguments: Any) -> Driver:
        driver = Driver(host, PROJECT, name, {"aws:region": REGION}, stand_ins)
        configure(driver, model_path=str(good_model), **arguments)
        return driver

    return created


def configure(stack: Driver, **arguments: Any) -> None:
    """Change the component's arguments; those that are not named stay."""
    key = f"{PROJECT}:arguments"
    stack.config[key] = json.dumps({**json.loads(stack.config.get(key, "{}")), **arguments})
