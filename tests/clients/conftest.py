"""What the clients' tests share: a deployed endpoint, a proxy before it, and callers of several kinds."""

import copy
import functools
import json
import os
import ssl
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
# The Python client is a package of its own, for people to copy or install; here it is used where it lies.
sys.path[:0] = [str(REPOSITORY / "clients" / "python")]

from ml_inference_client import retry  # noqa: E402

from local.cloud import Cloud  # noqa: E402
from local.deployment import Deployment  # noqa: E402
from tests.clients import fault_proxy, local_endpoint  # noqa: E402
from tests.clients.callers import Caller, NodeCaller, PythonCaller  # noqa: E402
from tests.clients.node_packages import installed  # noqa: E402

GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())


@pytest.fixture(scope="session")
def endpoint(cloud: Cloud, wine_quality: Deployment) -> local_endpoint.LocalEndpoint:
    """The program, deployed once for all tests."""
    return local_endpoint.LocalEndpoint(cloud, cloud.region, wine_quality.outputs)


@pytest.fixture(scope="session")
def invoker(endpoint: local_endpoint.LocalEndpoint) -> local_endpoint.Identity:
    """Somebody who may do it all."""
    return endpoint.invoker()


@pytest.fixture
def proxy(endpoint: local_endpoint.LocalEndpoint) -> Iterator[fault_proxy.FaultProxy]:
    """A proxy before the endpoint."""
    with fault_proxy.before("127.0.0.1", endpoint.cloud.port) as proxy:
        yield proxy


@pytest.fixture
def records() -> list[dict[str, Any]]:
    """Two records that the model takes."""
    return copy.deepcopy(GOLDEN["records"][:2])


@pytest.fixture
def predictions() -> list[float]:
    """What the model predicts for them."""
    return list(GOLDEN["predictions"][:2])


@pytest.fixture(scope="session")
def node_client() -> Path:
    """The Node client with its dependencies."""
    return installed(REPOSITORY / "clients" / "node")


@pytest.fixture(scope="session")
def postman() -> Path:
    """The Postman collection with the program that runs it."""
    return installed(REPOSITORY / "clients" / "postman")


@pytest.fixture(params=["python", pytest.param("node", marks=pytest.mark.slow)])
def client(request: pytest.FixtureRequest, endpoint: local_endpoint.LocalEndpoint, tmp_path: Path) -> Caller:
    """Each of the clients that have a command."""
    if request.param == "python":
        return PythonCaller(endpoint, tmp_path)
    return NodeCaller(endpoint, tmp_path, request.getfixturevalue("node_client"))


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a fault passes, the Python client draws a twentieth of the longest wait that it might draw."""
    monkeypatch.setattr(retry, "random", SimpleNamespace(random=lambda: 0.05))


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may be signed in to AWS; nothing here may notice."""
    for name in os.environ:
        if name.startswith(("AWS_", "INFERENCE_")):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session", autouse=True)
def authorities_are_loaded_once() -> Iterator[None]:
    """The certificates of all authorities, a tenth of a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture(scope="session", autouse=True)
def what_is_not_installed_is_sought_once() -> Iterator[None]:
    """To import sniffio is tried several times a request."""
    with pytest.MonkeyPatch.context() as patch:
        if find_spec("sniffio") is None:
            patch.setitem(sys.modules, "sniffio", None)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_waits_for_the_disk() -> Iterator[None]:
    """It makes no difference as long as the machine runs; commands in processes of their own do wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield
