"""What is left when a deployment breaks off, and does the next one finish it?

Faults are made by a proxy between the plugins and the emulator, and by killing plugins. The stand-ins try every request
once, where the genuine plugins wait and try again; so what these tests hold is not how seldom a deployment fails, but
that a failed one leaves the last good version serving, is finished by the next, and leaves nothing behind.

Left out: faults between the several requests that make one resource, such as a log group and its retention. What
becomes of a half-made resource is told between the genuine plugins and the engine.
"""

import contextlib
import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest

from local.cloud import Cloud
from local.emulator import Emulator
from tests.engine import endpoint, plugins, small_model
from tests.engine.conftest import REGION, NewStack, configure
from tests.engine.driver import Driver
from tests.engine.fault_proxy import Fault, FaultProxy, Interruption, Refusal, Reset
from tests.engine.inventory import inventory

pytestmark = pytest.mark.slow

THROTTLED = Refusal(429, "TooManyRequestsException", "Rate exceeded")
IN_PROGRESS = Refusal(409, "ResourceConflictException", "An update is in progress for resource")
BROKEN = Refusal(500, "ServiceException", "An error occurred and the request cannot be processed")
NOT_YET = Refusal(
    400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
)
EXPIRED = Refusal(400, "ExpiredTokenException", "The security token included in the request is expired")

Plugin = plugins.Plugin


class Drill:
    """Stacks behind the proxy, and plugins that can be killed and started again."""

    def __init__(self, proxy: FaultProxy, start: Callable[[str], Plugin], new_stack: NewStack) -> None:
        self.proxy = proxy
        self._start = start
        self._new_stack = new_stack
        self._running = {package: start(package) for package in plugins.PACKAGES}
        # One mapping for all stacks: a plugin that was started again is everybody's.
        self._stubs = {package: plugin.stub for package, plugin in self._running.items()}

    def new_stack(self, name: str) -> Driver:
        """A stack whose plugins reach the emulator through the proxy."""
        stack = self._new_stack(name)
        stack.plugins = self._stubs
        return stack

    def kill_aws(self) -> None:
        """End the AWS plugin without a chance to tidy up."""
        self._running["aws"].process.send_signal(signal.SIGKILL)

    def start_aws(self) -> None:
        """Start it again."""
        self._running["aws"] = self._start("aws")
        self._stubs["aws"] = self._running["aws"].stub


@pytest.fixture(scope="module")
def drill(
    emulator: Emulator, project: Path, new_stack: NewStack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Drill]:
    path, staged = tmp_path_factory.mktemp("plugins"), tmp_path_factory.mktemp("staged")
    plugins.install(path)
    with FaultProxy(emulator.port).serving() as proxy, contextlib.ExitStack() as open_plugins:

        def start(package: str) -> Plugin:
            return open_plugins.enter_context(plugins.running(package, path, project, proxy.url, staged, REGION))

        yield Drill(proxy, start, new_stack)


FIRST_DEPLOYMENT: dict[str, tuple[str, Fault]] = {
    "the repository is throttled": ("CreateRepository", THROTTLED),
    "the registry's token has expired": ("GetAuthorizationToken", EXPIRED),
    "the log group's connection breaks": ("CreateLogGroup", Reset()),
    "the role is refused": ("CreateRole", Refusal(403, "AccessDenied", "not authorized to perform: iam:CreateRole")),
    "the role cannot be assumed yet": ("CreateFunction", NOT_YET),
    "the golden check is throttled": ("Invoke", THROTTLED),
    "the alias meets an update in progress": ("CreateAlias", IN_PROGRESS),
    "the address cannot be made": ("CreateFunctionUrlConfig", BROKEN),
}


@pytest.mark.parametrize("fault", FIRST_DEPLOYMENT)
def test_a_first_deployment_that_breaks_off_is_finished_by_the_next_and_leaves_nothing(
    drill: Drill, cloud: Cloud, good_model: Path, fault: str
) -> None:
    before, stack = inventory(cloud), drill.new_stack("first")
    with drill.proxy.fault(*FIRST_DEPLOYMENT[fault]):
        failed = stack.up()
    assert drill.proxy.struck == 1
    assert not failed.succeeded
    assert stack.up().errors == []
    assert endpoint.answer(cloud, stack) == pytest.approx(small_model.predictions(good_model), abs=1e-6)
    stack.destroy()
    assert inventory(cloud) == before


