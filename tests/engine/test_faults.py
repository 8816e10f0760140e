"""What is left when AWS refuses a request or a connection breaks? And does the next deployment finish the work?

Faults are made by a proxy between the plugins and the emulator. The stand-ins try every request once, where the genuine
plugins wait and try again; so what these tests hold is not how seldom a deployment fails, but that a failed one says
why, leaves the last good version serving, is finished by the next, and leaves nothing behind.

Left out: a genuine plugin that keeps a half-made resource and tells the engine so.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.emulator import Emulator
from local.errors import LocalError
from local.images import Build
from local.staged_images import StagedImages
from tests.engine import endpoint, small_model
from tests.engine.drill import Drill, drill
from tests.engine.endpoint import EndpointStack
from tests.engine.fault_proxy import Fault, Refusal, Reset
from tests.engine.inventory import inventory
from tests.engine.stack import Engine

pytestmark = pytest.mark.slow

THROTTLED = Refusal(429, "TooManyRequestsException", "Rate exceeded")
IN_PROGRESS = Refusal(409, "ResourceConflictException", "An update is in progress for resource")
BROKEN = Refusal(500, "ServiceException", "An error occurred and the request cannot be processed")
NOT_YET = Refusal(
    400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
)
NO_ACCESS = Refusal(400, "AccessDeniedException", "Lambda does not have permission to access the ECR image.")
NOT_ALLOWED = Refusal(403, "AccessDenied", "User is not authorized to perform: iam:CreateRole")
EXPIRED = Refusal(400, "ExpiredTokenException", "The security token included in the request is expired")
NO_KEY_GRANT = Refusal(400, "KMSAccessDeniedException", "Lambda was unable to decrypt the environment variables")
FULL = Refusal(400, "CodeStorageExceededException", "Code storage limit exceeded.")

PUSH = "push"
"""The push of the image, which is no request to the emulator here."""


@dataclass
class Registry(StagedImages):
    """Images without a Docker engine, and a registry that can refuse one."""

    refusal: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def build(self, build: Build) -> str:
        """Build, and fail at the push if that is asked for."""
        if self.refusal:
            refusal, self.refusal = self.refusal, ""
            raise LocalError(refusal)
        return super().build(build)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry()


@pytest.fixture(scope="module")
def faulty(
    unplugged: Engine, emulator: Emulator, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Drill]:
    with drill(unplugged, emulator, registry, tmp_path_factory.mktemp("drill")) as drilled:
        yield drilled


FIRST_DEPLOYMENT: dict[str, tuple[str, Fault]] = {
    "the repository is throttled": ("CreateRepository", THROTTLED),
    "the registry's token has expired": ("GetAuthorizationToken", EXPIRED),
    "the log group's connection breaks": ("CreateLogGroup", Reset()),
    "the role is refused": ("CreateRole", NOT_ALLOWED),
    "the role's policy is throttled": ("PutRolePolicy", THROTTLED),
    "the role cannot be assumed yet": ("CreateFunction", NOT_YET),
    "the image cannot be read yet": ("CreateFunction", NO_ACCESS),
    "the golden check is throttled": ("Invoke", THROTTLED),
    "the golden check cannot use the key": ("Invoke", NO_KEY_GRANT),
    "the alias meets an update in progress": ("CreateAlias", IN_PROGRESS),
    "the address cannot be made": ("CreateFunctionUrlConfig", BROKEN),
}


@pytest.mark.parametrize("fault", FIRST_DEPLOYMENT)
def test_a_first_deployment_that_breaks_off_says_why_is_finished_by_the_next_and_leaves_nothing(
    faulty: Drill, cloud: Cloud, good_model: Path, fault: str
) -> None:
    name = fault.replace(" ", "-").replace("'", "")
    stack, before = EndpointStack(faulty.engine, name, {"model_path": str(good_model)}), inventory(cloud)
    with faulty.proxy.fault(*FIRST_DEPLOYMENT[fault]):
        failed = stack.up()
    assert faulty.proxy.struck == 1
    assert not failed.succeeded
    assert reason(FIRST_DEPLOYMENT[fault][1]) in "\n".join(failed.errors)
    assert stack.up().succeeded
    assert endpoint.answer(cloud, stack) == pytest.approx(small_model.predictions(good_model), abs=1e-6)
    assert stack.destroy().succeeded
    assert inventory(cloud) == before


@pytest.fixture(scope="module")
def served(faulty: Drill, good_model: Path) -> Iterator[EndpointStack]:
    """A stack that serves."""
    stack = EndpointStack(faulty.engine, "broken-off", {"model_path": str(good_model)})
    assert stack.up().succeeded
    yield stack
    assert stack.destroy().succeeded


@pytest.fixture(scope="module")
def slopes() -> Iterator[int]:
    """What models learn, so that no two are alike; the good one's is 1."""
    return itertools.count(2)


