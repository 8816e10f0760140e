"""Test a program that uses the component: in a second, without AWS, Docker or the Pulumi CLI.

    from pulumi_ml_inference import MLInferenceFunction
    from pulumi_ml_inference.testing import AwsMocks, deploy

    def test_the_function_has_a_gigabyte():
        mocks = AwsMocks("golden.json")
        deployed = deploy(lambda: MLInferenceFunction("wine", {"model_path": "wine.ubj"}), mocks)
        assert deployed.one("aws:lambda/function:Function").inputs["memorySize"] == 1024

`deploy` runs a program on Pulumi's mocks and keeps what it registered. `AwsMocks` are the mocks behind it, which answer
as AWS would where the component needs the answer; they also work with Pulumi's own `set_mocks`. Nothing is created:
this shows what a program asks for, not whether AWS accepts it.
"""

import asyncio
import contextvars
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import settings as pulumi_settings
from pulumi.runtime.proto import resource_pb2

from . import golden


@dataclass(frozen=True)
class Resource:
    """One registration.

    Attributes:
        urn: Its URN.
        type: Its type, such as `aws:lambda/function:Function`.
        name: Its name in the program.
        inputs: Its inputs by their names in the provider's schema; a secret is a mapping with the one key `secret`.
        depends_on: The URNs it waits for.
        parent: The URN of its parent.
        protect: Whether it is protected from deletion.
    """

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    parent: str
    protect: bool


@dataclass
class Deployment:
    """What a program did.

    Attributes:
        resources: All registrations, in their order.
        outputs: What it exported.
    """

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, type_: str) -> list[Resource]:
        """The resources of one type, such as `aws:iam/role:Role`."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name_ends: str = "") -> Resource:
        """The only resource of a type, or the only one whose name ends like this.

        Raises:
            AssertionError: There is none, or there are several.
        """
        found = [resource for resource in self.all(type_) if resource.name.endswith(name_ends)]
        if len(found) != 1:
            names = sorted(resource.name for resource in found)
            raise AssertionError(f"expected one {type_} whose name ends in {name_ends!r}, got {names}")
        return found[0]

    def depends(self, later: Resource, earlier: Resource) -> bool:
        """Whether `later` waits for `earlier`, directly or through others."""
        by_urn = {resource.urn: resource for resource in self.resources}
        waiting, seen = [later], set[str]()
        while waiting:
            for urn in waiting.pop().depends_on - seen:
                if urn == earlier.urn:
                    return True
                seen.add(urn)
                waiting += [by_urn[urn]] if urn in by_urn else []
        return False


class ProviderError(grpc.RpcError):  # type: ignore[misc] # grpc is untyped
    """A provider's refusal as the engine passes it on: a program may catch it and continue."""

    def code(self) -> grpc.StatusCode:
        """The only one that providers give."""
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        """The reason."""
        return str(self)


