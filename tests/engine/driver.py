"""Drives the program and the plugins through a deployment, over Pulumi's own protocols.

A `Driver` does what the protocols' documentation asks of an engine: it answers the program's registrations, asks the
plugins to check, compare, create, update, read and delete, and remembers what there is. It is not Pulumi's engine, and
says nothing about that one's state file, scheduling, rendering or recovery; what it shows is how this program and this
component behave on the other end of the wire. An option or a request that it does not know is refused.

https://github.com/pulumi/pulumi/tree/master/proto/pulumi
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from tests.engine.wire import is_unknown, plain_map

REPOSITORY = Path(__file__).resolve().parents[2]
HOST_PROGRAM = Path(__file__).with_name("program_host.py")
STACK = "pulumi:pulumi:Stack"
SECONDS_TO_LEAVE = 30

#: Options of a registration that change what an engine does. The component uses none; one that appears is refused.
#: Aliases are not among them: the generated packages always send their types' former names, which no stack here had.
UNKNOWN_OPTIONS = (
    "protect", "importId", "ignoreChanges", "replaceOnChanges", "retainOnDelete", "deletedWith", "replace_with",
    "additionalSecretOutputs", "provider", "providers", "remote", "transforms", "deleteBeforeReplace", "packageRef",
)  # fmt: skip


@dataclass
class Resource:
    """A resource in the state.

    `outputs` is the whole state that its plugin gave, secrets marked. `generation` counts its replacements.
    """

    urn: str
    inputs: struct_pb2.Struct
    outputs: struct_pb2.Struct = field(default_factory=struct_pb2.Struct)
    id: str = ""
    custom: bool = True
    generation: int = 1

    @property
    def type(self) -> str:
        """Its type, without its parents'."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.urn.rpartition("::")[2]

    @property
    def values(self) -> dict[str, Any]:
        """Inputs and outputs, plain."""
        return plain_map(PropertyValue.unmarshal_map(self.outputs))


@dataclass
class Outcome:
    """What one run of the program did.

    Attributes:
        steps: What happened to each custom resource, by logical name: create, update, replace, delete or same.
        causes: For an update or a replacement, the properties that differed.
        outputs: What the program exported; unknown values are missing, secrets are laid open.
        errors: What was reported as an error, in order.
        warnings: What was reported as a warning, in order.
    """

    steps: dict[str, str] = field(default_factory=dict)
    causes: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    succeeded: bool = False

    @property
    def changes(self) -> dict[str, str]:
        """The steps that are not `same`."""
        return {name: step for name, step in self.steps.items() if step != "same"}


