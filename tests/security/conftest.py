"""The component deployed on mocks, and Checkov, each made once."""

from pathlib import Path

import pytest

from tests.fake_engine import Deployment
from tests.security import mutations
from tests.security.checkov import Checkov, CheckovUnavailableError, install
from tests.security.deployments import Deployer, write_model


@pytest.fixture(scope="session")
def _project_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("security")
    write_model(folder)
    (folder / "own").mkdir()
    (folder / "own" / "Dockerfile").write_text("ARG COLOUR\nFROM scratch AS serving\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def deploy(_project_folder: Path) -> Deployer:
    return Deployer(_project_folder / "model.ubj")


@pytest.fixture(scope="session")
def hardened(deploy: Deployer) -> dict[str, Deployment]:
    """What the mutations weaken, by name."""
    return {name: deploy(arguments) for name, arguments in mutations.ARGUMENTS.items()}


@pytest.fixture(scope="session")
def checkov() -> Checkov:
    try:
        return install()
    except CheckovUnavailableError as reason:
        return pytest.fail(str(reason), pytrace=False)
