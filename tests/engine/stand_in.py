"""Stands in for a genuine provider plugin: Pulumi's own protocol on one side, the emulator on the other.

Run as `python stand_in.py <package> <engine address>`, with the emulator's address in the environment; the executables
`pulumi-resource-aws` and its like are two lines that do so. What a resource type means is said in
`local/resources` alone; here is only how the protocol asks for it. A type, property or function that is not known there
is refused.

What it cannot show: how the genuine plugins wait, retry, and word their errors.
"""

import asyncio
import functools
import hashlib
import importlib.metadata
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

REPOSITORY = Path(__file__).resolve().parents[2]
if __name__ == "__main__":  # the engine starts a file, not a module
    sys.path[0] = str(REPOSITORY)

import grpc.aio  # type: ignore[import-untyped]  # noqa: E402
from botocore.exceptions import BotoCoreError, ClientError  # noqa: E402
from google.protobuf import empty_pb2  # type: ignore[import-untyped]  # noqa: E402
from pulumi.provider.experimental import provider as protocol  # noqa: E402
from pulumi.provider.experimental.property_value import PropertyValue  # noqa: E402
from pulumi.provider.experimental.server import ProviderServicer  # noqa: E402
from pulumi.runtime.proto import provider_pb2_grpc  # noqa: E402
from pulumi.runtime.rpc import UNKNOWN  # noqa: E402

from local import invokes  # noqa: E402
from local.cloud import Cloud  # noqa: E402
from local.docker.images import DockerImages  # noqa: E402
from local.errors import LocalError  # noqa: E402
from local.images import Images  # noqa: E402
from local.resources import ResourceType, State, Target, resource_type  # noqa: E402
from local.staged_images import StagedImages  # noqa: E402
from tests.engine import schema  # noqa: E402
from tests.engine.wire import Wire, marked, plain_map, wire, wire_map  # noqa: E402

#: Where the emulator answers.
EMULATOR_VARIABLE = "STAND_IN_EMULATOR"
#: Folder of staged code, for images without a Docker engine; unset: with one. Two processes share it.
STAGED_VARIABLE = "STAND_IN_STAGED"

DEFAULT_REGION = "us-east-1"

# What a plugin keeps in the state besides the resource's own properties. The genuine Docker provider keeps its inputs
# under the same name: the protocol hands a plugin of this kind only the old state, not the old inputs.
INPUTS = "__inputs"
# The names that Check chose, as in the genuine providers' bridge: a chosen name may change with its resource.
DEFAULTS = "__defaults"

Result = TypeVar("Result")


