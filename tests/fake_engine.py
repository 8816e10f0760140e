"""What would Pulumi register? Runs a program on mocks and keeps what it registered, edges included.

Every run is new: nothing is left for the next test. The fake answers what AWS would have to answer for the program
to go on, computed from the inputs; the model's answer to the golden records is the caller's to give.
"""

import contextvars
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

ACCOUNT_ID = "123456789012"
REGION = "eu-central-1"

#: What each function of the provider answers.
ANSWERS: dict[str, dict[str, Any]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT_ID},
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getRegion:getRegion": {"region": REGION},
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": {"userName": "AWS", "password": "registry-password"},
}


@dataclass(frozen=True)
class Resource:
    """One registration: its inputs by their names in the provider's schema, and the URNs it depends on."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    parent: str
    protect: bool


@dataclass
class Deployment:
    """All registrations of a run in order, the exported values, and what the program logged."""

    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def all(self, type_: str) -> list[Resource]:
        """The resources of one type, such as `aws:iam/role:Role`."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name_ends: str = "") -> Resource:
        """The only resource of a type, or the only one whose name ends so."""
        found = [resource for resource in self.all(type_) if resource.name.endswith(name_ends)]
        assert len(found) == 1, f"expected one {type_} …{name_ends}, got {[resource.name for resource in found]}"
        return found[0]

    def depends(self, later: Resource, earlier: Resource) -> bool:
        """Whether `later` waits for `earlier`, directly or by way of others."""
        by_urn = {resource.urn: resource for resource in self.resources}
        waiting, seen = [later], set[str]()
        while waiting:
            for urn in waiting.pop().depends_on - seen:
                if urn == earlier.urn:
                    return True
                seen.add(urn)
                waiting += [by_urn[urn]] if urn in by_urn else []
        return False


class _RecordingMonitor(mocks.MockMonitor):
    def __init__(self, fake: mocks.Mocks, deployment: Deployment) -> None:
        super().__init__(fake)
        self._deployment = deployment

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802 - gRPC's name
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            self._deployment.resources.append(
                Resource(
                    urn=response.urn,
                    type=request.type,
                    name=request.name,
                    inputs=_plain(pulumi.runtime.rpc.deserialize_properties(request.object)),
                    depends_on=frozenset(request.dependencies),
                    parent=request.parent,
                    protect=request.protect,
                )
            )
        return response


class _FakeAws(pulumi.runtime.Mocks):
    def __init__(self, golden_answer: object, preview: bool) -> None:
        self._golden_answer = golden_answer
        self._preview = preview

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return ANSWERS[args.token], []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, dict(args.inputs)
        if self._preview:
            # What AWS would compute is not there yet: only then do a program's outputs stay unknown.
            return "", dict(args.inputs)
        name = args.inputs.get("name") or args.inputs.get("namePrefix", args.name + "-") + "1a2b3c4"
        computed = {
            "name": name,
            "arn": _arn(args.typ, name, args.inputs),
            "version": "1",
            "hex": "0a1b2c3d",
            "registryId": ACCOUNT_ID,
            "repositoryUrl": f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/{name}",
            "functionUrl": "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws/",
            "repoDigest": f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/{name}@sha256:" + "0" * 64,
            "result": json.dumps(self._golden_answer),
        }
        return f"{args.name}-id", computed | dict(args.inputs)


def _arn(type_: str, name: str, inputs: Mapping[str, Any]) -> str:
    """The ARN as AWS would give it, so that policies made of it can be evaluated."""
    region = "" if type_.startswith("aws:iam/") else REGION
    service, resource = {
        "aws:cloudwatch/logGroup:LogGroup": ("logs", f"log-group:{name}"),
        "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch", f"alarm:{name}"),
        "aws:ecr/repository:Repository": ("ecr", f"repository/{name}"),
        "aws:iam/role:Role": ("iam", f"role/{name}"),
        "aws:lambda/alias:Alias": ("lambda", f"function:{inputs.get('functionName')}:{name}"),
        "aws:lambda/function:Function": ("lambda", f"function:{name}"),
    }.get(type_, (type_.split(":")[1].split("/")[0], name))
    return f"arn:aws:{service}:{region}:{ACCOUNT_ID}:{resource}"


def run(
    program: Callable[[], Mapping[str, pulumi.Output[Any]] | None],
    *,
    preview: bool = False,
    golden_answer: object = (),
    config: Mapping[str, str] | None = None,
) -> Deployment:
    """Runs a program to its end.

    Args:
        program: Declares resources; what it returns are the outputs to keep.
        preview: Whether to run as `pulumi preview` does, with unknown outputs.
        golden_answer: What the published version answers to the golden records.
        config: The stack's configuration, with full keys.

    Raises:
        Whatever the program raises, also inside an `apply`.
    """
    deployment = Deployment()
    fake = _FakeAws(golden_answer, preview)

    def declared() -> pulumi.Output[Any]:
        return pulumi.Output.all(**(program() or {})).apply(deployment.outputs.update)

    def ran() -> None:
        pulumi.runtime.set_mocks(
            fake, project="wine-quality", stack="test", preview=preview, monitor=_RecordingMonitor(fake, deployment)
        )
        pulumi.runtime.set_all_config(dict(config or {}))
        pulumi.runtime.test(declared)()  # type: ignore[no-untyped-call]

    # The SDK keeps its settings, its root stack among them, in context variables: in a copy nothing is left behind.
    contextvars.copy_context().run(ran)
    return deployment


def _plain(value: Any) -> Any:
    """Inputs as an assertion wants them: secrets marked by a `secret` key, everything else as it is."""
    if isinstance(value, Mapping):
        if pulumi.runtime.rpc._special_sig_key in value:
            return {"secret": _plain(value.get("value"))}
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
