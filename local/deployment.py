"""Runs the unmodified Pulumi program in this process and makes its resources on the emulator as they register.

It stands where Pulumi's engine would: on the SDK's own mock monitor (`pulumi.runtime.mocks`), which is internal to the
SDK; hence the exact version of pulumi in the requirements. It remembers what it made, so that the program can be run
again and change it. Deliberately left out: previews, deletion, state on disk. That is `pulumi`'s work.
"""

import asyncio
import contextlib
import contextvars
import logging
import re
import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime import mocks, rpc, stack
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure
from pulumi.runtime.sync_await import _ensure_event_loop, _sync_await

from local import invokes
from local.errors import LocalError
from local.resources import Properties, State, Target, resource_type
from local.stack_config import Stack

SECRET = "[secret]"  # noqa: S105 - what is shown in place of one

PROGRAM = "__main__.py"

QUOTED_VALUE = re.compile(r" value: .*?,(?= type: )")

Report = Callable[[str, str, str, float], None]
"""Called for each resource with what happened to it (created, updated, replaced, same), its type, its name, and how
long that took in seconds. Calls come from several threads."""


@dataclass
class Deployment:
    """A program deployed to a target, any number of times.

    Attributes:
        target: Where its resources are made.
        resources: What it made so far, by URN.
        outputs: What the last successful run exported; secrets are hidden.
    """

    target: Target
    resources: dict[str, State] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def deploy(self, program: Stack, report: Report | None = None) -> dict[str, Any]:
        """Run the program: make what is new, change what changed, leave the rest.

        On an error everything that was made until then stays, as with `pulumi up`.

        Args:
            program: The project with its configuration.
            report: Told about every resource.

        Returns:
            What the program exported.

        Raises:
            LocalError: The program, or an operation, failed.
        """
        # The SDK keeps its settings in context variables: in a copy of the context, nothing of this run reaches
        # another one, or a program that uses the SDK around us.
        self.outputs = contextvars.copy_context().run(self._run, program, report or (lambda *_: None))
        return self.outputs

    def _run(self, program: Stack, report: Report) -> dict[str, Any]:
        monitor = Monitor(self, report)
        configure(
            mocks.MockSettings(  # type: ignore[no-untyped-call]
                monitor=monitor,
                monitor_features=features(monitor),
                engine=mocks.MockEngine(program_log()),
                project=program.project,
                stack=program.name,
                organization="organization",
                root_directory=str(program.folder),
                dry_run=False,
                callbacks=None,
                outputs=set(),
                lock=threading.Lock(),
            )
        )
        set_all_config(program.config)
        with inside(program.folder), plain_errors():
            asyncio.run(run_in_stack(program))
        return monitor.stack_outputs


class Monitor(mocks.MockMonitor):
    """What the SDK takes for Pulumi's resource monitor. Its methods bear the protocol's names.

    The SDK calls it from several threads, and registers nothing before all it depends on is there.
    """

    def __init__(self, deployment: Deployment, report: Report) -> None:
        super().__init__(Questions(deployment.target))
        self._deployment = deployment
        self._report = report
        self.stack_outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Make the resource. A component is none by itself: it only names its children's parent."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        _ensure_event_loop()  # type: ignore[no-untyped-call] # this thread may not have one yet; references between resources need it
        inputs = rpc.deserialize_properties(request.object)
        state = self._make(urn, request.type, request.name, plain(inputs))
        # Inputs go back as they came: what was secret stays secret.
        properties = _sync_await(rpc.serialize_properties({**inputs, **state.outputs}, {}))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=state.id, object=properties)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep what the program exports."""
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            outputs = rpc.deserialize_properties(request.outputs)
            self.stack_outputs = {
                key: SECRET if rpc.is_rpc_secret(value) else plain(value) for key, value in outputs.items()
            }
        return empty_pb2.Empty()

    def _make(self, urn: str, token: str, name: str, inputs: Properties) -> State:
        started = time.monotonic()
        old = self._deployment.resources.get(urn)
        with one_line(token, name):
            kind = resource_type(token)
            inputs = kind.check(inputs)
            if old is None:
                done, state = "created", kind.create(self._deployment.target, name, inputs)
            elif old.inputs == inputs:
                done, state = "same", old
            elif kind.must_replace(old, inputs):
                done, state = "replaced", kind.create(self._deployment.target, name, inputs)
            else:
                done, state = "updated", kind.update(self._deployment.target, old, inputs)
        self._deployment.resources[urn] = state
        self._report(done, token, name, time.monotonic() - started)
        return state


class Questions(mocks.Mocks):
    """Answers what a program asks of AWS while it runs."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The answer of a provider function."""
        with one_line(args.token, ""):
            return invokes.answer(self._target.cloud, args.token, plain(args.args)), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Only reached for resources that a program wants to read instead of make."""
        raise LocalError(f"{args.typ} {args.name}: a resource that exists already cannot be read locally")


def features(monitor: mocks.MockMonitor) -> set[int]:
    """What the monitor tells the SDK it can do."""
    return set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)  # type: ignore[no-untyped-call]


async def run_in_stack(program: Stack) -> None:
    """Run the program's file as the language host does: as `__main__`, within a stack that its exports belong to."""
    # One failure reaches every output that depends on it. The SDK raises the first one; asyncio would print the
    # others with their traces as "never retrieved".
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    def run() -> None:
        runpy.run_path(str(program.folder / PROGRAM), run_name="__main__")

    await stack.run_in_stack(run)


@contextlib.contextmanager
def inside(folder: Any) -> Iterator[None]:
    """With a folder as working directory and first on the import path, as the CLI starts programs."""
    sys.path.insert(0, str(folder))
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        sys.path.remove(str(folder))


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn whatever ends the program into one line; the traceback stays with it as its cause."""
    try:
        yield
    except LocalError:
        raise
    except pulumi.RunError as error:  # meant for people as it is
        raise LocalError(" ".join(str(error).split())) from error
    except SystemExit as error:
        raise LocalError(f"{PROGRAM} asked to exit with {error.code!r}") from error
    except Exception as error:
        raise LocalError(f"{PROGRAM} failed: {type(error).__name__}: {' '.join(str(error).split())}") from error


@contextlib.contextmanager
def one_line(token: str, name: str) -> Iterator[None]:
    """Name the resource in an error of AWS's or of ours."""
    who = f"{token} {name}".strip()
    try:
        yield
    except ClientError as error:
        details = error.response["Error"]
        raise LocalError(
            f"{who}: {error.operation_name} was refused: {details.get('Message')} ({details.get('Code')})"
        ) from error
    except (BotoCoreError, LocalError) as error:
        # A rejected argument is quoted in botocore's message, and may be a secret.
        message = QUOTED_VALUE.sub("", " ".join(str(error).split()))
        raise LocalError(f"{who}: {message}") from error


def plain(value: Any) -> Any:
    """Properties as the operations take them: secrets laid open, whole numbers as int (the wire knows only floats)."""
    value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def program_log() -> logging.Logger:
    """Where `pulumi.log` writes: warnings and errors, once, to standard error."""
    logger = logging.getLogger("local.program")
    logger.setLevel(logging.WARNING)
    return logger
