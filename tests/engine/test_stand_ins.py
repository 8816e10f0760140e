"""Do the stand-in plugins do what the protocol asks, and refuse what they do not know?"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from local.cloud import Cloud
from local.resources import RESOURCE_TYPES
from tests.engine.endpoint import REGION
from tests.engine.wire import plain_map, wire_map

Plugins = dict[str, provider_pb2_grpc.ResourceProviderStub]


@dataclass
class Resource:
    """A resource as an engine remembers it: inputs and the whole state that its plugin gave."""

    urn: str
    inputs: struct_pb2.Struct
    outputs: struct_pb2.Struct = field(default_factory=struct_pb2.Struct)
    id: str = ""

    @property
    def type(self) -> str:
        return self.urn.split("::")[2]

    @property
    def values(self) -> dict[str, Any]:
        """Inputs and outputs, plain."""
        return plain(self.outputs)


def policy(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


TRUST = policy(Action="sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})
POLICY = policy(Action="logs:PutLogEvents", Resource="*")
OTHER_POLICY = policy(Action="s3:GetObject", Resource="*")
RULES = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9},
                "action": {"type": "expire"},
            }
        ]
    }
)


def bucket_policy(bucket: str) -> str:
    return policy(Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*", Principal={"AWS": "000000000000"})


HANDLER = "def handler(event, context):\n    return event\n"
MANAGED = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    return PropertyValue.marshal_map(wire_map(values))


def plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    return plain_map(PropertyValue.unmarshal_map(properties))


@pytest.fixture(scope="module")
def plugins(stand_ins: dict[str, int]) -> Iterator[Plugins]:
    """Each package's plugin, configured."""
    with contextlib.ExitStack() as channels:
        stubs = {}
        for package, port in stand_ins.items():
            channel = channels.enter_context(grpc.insecure_channel(f"127.0.0.1:{port}"))
            stubs[package] = provider_pb2_grpc.ResourceProviderStub(channel)
            variables = {"aws:config:region": REGION} if package == "aws" else {}
            stubs[package].Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True))
        yield stubs


