"""One engine, one emulator and one set of attached stand-in plugins for all tests of this folder."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import PulumiCommand

from local.cloud import Cloud
from local.emulator import Emulator
from local.staged_images import StagedImages
from tests.engine import plugins, small_model
from tests.engine.endpoint import REGION, EndpointStack
from tests.engine.stack import Engine, throw_away_broken_programs

REPOSITORY = Path(__file__).parents[2]
#: Where `make engine` puts the engine; the Automation API looks into its folder `bin`.
ENGINE = REPOSITORY / ".cache" / "engine"

NewStack = Callable[..., EndpointStack]


@pytest.fixture(scope="session")
def command() -> PulumiCommand:
    """The command `pulumi` that `make engine` found or built."""
    if not (ENGINE / "bin" / "pulumi").exists():
        pytest.fail("these tests run on Pulumi's own engine: `make engine` gets it", pytrace=False)
    return PulumiCommand(root=str(ENGINE), skip_version_check=True)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(region=REGION) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator.url, REGION)


@pytest.fixture(scope="session")
def unplugged(command: PulumiCommand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine without plugins; state, plugins and program are found in temporary folders only."""
    backend, home, folder = (tmp_path_factory.mktemp(name) for name in ("backend", "home", "project"))
    environment = {
        # Without the files beside the state files, of which a killed engine may leave a half-written one.
        "PULUMI_BACKEND_URL": f"{backend.as_uri()}?metadata=skip",
        "PULUMI_HOME": str(home),
        "PULUMI_CONFIG_PASSPHRASE": "passphrase",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    yield Engine(command, folder, environment)
    throw_away_broken_programs()


@pytest.fixture(scope="session")
def stand_ins(emulator: Emulator) -> Iterator[dict[str, int]]:
    """The ports of plugins that need no Docker engine: the staged code itself runs."""
    with plugins.serving(emulator.url, StagedImages()) as stand_ins:
        yield stand_ins.ports


@pytest.fixture(scope="session")
def engine(unplugged: Engine, stand_ins: dict[str, int]) -> Engine:
    """The engine, attached to the stand-ins."""
    return unplugged.attached_to(stand_ins)


@pytest.fixture(scope="session")
def with_component_package(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The engine, with the component package as a plugin on its PATH."""
    folder = tmp_path_factory.mktemp("component-package")
    plugins.install_component_package(folder)
    path = os.pathsep.join([str(folder), str(ENGINE / "bin"), os.environ["PATH"]])
    return dataclasses.replace(engine, environment={**engine.environment, "PATH": path})


@pytest.fixture(scope="session")
def good_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_model.train(tmp_path_factory.mktemp("models") / "good", slope=1)


@pytest.fixture(scope="session")
def new_stack(engine: Engine, good_model: Path) -> NewStack:
    """A stack with one endpoint and nothing deployed yet; the good model is the default."""

    def created(name: str, **arguments: Any) -> EndpointStack:
        return EndpointStack(engine, name, {"model_path": str(good_model), **arguments})

    return created