class Host:
    """Where programs run: a process that has loaded what they need. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Start the process in the project's folder."""
        self._process = subprocess.Popen(
            [sys.executable, str(HOST_PROGRAM)],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=SECONDS_TO_LEAVE)

    def run(self, settings: Mapping[str, Any]) -> int:
        """Run the program once; returns its exit status."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(settings), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@dataclass
class Driver:
    """One stack: a program, its configuration, and what it has deployed.

    Attributes:
        host: Runs the program.
        config: Every configured key with its namespace, each value as the text that the SDK reads.
        plugins: A configured plugin for each package.
        state: What there is, by URN, in the order of creation.
        program: The program's file in the project's folder.
    """

    host: "Host"
    project: str
    stack: str
    config: dict[str, str]
    plugins: Mapping[str, provider_pb2_grpc.ResourceProviderStub]
    state: dict[str, Resource] = field(default_factory=dict)
    program: str = "__main__.py"

    def preview(self) -> Outcome:
        """Run the program without changing anything."""
        return self._run(preview=True)

    def up(self) -> Outcome:
        """Run the program; make, change and at last remove what it asks for."""
        return self._run(preview=False)

    def refresh(self) -> dict[str, str]:
        """Look at every resource; returns what was found `changed` or `gone`, by logical name."""
        found: dict[str, str] = {}
        for resource in [resource for resource in self.state.values() if resource.custom]:
            now = self._plugin(resource).Read(
                provider_pb2.ReadRequest(
                    id=resource.id, urn=resource.urn, properties=resource.outputs, inputs=resource.inputs
                )
            )
            if not now.id:
                found[resource.name] = "gone"
                del self.state[resource.urn]
            elif now.inputs != resource.inputs or now.properties != resource.outputs:
                found[resource.name] = "changed"
                resource.inputs, resource.outputs = now.inputs, now.properties
        return found

    def destroy(self) -> None:
        """Remove everything, the newest first."""
        for resource in reversed(list(self.state.values())):
            self.delete(resource)
            del self.state[resource.urn]

    def delete(self, resource: Resource) -> None:
        """Have the plugin remove a resource; a component is none to it."""
        if resource.custom:
            self._plugin(resource).Delete(
                provider_pb2.DeleteRequest(
                    id=resource.id, urn=resource.urn, properties=resource.outputs, old_inputs=resource.inputs
                )
            )

    def resource(self, name: str) -> Resource:
        """The resource with a logical name."""
        (resource,) = (resource for resource in self.state.values() if resource.name == name and resource.custom)
        return resource

    def values(self, name: str) -> dict[str, Any]:
        """Its plain inputs and outputs."""
        return self.resource(name).values

    def _plugin(self, resource: Resource) -> provider_pb2_grpc.ResourceProviderStub:
        return self.plugins[resource.type.partition(":")[0]]

    def _run(self, preview: bool) -> Outcome:
        run = Run(self, preview)
        with run.served() as address:
            settings = {
                "address": address,
                "project": self.project,
                "stack": self.stack,
                "config": self.config,
                "preview": preview,
                "program": self.program,
            }
            status = self.host.run(settings)
        run.outcome.succeeded = status == 0
        if not run.outcome.succeeded and not run.outcome.errors:
            run.outcome.errors.append(f"the program ended with {status} before it could report why")
        if run.outcome.succeeded:
            run.finish()
        return run.outcome


class Run(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """What a running program takes for the engine. The methods bear the protocols' names; called on many threads."""

    def __init__(self, driver: Driver, preview: bool) -> None:
        self._driver = driver
        self._preview = preview
        self._lock = threading.Lock()
        self._registered: set[str] = set()
        self._replaced: list[Resource] = []
        self._root = ""
        self.outcome = Outcome()

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address at which both services answer, for as long as the block lasts."""
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, server)
        engine_pb2_grpc.add_EngineServicer_to_server(self, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(grace=None).wait()

    def finish(self) -> None:
        """Remove what was replaced, and what the program no longer registers, the newest first."""
        gone = [resource for urn, resource in self._driver.state.items() if urn not in self._registered]
        for resource in [*reversed(self._replaced), *reversed(gone)]:
            if not self._preview:
                self._driver.delete(resource)
            if resource in gone:
                self._note(resource, "delete", [])
                if not self._preview:
                    del self._driver.state[resource.urn]

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Bring one resource to where the program wants it."""
        unknown = [option for option in UNKNOWN_OPTIONS if getattr(request, option)]
        if unknown:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.name}: options {unknown} are not driven here")
        urn = self._urn(request)
        with self._lock:
            self._registered.add(urn)
        if not request.custom:
            self._keep(Resource(urn, request.object, custom=False))
            return resource_pb2.RegisterResourceResponse(urn=urn)
        try:
            resource = self._deployed(urn, request)
        except grpc.RpcError as error:
            message = reason(error)
            with self._lock:
                self.outcome.errors.append(f"{request.type} {request.name}: {message}")
            # As the engine says that it goes no further: the program is to end without a word of its own.
            context.abort(grpc.StatusCode.UNAVAILABLE, message)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource.id, object=resource.outputs)

    def RegisterResourceOutputs(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Keep what the program exports."""
        if request.urn == self._root:
            outputs = plain_map(PropertyValue.unmarshal_map(request.outputs))
            self.outcome.outputs = {key: value for key, value in outputs.items() if not is_unknown(value)}
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Pass a question on to its plugin."""
        plugin = self._driver.plugins[request.tok.partition(":")[0]]
        try:
            answer = plugin.Invoke(provider_pb2.InvokeRequest(tok=request.tok, args=request.args))
        except grpc.RpcError as error:
            context.abort(grpc.StatusCode.INTERNAL, reason(error))
        return resource_pb2.ResourceInvokeResponse(**{"return": getattr(answer, "return"), "failures": answer.failures})

    def GetDeploymentInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """What the program may use."""
        features = [
            resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
            resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
            resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
        ]
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def SignalAndWaitForShutdown(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Nothing of the program is needed after it has run."""
        return empty_pb2.Empty()

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Keep errors and warnings."""
        kept = {engine_pb2.ERROR: self.outcome.errors, engine_pb2.WARNING: self.outcome.warnings}
        with self._lock:
            kept.get(request.severity, []).append(request.message)
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """Remember the stack, which everything without a parent belongs to."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ARG002, N802
        """The stack."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def _urn(self, request: Any) -> str:
        """A component's type goes into its children's URNs, the stack's does not."""
        parent = request.parent.split("::")[2] if request.parent else STACK
        kind = request.type if parent == STACK else f"{parent}${request.type}"
        urn = f"urn:pulumi:{self._driver.stack}::{self._driver.project}::{kind}::{request.name}"
        if request.type == STACK:
            self._root = urn
        return urn

    def _deployed(self, urn: str, request: Any) -> Resource:
        old = self._driver.state.get(urn)
        wanted = self._checked(urn, request, old, old.generation if old else 1)
        if old is None:
            self._note(wanted, "create", [])
            return self._created(wanted)
        plugin = self._driver.plugins[wanted.type.partition(":")[0]]
        diff = plugin.Diff(
            provider_pb2.DiffRequest(id=old.id, urn=urn, olds=old.outputs, news=wanted.inputs, old_inputs=old.inputs)
        )
        if diff.changes == provider_pb2.DiffResponse.DIFF_NONE:
            self._note(old, "same", [])
            # The new inputs are kept, as by the engine: a registry's password may have changed.
            old.inputs = wanted.inputs
            return old
        if diff.replaces:
            self._note(wanted, "replace", list(diff.replaces))
            # Checked once more as something new, as the engine does it, so that it gets a name of its own.
            wanted = self._checked(urn, request, None, old.generation + 1)
            return self._replacement(old, wanted, delete_first=diff.deleteBeforeReplace)
        self._note(wanted, "update", list(diff.diffs))
        wanted.id = old.id
        return self._updated(old, wanted)

    def _checked(self, urn: str, request: Any, old: Resource | None, generation: int) -> Resource:
        answer = self._driver.plugins[request.type.partition(":")[0]].Check(
            provider_pb2.CheckRequest(
                urn=urn,
                olds=old.inputs if old else None,
                news=request.object,
                # The same in a preview and the deployment after it, so that a chosen name is too.
                randomSeed=f"{urn} {generation}".encode(),
            )
        )
        if answer.failures:
            reasons = "; ".join(f"{failure.property} {failure.reason}".strip() for failure in answer.failures)
            raise Refusal(reasons)
        return Resource(urn, answer.inputs, generation=generation)

    def _created(self, wanted: Resource) -> Resource:
        plugin = self._driver.plugins[wanted.type.partition(":")[0]]
        if self._preview and not self._can_preview(wanted):
            wanted.outputs = wanted.inputs
            return wanted
        answer = plugin.Create(
            provider_pb2.CreateRequest(urn=wanted.urn, properties=wanted.inputs, preview=self._preview)
        )
        wanted.id, wanted.outputs = answer.id, answer.properties
        return self._keep(wanted)

    def _updated(self, old: Resource, wanted: Resource) -> Resource:
        plugin = self._driver.plugins[wanted.type.partition(":")[0]]
        if self._preview and not self._can_preview(wanted):
            wanted.outputs = wanted.inputs
            return wanted
        answer = plugin.Update(
            provider_pb2.UpdateRequest(
                id=old.id,
                urn=old.urn,
                olds=old.outputs,
                news=wanted.inputs,
                old_inputs=old.inputs,
                preview=self._preview,
            )
        )
        wanted.outputs = answer.properties
        return self._keep(wanted)

    def _replacement(self, old: Resource, wanted: Resource, delete_first: bool) -> Resource:
        if self._preview:
            return self._created(wanted)
        if delete_first:
            self._driver.delete(old)
            return self._created(wanted)
        new = self._created(wanted)
        with self._lock:
            self._replaced.append(old)
        return new

    def _can_preview(self, resource: Resource) -> bool:
        """Whether its plugin can be asked what it would do; pulumi-docker's Image cannot be."""
        return not resource.type.startswith("docker:")

    def _keep(self, resource: Resource) -> Resource:
        if not self._preview:
            with self._lock:
                self._driver.state[resource.urn] = resource
        return resource

    def _note(self, resource: Resource, step: str, causes: list[str]) -> None:
        with self._lock:
            self.outcome.steps[resource.name] = step
            if causes:
                self.outcome.causes[resource.name] = sorted(causes)


def reason(error: grpc.RpcError) -> str:
    """What a plugin says went wrong, without the server's preface and trace."""
    return str(error.details()).removeprefix("Unexpected <class 'Exception'>: ").partition(":\n")[0]


class Refusal(grpc.RpcError):  # type: ignore[misc] # grpc is untyped
    """A plugin did not accept a resource's inputs."""

    def details(self) -> str:
        """Why."""
        return str(self.args[0])