class Stack:
    """Makes resources through the plugins, one protocol request at a time."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    def plugin(self, kind: str) -> Any:
        return self._plugins[kind.partition(":")[0]]

    def check(self, kind: str, name: str, inputs: dict[str, Any]) -> Any:
        urn = f"urn:pulumi:test::test::{kind}::{name}"
        return self.plugin(kind).Check(
            provider_pb2.CheckRequest(urn=urn, news=struct(inputs), randomSeed=name.encode())
        )

    def make(self, kind: str, name: str, inputs: dict[str, Any]) -> Resource:
        resource = Resource(f"urn:pulumi:test::test::{kind}::{name}", self.check(kind, name, inputs).inputs)
        made = self.plugin(kind).Create(provider_pb2.CreateRequest(urn=resource.urn, properties=resource.inputs))
        resource.id, resource.outputs = made.id, made.properties
        return resource

    def read(self, resource: Resource) -> Any:
        return self.plugin(resource.type).Read(
            provider_pb2.ReadRequest(
                id=resource.id, urn=resource.urn, properties=resource.outputs, inputs=resource.inputs
            )
        )

    def diff(self, resource: Resource, news: struct_pb2.Struct) -> Any:
        return self.plugin(resource.type).Diff(
            provider_pb2.DiffRequest(id=resource.id, urn=resource.urn, olds=resource.outputs, news=news)
        )

    def delete(self, resource: Resource) -> None:
        self.plugin(resource.type).Delete(
            provider_pb2.DeleteRequest(id=resource.id, urn=resource.urn, properties=resource.outputs)
        )


@pytest.fixture(scope="module")
def stack(plugins: Plugins) -> Stack:
    return Stack(plugins)


@pytest.fixture(scope="module")
def everything(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resource]:
    """One living resource of every type, in the order in which they depend on each other."""
    context = tmp_path_factory.mktemp("context")
    (context / "app.py").write_text(HANDLER)
    (context / "Dockerfile").write_text('FROM scratch\nCMD ["app.handler"]\n')
    made: dict[str, Resource] = {}

    def make(kind: str, inputs: dict[str, Any]) -> dict[str, Any]:
        made[kind] = stack.make(kind, kind.rpartition(":")[2].lower(), inputs)
        return {**made[kind].values, "id": made[kind].id}

    role = make("aws:iam/role:Role", {"assumeRolePolicy": TRUST, "tags": {"a": "b"}})
    make("aws:iam/rolePolicy:RolePolicy", {"role": role["name"], "policy": POLICY})
    make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": role["name"], "policyArn": MANAGED})
    repository = make("aws:ecr/repository:Repository", {"imageTagMutability": "IMMUTABLE", "forceDelete": True})
    make("aws:ecr/lifecyclePolicy:LifecyclePolicy", {"repository": repository["name"], "policy": RULES})
    logs = make("aws:cloudwatch/logGroup:LogGroup", {"namePrefix": "/aws/lambda/one-", "retentionInDays": 7})
    image = make(
        "docker:index/image:Image",
        {"imageName": f"{repository['repositoryUrl']}:one", "build": {"context": str(context)}},
    )
    function = make(
        "aws:lambda/function:Function",
        {
            "packageType": "Image",
            "imageUri": image["repoDigest"],
            "role": role["arn"],
            "memorySize": 512,
            "publish": True,
            "loggingConfig": {"logFormat": "JSON", "logGroup": logs["name"]},
            "environment": {"variables": {"A": "b"}},
        },
    )
    name, version = function["name"], function["version"]
    make("aws:lambda/invocation:Invocation", {"functionName": name, "qualifier": version, "input": "[1]"})
    make("aws:lambda/alias:Alias", {"functionName": name, "name": "live", "functionVersion": version})
    make(
        "aws:lambda/functionUrl:FunctionUrl",
        {
            "functionName": name,
            "qualifier": "live",
            "authorizationType": "AWS_IAM",
            "cors": {"allowOrigins": ["https://example.com"]},
        },
    )
    make(
        "aws:lambda/permission:Permission",
        {"function": name, "qualifier": "live", "action": "lambda:InvokeFunction", "principal": role["arn"]},
    )
    make(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        {"functionName": name, "qualifier": "live", "provisionedConcurrentExecutions": 2},
    )
    make(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 1,
            "metricName": "Errors",
            "namespace": "AWS/Lambda",
            "period": 60,
            "statistic": "Sum",
            "threshold": 0,
            "dimensions": {"FunctionName": name},
        },
    )
    make("aws:sns/topic:Topic", {"displayName": "Wine", "tags": {"a": "b"}})
    bucket = make("aws:s3/bucket:Bucket", {"bucketPrefix": "one-", "forceDestroy": True})["bucket"]
    make("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": bucket, "blockPublicAcls": True})
    make("aws:s3/bucketPolicy:BucketPolicy", {"bucket": bucket, "policy": bucket_policy(bucket)})
    encrypted = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": True}]
    make(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"bucket": bucket, "rules": encrypted},
    )
    forgetting = [{"id": "all", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 9}}]
    make("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {"bucket": bucket, "rules": forgetting})
    machine = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    make("aws:sfn/stateMachine:StateMachine", {"definition": json.dumps(machine), "roleArn": role["arn"]})
    make("random:index/randomId:RandomId", {"byteLength": 4, "keepers": {"content": "one"}})
    make("aws:cloudwatch/dashboard:Dashboard", {"dashboardName": name, "dashboardBody": '{"widgets": []}'})
    return made


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_resource_that_nobody_touched_is_read_as_it_was_made(
    stack: Stack, everything: dict[str, Resource], kind: str
) -> None:
    resource = everything[kind]
    found = stack.read(resource)
    assert found.id == resource.id
    assert plain(found.inputs) == plain(resource.inputs)
    assert plain(found.properties) == plain(resource.outputs)


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_the_same_inputs_are_no_difference(stack: Stack, everything: dict[str, Resource], kind: str) -> None:
    resource = everything[kind]
    assert stack.diff(resource, resource.inputs).changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize("kind", RESOURCE_TYPES)
def test_a_property_that_is_not_known_is_refused_by_name(stack: Stack, kind: str) -> None:
    (failure,) = stack.check(kind, "wrong", {"colour": "red"}).failures
    assert "has no property 'colour'" in failure.reason


def test_a_type_that_is_not_known_is_refused_by_name(stack: Stack) -> None:
    (failure,) = stack.check("aws:dynamodb/table:Table", "table", {}).failures
    assert "aws:dynamodb/table:Table cannot be deployed locally" in failure.reason


def test_a_type_of_another_package_is_refused(plugins: Plugins) -> None:
    urn = "urn:pulumi:test::test::docker:index/image:Image::image"
    (failure,) = plugins["aws"].Check(provider_pb2.CheckRequest(urn=urn)).failures
    assert "is not a type of the package aws" in failure.reason


def test_a_function_that_is_not_known_is_refused_by_name(plugins: Plugins) -> None:
    with pytest.raises(grpc.RpcError, match="the function aws:index/getAmi:getAmi cannot be answered"):
        plugins["aws"].Invoke(provider_pb2.InvokeRequest(tok="aws:index/getAmi:getAmi"))


def test_an_error_of_aws_names_the_operation_and_the_reason(stack: Stack) -> None:
    inputs = {"functionName": "nobody", "name": "live", "functionVersion": "1"}
    with pytest.raises(grpc.RpcError, match=r"CreateAlias was refused: .* \(ResourceNotFoundException\)"):
        stack.make("aws:lambda/alias:Alias", "live", inputs)


def test_a_secret_stays_one(stack: Stack, everything: dict[str, Resource]) -> None:
    function = everything["aws:lambda/function:Function"]
    inputs = dict(PropertyValue.unmarshal_map(function.inputs))
    inputs["environment"] = inputs["environment"].with_secret(True)
    updated = stack.plugin("aws:").Update(
        provider_pb2.UpdateRequest(
            id=function.id, urn=function.urn, olds=function.outputs, news=PropertyValue.marshal_map(inputs)
        )
    )
    assert PropertyValue.unmarshal_map(updated.properties)["environment"].is_secret


def test_a_preview_changes_nothing_and_leaves_a_new_version_unknown(
    stack: Stack, everything: dict[str, Resource], cloud: Cloud
) -> None:
    function = everything["aws:lambda/function:Function"]
    news = struct({**plain(function.inputs), "memorySize": 1024})
    before = cloud.lambda_.get_function_configuration(FunctionName=function.id)
    outputs = plain(
        stack.plugin("aws:")
        .Update(
            provider_pb2.UpdateRequest(id=function.id, urn=function.urn, olds=function.outputs, news=news, preview=True)
        )
        .properties
    )
    after = cloud.lambda_.get_function_configuration(FunctionName=function.id)
    assert before["RevisionId"] == after["RevisionId"]
    assert outputs["version"] != function.values["version"]
    assert outputs["arn"] == function.values["arn"]


def test_a_changed_file_of_the_context_is_a_change_of_the_image(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HANDLER)
    (tmp_path / "Dockerfile").write_text('CMD ["app.handler"]\n')
    inputs = {"imageName": "example.com/image:one", "build": {"context": str(tmp_path)}}
    image = stack.make("docker:index/image:Image", "image", inputs)
    (tmp_path / "app.py").write_text(HANDLER + "# changed\n")
    again = stack.check("docker:index/image:Image", "image", inputs).inputs
    assert list(stack.diff(image, again).diffs) == ["contextDigest"]


def test_new_credentials_of_the_registry_are_no_change_of_the_image(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text('CMD ["app.handler"]\n')
    inputs = {"imageName": "example.com/image:two", "build": {"context": str(tmp_path)}}

    def registry(password: str) -> dict[str, Any]:
        return {"server": "example.com", "username": "AWS", "password": password}

    image = stack.make("docker:index/image:Image", "image", {**inputs, "registry": registry("one")})
    again = stack.check("docker:index/image:Image", "image", {**inputs, "registry": registry("two")}).inputs
    assert stack.diff(image, again).changes == provider_pb2.DiffResponse.DIFF_NONE


# https://github.com/pulumi/pulumi-aws/pull/2085
def test_a_lifecycle_policy_goes_before_its_successor_comes(plugins: Plugins) -> None:
    old, new = ({"repository": "one", "policy": text} for text in ("old", "new"))
    diff = plugins["aws"].Diff(
        provider_pb2.DiffRequest(
            urn="urn:pulumi:test::test::aws:ecr/lifecyclePolicy:LifecyclePolicy::one",
            olds=struct({**old, "__inputs": old}),
            news=struct(new),
        )
    )
    assert diff.deleteBeforeReplace


@pytest.mark.parametrize(("chosen_by", "delete_first"), [("the program", True), ("the provider", False)])
def test_a_name_that_the_program_chose_has_to_be_free_before_it_is_taken_again(
    plugins: Plugins, chosen_by: str, delete_first: bool
) -> None:
    defaults = {} if chosen_by == "the program" else {"__defaults": ["name"]}
    old, new = ({"name": "one", "functionName": text, **defaults} for text in ("old", "new"))
    diff = plugins["aws"].Diff(
        provider_pb2.DiffRequest(
            urn="urn:pulumi:test::test::aws:lambda/alias:Alias::one",
            olds=struct({**old, "__inputs": old}),
            news=struct(new),
        )
    )
    assert list(diff.replaces) == ["functionName"]
    assert diff.deleteBeforeReplace == delete_first


Drift = Callable[[Cloud, dict[str, Any]], object]

DRIFTS: dict[str, tuple[Drift, str, Any]] = {
    "aws:iam/role:Role": (
        lambda cloud, role: cloud.iam.tag_role(RoleName=role["name"], Tags=[{"Key": "a", "Value": "drifted"}]),
        "tags",
        {"a": "drifted"},
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        lambda cloud, policy: cloud.iam.put_role_policy(
            RoleName=policy["role"], PolicyName=policy["name"], PolicyDocument=OTHER_POLICY
        ),
        "policy",
        OTHER_POLICY,
    ),
    "aws:ecr/repository:Repository": (
        lambda cloud, repository: cloud.ecr.put_image_tag_mutability(
            repositoryName=repository["name"], imageTagMutability="MUTABLE"
        ),
        "imageTagMutability",
        "MUTABLE",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": (
        lambda cloud, policy: cloud.ecr.put_lifecycle_policy(
            repositoryName=policy["repository"], lifecyclePolicyText=RULES.replace("9", "2")
        ),
        "policy",
        RULES.replace("9", "2"),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        lambda cloud, group: cloud.logs.put_retention_policy(logGroupName=group["name"], retentionInDays=1),
        "retentionInDays",
        1,
    ),
    "aws:lambda/function:Function": (
        lambda cloud, function: cloud.lambda_.update_function_configuration(
            FunctionName=function["name"], MemorySize=640
        ),
        "memorySize",
        640,
    ),
    "aws:lambda/alias:Alias": (
        lambda cloud, alias: cloud.lambda_.update_alias(
            FunctionName=alias["functionName"], Name="live", FunctionVersion="$LATEST"
        ),
        "functionVersion",
        "$LATEST",
    ),
    "aws:lambda/functionUrl:FunctionUrl": (
        lambda cloud, url: cloud.lambda_.update_function_url_config(
            FunctionName=url["functionName"], Qualifier="live", AuthType="NONE"
        ),
        "authorizationType",
        "NONE",
    ),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        lambda cloud, config: cloud.lambda_.put_provisioned_concurrency_config(
            FunctionName=config["functionName"], Qualifier="live", ProvisionedConcurrentExecutions=5
        ),
        "provisionedConcurrentExecutions",
        5,
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        lambda cloud, alarm: cloud.cloudwatch.put_metric_alarm(
            AlarmName=alarm["name"],
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="Errors",
            Namespace="AWS/Lambda",
            Period=60,
            Statistic="Sum",
            Threshold=42,
        ),
        "threshold",
        42,
    ),
    "aws:cloudwatch/dashboard:Dashboard": (
        lambda cloud, page: cloud.cloudwatch.put_dashboard(
            DashboardName=page["dashboardName"], DashboardBody='{"widgets": [], "start": "-PT1H"}'
        ),
        "dashboardBody",
        '{"widgets": [], "start": "-PT1H"}',
    ),
}


@pytest.mark.parametrize("kind", DRIFTS)
def test_what_somebody_changed_meanwhile_is_read_and_put_right(
    stack: Stack, everything: dict[str, Resource], cloud: Cloud, kind: str
) -> None:
    resource, (drift, key, value) = everything[kind], DRIFTS[kind]
    drift(cloud, resource.values)
    found = stack.read(resource)
    drifted = Resource(resource.urn, found.inputs, found.properties, found.id)
    assert drifted.values[key] == value
    assert key in stack.diff(drifted, resource.inputs).diffs


#: Types whose resources are over once they are made, or only ever looked at by their provider when they are made.
NEVER_GONE = {"aws:lambda/invocation:Invocation", "docker:index/image:Image", "random:index/randomId:RandomId"}


def test_everything_that_was_made_can_be_removed_and_is_then_gone(
    stack: Stack, everything: dict[str, Resource]
) -> None:
    for resource in reversed(everything.values()):
        stack.delete(resource)
    left = {kind for kind, resource in everything.items() if stack.read(resource).id}
    assert left == NEVER_GONE


def test_removing_what_is_gone_is_no_error(stack: Stack, everything: dict[str, Resource]) -> None:
    for resource in everything.values():
        stack.delete(resource)
        stack.delete(resource)
    assert not stack.read(everything["aws:lambda/function:Function"]).id