@pytest.fixture(scope="module")
def served(drill: Drill) -> Iterator[Driver]:
    """A stack that serves."""
    stack = drill.new_stack("served")
    assert stack.up().errors == []
    yield stack
    stack.destroy()


@pytest.fixture(scope="module")
def slopes() -> Iterator[int]:
    """What models learn, so that no two are alike; the good one's is 1."""
    return itertools.count(2)


@pytest.fixture
def next_model(served: Driver, slopes: Iterator[int], tmp_path: Path) -> Path:
    """A model that was never served before, as the stack's next."""
    model = small_model.train(tmp_path / "next", next(slopes))
    configure(served, model_path=str(model))
    return model


UPDATE: dict[str, tuple[str, Fault]] = {
    "the registry's token has expired": ("GetAuthorizationToken", EXPIRED),
    "the new code is throttled": ("UpdateFunctionCode", THROTTLED),
    "the new code meets an update in progress": ("UpdateFunctionCode", IN_PROGRESS),
    "the answer to the new code is lost": ("UpdateFunctionCode", Reset(carried_out=True)),
    "the version cannot be published": ("PublishVersion", BROKEN),
    "the answer to the new version is lost": ("PublishVersion", Reset(carried_out=True)),
    "the golden check's connection breaks": ("Invoke", Reset()),
    "the alias cannot be moved": ("UpdateAlias", BROKEN),
}


@pytest.mark.parametrize("fault", UPDATE)
def test_an_update_that_breaks_off_leaves_the_last_good_version_serving_and_is_finished_by_the_next(
    drill: Drill, served: Driver, cloud: Cloud, next_model: Path, fault: str
) -> None:
    version, answer = endpoint.live_version(cloud, served), endpoint.answer(cloud, served)
    with drill.proxy.fault(*UPDATE[fault]):
        failed = served.up()
    assert drill.proxy.struck == 1
    assert not failed.succeeded
    assert (endpoint.live_version(cloud, served), endpoint.answer(cloud, served)) == (version, answer)
    assert served.up().errors == []
    assert endpoint.answer(cloud, served) == pytest.approx(small_model.predictions(next_model), abs=1e-6)


def test_an_alias_that_moved_without_an_answer_is_where_it_should_be(
    drill: Drill, served: Driver, cloud: Cloud, next_model: Path
) -> None:
    with drill.proxy.fault("UpdateAlias", Reset(carried_out=True)):
        failed = served.up()
    assert not failed.succeeded
    expected = pytest.approx(small_model.predictions(next_model), abs=1e-6)
    assert endpoint.answer(cloud, served) == expected
    assert served.up().errors == []
    assert endpoint.answer(cloud, served) == expected


def test_a_plugin_killed_while_it_updates_leaves_the_last_good_version_serving(
    drill: Drill, served: Driver, cloud: Cloud, next_model: Path
) -> None:
    answer = endpoint.answer(cloud, served)
    with drill.proxy.fault("UpdateFunctionCode", Interruption(drill.kill_aws)):
        failed = served.up()
    drill.start_aws()
    assert not failed.succeeded
    assert endpoint.answer(cloud, served) == answer
    assert served.up().errors == []
    assert endpoint.answer(cloud, served) == pytest.approx(small_model.predictions(next_model), abs=1e-6)


def test_a_plugin_killed_while_it_creates_or_deletes_leaves_nothing_that_cannot_be_removed(
    drill: Drill, cloud: Cloud
) -> None:
    before, stack = inventory(cloud), drill.new_stack("killed")
    with drill.proxy.fault("CreateAlias", Interruption(drill.kill_aws)):
        assert not stack.up().succeeded
    drill.start_aws()
    assert stack.up().errors == []
    with drill.proxy.fault("DeleteFunctionUrlConfig", Interruption(drill.kill_aws)), pytest.raises(grpc.RpcError):
        stack.destroy()
    drill.start_aws()
    stack.destroy()
    assert inventory(cloud) == before