class StandIn(protocol.Provider):
    """The resource types of one package."""

    #: Whether Create and Update can be asked what they would do. pulumi-docker's Image cannot be.
    previews: ClassVar[dict[str, bool]] = {"aws": True, "docker": False, "random": True}

    def __init__(self, package: str, emulator: str, images: Images) -> None:
        """Serve one package.

        Args:
            package: Its name, such as `aws`.
            emulator: Where the emulator answers.
            images: Who makes container images.
        """
        self._package = package
        self._images = images
        # Making clients takes longer than what they are asked, and an attached plugin is configured by every command.
        self._cloud = functools.cache(lambda region: Cloud(emulator, region))
        self._target = Target(self._cloud(DEFAULT_REGION), images)

    async def configure(self, request: protocol.ConfigureRequest) -> protocol.ConfigureResponse:
        """Learn the region."""
        region = request.variables.get("aws:config:region", DEFAULT_REGION)
        self._target = Target(self._cloud(region), self._images)
        return protocol.ConfigureResponse(accept_secrets=True, supports_preview=self.previews[self._package])

    async def get_schema(self, request: protocol.GetSchemaRequest) -> protocol.GetSchemaResponse:  # noqa: ARG002
        """What programs without a typed SDK need to know: the names of types and properties."""
        return protocol.GetSchemaResponse(json.dumps(schema.of_package(self._package)))

    async def check(self, request: protocol.CheckRequest) -> protocol.CheckResponse:
        """Refuse what is not known; choose a name where none is given."""
        inputs = {key: value for key, value in request.new_inputs.items() if value.value is not None}
        try:
            kind = self._kind(request.type)
            checked = marked(kind.check(plain_map(inputs)), inputs)
        except LocalError as error:
            return protocol.CheckResponse(inputs=inputs, failures=[protocol.CheckFailure("", str(error))])
        return protocol.CheckResponse(inputs=with_name(kind, request, checked))

    async def diff(self, request: protocol.DiffRequest) -> protocol.DiffResponse:
        """Compare old inputs with new ones: a change of a fixed property takes a new resource."""
        kind = self._kind(request.type)
        old, new = comparable(inputs_of(request.old_state)), comparable(request.new_inputs)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        replaces = [key for key in changed if key in kind.fixed]
        named = "name" in new and "name" not in plain_map(request.new_inputs).get(DEFAULTS, [])
        return protocol.DiffResponse(
            changes=bool(changed),
            diffs=changed,
            replaces=replaces,
            # A name that the program chose cannot be borne by two.
            delete_before_replace=bool(replaces) and (kind.delete_before_replace or (named and "name" not in changed)),
            detailed_diff={key: property_diff(key, old, new, key in replaces) for key in changed},
        )

    async def create(self, request: protocol.CreateRequest) -> protocol.CreateResponse:
        """Make the resource; asked for a preview, say only what is known beforehand."""
        inputs = request.properties
        if request.preview:
            return protocol.CreateResponse(properties=with_inputs(inputs, {}))
        kind = self._kind(request.type)
        state = await done(lambda: kind.create(self._target, request.name, own(inputs)))
        return protocol.CreateResponse(state.id, with_inputs(inputs, state.outputs))

    async def update(self, request: protocol.UpdateRequest) -> protocol.UpdateResponse:
        """Change the resource; asked for a preview, say what stays."""
        kind, old, news = self._kind(request.type), state_of(request.resource_id, request.olds), request.news
        if request.preview:
            changing = kind.recomputed(old, own(news))
            outputs = {key: UNKNOWN if key in changing else value for key, value in old.outputs.items()}
            return protocol.UpdateResponse(with_inputs(news, outputs))
        state = await done(lambda: kind.update(self._target, old, own(news)))
        return protocol.UpdateResponse(with_inputs(news, state.outputs))

    async def read(self, request: protocol.ReadRequest) -> protocol.ReadResponse:
        """What the resource is now; nothing if it is gone."""
        if not request.inputs:
            raise LocalError(f"{request.type}: only resources of this stack can be read, not imported")
        kind, old = self._kind(request.type), state_of(request.resource_id, request.properties)
        found = await done(lambda: kind.read(self._target, old))
        if found is None:
            return protocol.ReadResponse()
        if found == old:
            return protocol.ReadResponse(request.resource_id, request.properties, request.inputs)
        inputs = marked(found.inputs, request.inputs)
        if DEFAULTS in request.inputs:
            inputs[DEFAULTS] = request.inputs[DEFAULTS]
        return protocol.ReadResponse(found.id, with_inputs(inputs, found.outputs), inputs)

    async def delete(self, request: protocol.DeleteRequest) -> None:
        """Remove the resource."""
        kind, old = self._kind(request.type), state_of(request.resource_id, request.properties)
        await done(lambda: kind.delete(self._target, old))

    async def invoke(self, request: protocol.InvokeRequest) -> protocol.InvokeResponse:
        """Answer a question that creates nothing."""
        arguments = plain_map(request.args)
        answer = await done(lambda: invokes.answer(self._target.cloud, request.tok, arguments))
        return protocol.InvokeResponse(wire_map(answer))

    def _kind(self, token: str) -> ResourceType:
        token = token.rpartition("$")[2]  # a URN names its parents' types before its own
        if not token.startswith(f"{self._package}:"):
            raise LocalError(f"{token} is not a type of the package {self._package}")
        return resource_type(token)


async def done(work: Callable[[], Result]) -> Result:
    """Do some work on the emulator beside other requests; an error of it comes back as one line."""
    try:
        return await asyncio.to_thread(work)
    except ClientError as error:
        details = error.response["Error"]
        raise LocalError(
            f"{error.operation_name} was refused: {details.get('Message')} ({details.get('Code')})"
        ) from None
    except BotoCoreError as error:
        raise LocalError(" ".join(str(error).split())) from None


def with_name(kind: ResourceType, request: protocol.CheckRequest, inputs: Wire) -> Wire:
    """The inputs with a name, where the type takes one and the program gave neither it nor its beginning.

    The name is chosen before the resource is made, as the genuine providers do it, so that a preview knows it.
    """
    if "name" not in kind.fixed or {"name", "namePrefix"} & inputs.keys():
        return inputs
    old = plain_map(request.old_inputs)
    tail = hashlib.sha256(request.random_seed).hexdigest()[:7]
    name = old["name"] if "name" in old.get(DEFAULTS, []) else f"{request.name}-{tail}"
    return {**inputs, "name": wire(name), DEFAULTS: wire(["name"])}