class AwsMocks(pulumi.runtime.Mocks):
    """Mocks that answer as AWS would, computed from the inputs.

    Derive from it to answer for other resources and functions of a program:

        class OurMocks(AwsMocks):
            def call(self, args):
                if args.token == "aws:ec2/getVpc:getVpc":
                    return {"id": "vpc-1"}, []
                return super().call(args)
    """

    def __init__(
        self,
        *golden_files: str | Path,
        golden_answer: object = None,
        account_id: str = "123456789012",
        region: str = "eu-central-1",
        live_version: str | None = None,
    ) -> None:
        """Mocks of one account and region.

        Args:
            *golden_files: Golden files of the models: a version that is asked for their records predicts what they say.
                A model without one predicts 0.
            golden_answer: What every version predicts instead, such as `[0.0]`, to see one refused.
            account_id: The account, twelve digits.
            region: The region.
            live_version: The version that every function's alias `live` already names; none by default.

        Raises:
            GoldenError: A golden file cannot be used.
        """
        self.account_id = account_id
        self.region = region
        self._live_version = live_version
        self._golden_answer = golden_answer
        self._golden = [golden.load(Path(path)) for path in golden_files]

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Answers a function of the provider.

        Raises:
            NotImplementedError: The component does not call it, so there is no answer here.
        """
        answers: dict[str, dict[str, Any]] = {
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": self.account_id},
            "aws:index/getPartition:getPartition": {"partition": "aws"},
            "aws:index/getRegion:getRegion": {"region": self.region},
            "aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "registry-password"},
            "aws:lambda/getAlias:getAlias": {**args.args, "functionVersion": self._live_version},
        }
        if args.token.startswith("aws:lambda/getAlias:") and self._live_version is None:
            raise ProviderError(
                "ResourceNotFoundException: these mocks know no alias; name its version as live_version"
            )
        if args.token not in answers:
            raise NotImplementedError(
                f"AwsMocks has no answer for {args.token}, which the component does not call: "
                "derive a class from it whose method call answers"
            )
        return answers[args.token], []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Answers a registration with the inputs and, unless in a preview, with what AWS adds to them."""
        return self.registered(args, preview=pulumi.runtime.is_dry_run())

    def registered(self, args: pulumi.runtime.MockResourceArgs, *, preview: bool) -> tuple[str | None, dict[str, Any]]:
        """Id and outputs of a resource; in a preview outputs that AWS would compute stay unknown."""
        if not args.custom:
            return None, dict(args.inputs)
        if preview:
            return "", dict(args.inputs)
        return f"{args.name}-id", self._computed(args.typ, args.name, args.inputs) | dict(args.inputs)

    def _computed(self, type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        named = inputs.get("name") or inputs.get("namePrefix", name + "-") + "1a2b3c4"
        registry = f"{self.account_id}.dkr.ecr.{self.region}.amazonaws.com"
        computed: dict[str, Any] = {"name": named, "arn": self._arn(type_, named, inputs)}
        match type_:
            case "aws:ecr/repository:Repository":
                computed |= {"registryId": self.account_id, "repositoryUrl": f"{registry}/{named}"}
            case "docker:index/image:Image":
                repository = str(inputs.get("imageName")).rpartition(":")[0]
                computed |= {"repoDigest": f"{repository}@sha256:{'0' * 64}"}
            case "random:index/randomId:RandomId":
                computed |= {"hex": "0a1b2c3d"}
            case "aws:s3/bucket:Bucket":
                computed |= {"bucket": named, "arn": f"arn:aws:s3:::{named}"}
            case "aws:lambda/function:Function":
                computed |= {"version": "1", "qualifiedArn": f"{computed['arn']}:1"}
            case "aws:lambda/invocation:Invocation":
                computed |= {"result": json.dumps(self._answer(str(inputs.get("input"))))}
            case "aws:lambda/functionUrl:FunctionUrl":
                host = f"abcdefghijklmnopqrstuvwxyz012345.lambda-url.{self.region}.on.aws"
                computed |= {"functionUrl": f"https://{host}/"}
        return computed

    def _arn(self, type_: str, name: str, inputs: Mapping[str, Any]) -> str:
        """The ARN as AWS would give it, so that policies made of it can be evaluated."""
        service, resource = {
            "aws:cloudwatch/logGroup:LogGroup": ("logs", f"log-group:{name}"),
            "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch", f"alarm:{name}"),
            "aws:ecr/repository:Repository": ("ecr", f"repository/{name}"),
            "aws:iam/role:Role": ("iam", f"role/{name}"),
            "aws:lambda/alias:Alias": ("lambda", f"function:{inputs.get('functionName')}:{name}"),
            "aws:lambda/function:Function": ("lambda", f"function:{name}"),
            "aws:sfn/stateMachine:StateMachine": ("states", f"stateMachine:{name}"),
        }.get(type_, (type_.split(":")[1].split("/")[0], name))
        region = "" if service == "iam" else self.region
        return f"arn:aws:{service}:{region}:{self.account_id}:{resource}"

    def _answer(self, payload: str) -> object:
        if self._golden_answer is not None:
            return self._golden_answer
        for expectations in self._golden:
            if expectations.payload() == payload:
                return expectations.predictions
        if len(json.loads(payload)) == 1:
            return [0.0]  # one record is what a model without golden file is asked, and any number will do
        raise LookupError(
            "a new version is asked for golden predictions that these mocks do not know: name the model's golden file, "
            "AwsMocks('path/to/golden.json')"
        )


