"""What does a component package register? The engine's side of Pulumi's protocol, as far as that question needs it.

Speaks gRPC with programs and plugins in any language, keeps what they register, and answers as AWS would have to (the
same answers as on mocks). A resource of a component package is constructed by that package's plugin, and transforms
of a parent are applied to its children: both are the engine's part. Leaves out state, providers, and ordering: what
depends on what is kept, not enforced.
"""

import threading
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import (
    callback_pb2,
    callback_pb2_grpc,
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

from components.testing import AwsMocks
from tests import fake_engine

PROJECT, STACK = "foreign", "test"
#: The version that the alias of every function names already.
LIVE_VERSION = "7"
# The protocol's marks. https://www.pulumi.com/docs/iac/packages-and-automation/pulumi-packages/ (provider protocol)
KIND, SECRET, OUTPUT = (
    "4dabf18193072939515e22adb298388d",
    "1b47061264138c4ac30d75fd1eb44270",
    "d0e6a833031e9bbcd3f4e8bde6ca49a4",
)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass(frozen=True)
class Registration(fake_engine.Resource):
    """What a resource was registered with, beside its inputs."""

    provider: str = ""
    alias_names: tuple[str, ...] = ()
    remote: bool = False


@dataclass
class Recorded(fake_engine.Deployment):
    """All registrations since the last `clear`, what programs logged, and what the stack exports."""

    resources: list[Any] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


#: What a version of the repository's own model predicts where a test names no other answer.
GOLDEN_FILE = Path(__file__).parents[2] / "model" / "golden.json"


class RecordingEngine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Answers programs and plugins. Its methods bear the protocol's names."""

    def __init__(self) -> None:
        self.recorded = Recorded()
        self.golden_answer: object = None
        self.preview = False
        #: What other stacks export, by their full names.
        self.other_stacks: dict[str, dict[str, Any]] = {}
        self.address = ""
        self.plugin: provider_pb2_grpc.ResourceProviderStub | None = None
        self._mocks = AwsMocks(GOLDEN_FILE, live_version=LIVE_VERSION)
        self._transforms: dict[str, list[callback_pb2.Callback]] = {}
        self._parents: dict[str, str] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forgets what was registered."""
        self.recorded, self.golden_answer, self.preview = Recorded(), None, False
        self._transforms.clear()
        self._parents.clear()

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        features = resource_pb2.ResourceMonitorFeature.values()
        return resource_pb2.DeploymentInfo(supportedFeatures=features)

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        if request.tok == "pulumi:pulumi:getResource":  # a provider that the program made, looked up by the plugin
            answer: dict[str, Any] = {"urn": values(request.args)["urn"], "id": "provider-id", "state": {}}
        else:
            answer, _ = self._mocks.call(pulumi.runtime.MockCallArgs(request.tok, {}, ""))
        return provider_pb2.InvokeResponse(**{"return": struct(answer)})

    def RegisterPackage(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        return resource_pb2.RegisterPackageResponse(ref=request.name)

    def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        if request.remote:
            return self._construct(request)
        qualified = (
            request.parent.split("::")[2] + "$"
            if request.parent and "pulumi:pulumi:Stack" not in (request.parent)
            else ""
        )
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{qualified}{request.type}::{request.name}"
        with self._lock:
            self._parents[urn] = request.parent
            self._transforms.setdefault(urn, []).extend(request.transforms)
        inputs = self._transformed(urn, request)
        if request.type != "pulumi:pulumi:Stack":
            self.recorded.resources.append(
                Registration(
                    urn=urn,
                    type=request.type,
                    name=request.name,
                    inputs=plain(inputs),
                    depends_on=frozenset(request.dependencies),
                    parent=request.parent,
                    protect=request.protect,
                    provider=request.provider,
                    alias_names=tuple(alias.spec.name for alias in request.aliases),
                )
            )
        registered = pulumi.runtime.MockResourceArgs(request.type, request.name, inputs, custom=request.custom)
        mocks = self._mocks if self.golden_answer is None else AwsMocks(golden_answer=self.golden_answer)
        id_, state = mocks.registered(registered, preview=self.preview)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_ or "", object=struct(state))

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """A resource that the program only refers to: here another stack, with what that one exports."""
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{request.type}::{request.name}"
        state = {**values(request.properties), "outputs": self.other_stacks[request.id], "secretOutputNames": []}
        return resource_pb2.ReadResourceResponse(urn=urn, properties=struct(state))

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        if "pulumi:pulumi:Stack" in request.urn:
            self.recorded.outputs = plain(values(request.outputs))
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        return empty_pb2.Empty()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        self.recorded.log.append(request.message)
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        return engine_pb2.GetRootResourceResponse(urn=f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::root")

    def SetRootResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        return engine_pb2.SetRootResourceResponse()

    def _construct(self, request: Any) -> Any:
        """Lets the package's plugin construct what the program asked for; transforms stay here."""
        assert self.plugin is not None, f"no plugin for {request.type}"
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{request.type}::{request.name}"
        with self._lock:
            self._transforms.setdefault(urn, []).extend(request.transforms)
        response = self.plugin.Construct(
            construct_request(
                self.address,
                request.name,
                request.object,
                preview=self.preview,
                protect=request.protect,
                providers=dict(request.providers),
                aliases=list(request.aliases),
            )
        )
        return resource_pb2.RegisterResourceResponse(urn=response.urn, object=response.state)

    def _transformed(self, urn: str, request: Any) -> dict[str, Any]:
        """The inputs after the transforms of the resource and of its parents, nearest first."""
        inputs, at = request.object, urn
        while at:
            for transform in self._transforms.get(at, []):
                with grpc.insecure_channel(transform.target) as channel:
                    asked = resource_pb2.TransformRequest(
                        type=request.type, name=request.name, custom=request.custom, properties=inputs
                    )
                    answer = callback_pb2_grpc.CallbacksStub(channel).Invoke(
                        callback_pb2.CallbackInvokeRequest(token=transform.token, request=asked.SerializeToString())
                    )
                changed = resource_pb2.TransformResponse.FromString(answer.response)
                inputs = changed.properties if changed.HasField("properties") else inputs
            at = self._parents.get(at, "")
        return values(inputs)


def construct_request(monitor: str, name: str, inputs: Any, *, preview: bool = False, **options: Any) -> Any:
    """A request to construct the component as the engine makes it.

    Args:
        monitor: Address of the engine.
        name: The component's name.
        inputs: Its inputs by their names in the schema: a mapping, or the protocol's own form of one.
        preview: Whether this is a preview.
        **options: Fields of the request that carry resource options.
    """
    return provider_pb2.ConstructRequest(
        project=PROJECT,
        stack=STACK,
        dryRun=preview,
        parallel=1,
        monitorEndpoint=monitor,
        type="ml-inference:index:MLInferenceFunction",
        name=name,
        inputs=inputs if isinstance(inputs, struct_pb2.Struct) else struct(inputs),
        accepts_output_values=True,
        **options,
    )


@contextmanager
def serving(engine: RecordingEngine) -> Iterator[str]:
    """Serves an engine for as long as the block runs; yields its address."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    engine.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield engine.address
    finally:
        server.stop(grace=None).wait()


def secret(value: object) -> dict[str, Any]:
    """A secret as a program sends one to a component."""
    return {KIND: OUTPUT, "value": value, "secret": True}


def output(value: object = UNKNOWN, *depends_on: str) -> dict[str, Any]:
    """An output of another resource; without a value one that is unknown in a preview."""
    known = {} if value == UNKNOWN else {"value": value}
    return {KIND: OUTPUT, **known, "dependencies": list(depends_on)}


def struct(mapping: Mapping[str, Any]) -> Any:
    """A mapping in the protocol's form."""
    return json_format.ParseDict(dict(mapping), struct_pb2.Struct())


def values(wire: Any) -> dict[str, Any]:
    """The protocol's form as a mapping; every number is a float there."""
    return dict(json_format.MessageToDict(wire))


def plain(value: Any) -> Any:
    """Inputs as an assertion wants them: outputs as their values, secrets marked by a `secret` key."""
    if isinstance(value, dict):
        if KIND in value:
            inner = plain(value.get("value", UNKNOWN))
            return {"secret": inner} if value[KIND] == SECRET or value.get("secret") else inner
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