def comparable(inputs: Wire) -> dict[str, Any]:
    """Inputs as a comparison sees them: without the plugin's own notes and without a registry's passing credentials.

    https://github.com/pulumi/pulumi-docker/blob/master/provider/provider.go (diffUpdates)
    """
    values = own(inputs)
    if isinstance(values.get("registry"), Mapping):  # else unknown as a whole
        values["registry"] = {"server": values["registry"].get("server")}
    return values


def own(inputs: Wire) -> dict[str, Any]:
    """The properties that the program gave or Check chose, without the plugin's own notes."""
    return {key: value for key, value in plain_map(inputs).items() if key not in (INPUTS, DEFAULTS)}


def inputs_of(state: Wire) -> Wire:
    """The inputs that a state was made from."""
    kept = state[INPUTS].value
    return dict(kept) if isinstance(kept, Mapping) else {}


def state_of(identifier: str, state: Wire) -> State:
    """The resource that a state describes."""
    inputs = own(inputs_of(state))
    outputs = {key: value for key, value in plain_map(state).items() if key not in {*inputs, INPUTS, DEFAULTS}}
    # A name is input and output: whoever chose it, the operations look for it among the outputs.
    outputs.update({key: value for key, value in plain_map(state).items() if key == "name"})
    return State(identifier, inputs, outputs)


def with_inputs(inputs: Wire, outputs: dict[str, Any]) -> Wire:
    """A state: the inputs, what came of them, and the inputs once more."""
    return {**inputs, **wire_map(outputs), INPUTS: PropertyValue(inputs)}


def property_diff(key: str, old: dict[str, Any], new: dict[str, Any], replaces: bool) -> protocol.PropertyDiff:
    """How one property differs."""
    kinds = protocol.PropertyDiffKind
    if key not in old:
        kind = kinds.ADD_REPLACE if replaces else kinds.ADD
    elif key not in new:
        kind = kinds.DELETE_REPLACE if replaces else kinds.DELETE
    else:
        kind = kinds.UPDATE_REPLACE if replaces else kinds.UPDATE
    return protocol.PropertyDiff(kind, input_diff=True)


def note(text: str) -> None:
    """A remark for whoever reads the plugin's standard error."""
    print(text, file=sys.stderr, flush=True)


class Servicer(ProviderServicer):
    """The SDK's end of the protocol, and what it leaves out of it."""

    async def Attach(self, request: object, context: grpc.aio.ServicerContext) -> empty_pb2.Empty:  # noqa: ARG002, N802
        """An engine found this plugin running; nothing here asks an engine for anything."""
        return empty_pb2.Empty()


class PlainErrors(grpc.aio.ServerInterceptor):  # type: ignore[misc] # grpc is untyped
    """Errors in one line, as genuine plugins give them: the SDK adds a traceback to each."""

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        """Hand the request on."""
        handler = await continuation(details)
        if handler is None:  # a service that plugins need not have, such as the check of their health
            return None

        async def answered(request: Any, context: grpc.aio.ServicerContext) -> Any:
            try:
                return await handler.unary_unary(request, context)
            except NotImplementedError:
                await context.abort(grpc.StatusCode.UNIMPLEMENTED, "left out here")
            except Exception as error:
                if isinstance(error.__context__, LocalError):
                    await context.abort(grpc.StatusCode.UNKNOWN, str(error.__context__))
                raise

        return grpc.unary_unary_rpc_method_handler(answered, handler.request_deserializer, handler.response_serializer)


async def serve(provider: StandIn, version: str) -> tuple[grpc.aio.Server, int]:
    """Serve a provider on a loopback port; returns the running server and the port."""
    # Schemas and build contexts may be larger than gRPC's default of 4 MB.
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.aio.server(interceptors=[PlainErrors()], options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer([], version, provider, ""), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


def version_of(package: str) -> str:
    """The version of the package that the program uses, which is the one that the engine asks for."""
    return importlib.metadata.version(f"pulumi-{package}")


def main() -> None:
    """Serve until the engine ends this process."""
    package, emulator = sys.argv[1], os.environ[EMULATOR_VARIABLE]
    staged = os.environ.get(STAGED_VARIABLE)
    port = Cloud(emulator, DEFAULT_REGION).port
    images: Images = StagedImages(Path(staged)) if staged else DockerImages(port, note=note)

    async def run() -> None:
        server, port = await serve(StandIn(package, emulator, images), version_of(package))
        print(port, flush=True)
        await server.wait_for_termination()

    asyncio.run(run())


if __name__ == "__main__":
    main()