def deploy(
    program: Callable[[], object],
    mocks: AwsMocks | None = None,
    *,
    config: Mapping[str, str] | None = None,
    preview: bool = False,
    project: str = "project",
    stack: str = "test",
) -> Deployment:
    """Runs a program to its end, in its own stack: nothing is left over for the next test.

    Args:
        program: Declares resources. A program in a file: `lambda: runpy.run_path("__main__.py")`.
        mocks: What answers it. By default an account that knows no golden file.
        config: The stack's configuration, with full keys such as `aws:region`.
        preview: Whether to run as `pulumi preview` does, with unknown outputs.
        project: The project's name.
        stack: The stack's name.

    Raises:
        Whatever the program raises, inside an `apply` too; the component's refusals are `RefusedError`s.
    """
    answering = mocks or AwsMocks()
    deployment = Deployment()

    def declared() -> pulumi.Output[Any]:
        program()
        exported = getattr(pulumi.runtime.get_root_resource(), "outputs", {})
        return pulumi.Output.all(**exported).apply(deployment.outputs.update)

    def ran() -> None:
        monitor = _RecordingMonitor(answering, deployment)
        # Else what earlier programs exported would count as this one's, if mocks were ever set outside of `deploy`.
        pulumi_settings.ROOT.set(None)
        pulumi.runtime.set_mocks(answering, project=project, stack=stack, preview=preview, monitor=monitor)
        pulumi.runtime.set_all_config(dict(config or {}))
        tested = pulumi.runtime.test(declared)  # type: ignore[no-untyped-call]
        try:
            tested()
        except Exception:
            asyncio.get_event_loop().set_exception_handler(_tell_of_no_output_twice)
            raise

    # The SDK keeps its settings in context variables: in a copy nothing is left behind. It wants its thread's loop,
    # which an asynchronous test holds, a test before may have closed, and other threads lack: so it gets its own.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(contextvars.copy_context().run, _with_event_loop, ran).result()
    return deployment


def _with_event_loop(run: Callable[[], None]) -> None:
    loop = asyncio.new_event_loop()
    # The SDK asks the mocks in other threads, each with a loop of its own. They answer at once: one thread is enough.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    asyncio.set_event_loop(loop)
    try:
        run()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _tell_of_no_output_twice(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Leaves out what asyncio says of outputs that were still waiting when the program failed: its error was raised."""
    if "was never retrieved" not in context["message"] and "was destroyed" not in context["message"]:
        loop.default_exception_handler(context)


class _RecordingMonitor(pulumi_mocks.MockMonitor):
    """Keeps what is registered. Its method bears the protocol's name."""

    def __init__(self, answering: AwsMocks, deployment: Deployment) -> None:
        super().__init__(answering)
        self._deployment = deployment

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            self._deployment.resources.append(
                Resource(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    inputs=plain(pulumi.runtime.rpc.deserialize_properties(request.object)),
                    depends_on=frozenset(request.dependencies),
                    parent=request.parent,
                    protect=request.protect,
                )
            )
        return response


def plain(value: Any) -> Any:
    """Inputs as an assertion wants them: secrets as a mapping with the key `secret`, everything else as it is."""
    if isinstance(value, Mapping):
        if pulumi.runtime.rpc._special_sig_key in value:
            return {"secret": plain(value.get("value"))}
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value