@pytest.fixture
def next_model(served: EndpointStack, slopes: Iterator[int], tmp_path: Path) -> Path:
    """A model that was never served before, as the stack's next."""
    model = small_model.train(tmp_path / "next", next(slopes))
    served.arguments["model_path"] = str(model)
    return model


UPDATE: dict[str, tuple[str, Fault]] = {
    "the registry's token has expired": ("GetAuthorizationToken", EXPIRED),
    "the push breaks off": (PUSH, Refusal(500, "", "error pushing image: unexpected EOF")),
    "the registry refuses the push": (PUSH, Refusal(403, "", "denied: Your authorization token has expired.")),
    "the new code is throttled": ("UpdateFunctionCode", THROTTLED),
    "the new code meets an update in progress": ("UpdateFunctionCode", IN_PROGRESS),
    "there is no room for the new code": ("UpdateFunctionCode", FULL),
    "the answer to the new code is lost": ("UpdateFunctionCode", Reset(carried_out=True)),
    "the version cannot be published": ("PublishVersion", BROKEN),
    "the answer to the new version is lost": ("PublishVersion", Reset(carried_out=True)),
    "the golden check's connection breaks": ("Invoke", Reset()),
    "the alias cannot be moved": ("UpdateAlias", BROKEN),
}


@pytest.mark.parametrize("fault", UPDATE)
def test_an_update_that_breaks_off_says_why_leaves_the_last_good_version_serving_and_is_finished_by_the_next(
    faulty: Drill, registry: Registry, served: EndpointStack, cloud: Cloud, next_model: Path, fault: str
) -> None:
    version, answer = endpoint.live_version(cloud, served), endpoint.answer(cloud, served)
    name, kind = UPDATE[fault]
    if name == PUSH and isinstance(kind, Refusal):
        registry.refusal = kind.message
    with faulty.proxy.fault(name, kind):
        failed = served.up()
    assert faulty.proxy.struck == (name != PUSH)
    assert not failed.succeeded
    assert reason(kind) in "\n".join(failed.errors)
    assert (endpoint.live_version(cloud, served), endpoint.answer(cloud, served)) == (version, answer)
    assert served.up().succeeded
    assert endpoint.answer(cloud, served) == pytest.approx(small_model.predictions(next_model), abs=1e-6)


def test_an_alias_that_moved_without_an_answer_is_where_it_should_be(
    faulty: Drill, served: EndpointStack, cloud: Cloud, next_model: Path
) -> None:
    with faulty.proxy.fault("UpdateAlias", Reset(carried_out=True)):
        failed = served.up()
    assert not failed.succeeded
    expected = pytest.approx(small_model.predictions(next_model), abs=1e-6)
    assert endpoint.answer(cloud, served) == expected
    assert served.up().succeeded
    assert endpoint.answer(cloud, served) == expected


def reason(fault: Fault) -> str:
    """What the final diagnostics have to say of a fault."""
    return fault.message if isinstance(fault, Refusal) else "Connection was closed"
