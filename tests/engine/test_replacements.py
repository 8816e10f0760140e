"""Do the stand-ins replace what the genuine providers replace, and change in place what those change in place?

The expectation is written down by hand from the genuine providers' own sources, named with each type; what it is held
against is `local/resources`. Properties that the genuine providers have and `local/resources` does not are refused
there, and so need no line here.
"""

import pytest
from pulumi.runtime.proto import provider_pb2

from local.resources import RESOURCE_TYPES
from tests.engine.conftest import Plugins
from tests.engine.test_stand_ins import struct

pytestmark = pytest.mark.slow

AWS = "https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/"
DOCKER = "https://github.com/pulumi/pulumi-docker/blob/master/provider/provider.go"

#: Type to the source of its `ForceNew` marks, what is replaced, and what is changed in place.
GENUINE: dict[str, tuple[str, str, str]] = {
    "aws:cloudwatch/dashboard:Dashboard": (AWS + "cloudwatch/dashboard.go", "dashboardName", "dashboardBody"),
    "aws:cloudwatch/logGroup:LogGroup": (
        AWS + "logs/group.go",
        "name namePrefix logGroupClass",
        "retentionInDays kmsKeyId tags skipDestroy",
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        AWS + "cloudwatch/metric_alarm.go",
        "name",
        """actionsEnabled alarmActions alarmDescription comparisonOperator datapointsToAlarm dimensions
        evaluationPeriods extendedStatistic insufficientDataActions metricName namespace okActions period statistic
        tags threshold treatMissingData unit""",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": (AWS + "ecr/lifecycle_policy.go", "repository policy", ""),
    "aws:ecr/repository:Repository": (
        AWS + "ecr/repository.go",
        "name encryptionConfigurations",
        "imageTagMutability imageScanningConfiguration forceDelete tags",
    ),
    "aws:iam/role:Role": (
        AWS + "iam/role.go",
        "name namePrefix path",
        "assumeRolePolicy description maxSessionDuration tags",
    ),
    "aws:iam/rolePolicy:RolePolicy": (AWS + "iam/role_policy.go", "name namePrefix role", "policy"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        AWS + "iam/role_policy_attachment.go",
        "role policyArn",
        "",
    ),
    "aws:lambda/alias:Alias": (
        AWS + "lambda/alias.go",
        "name functionName",
        "functionVersion description routingConfig",
    ),
    "aws:lambda/function:Function": (
        AWS + "lambda/function.go",
        "name packageType",
        """role description memorySize timeout ephemeralStorage kmsKeyArn loggingConfig tracingConfig snapStart
        vpcConfig imageUri architectures environment publish reservedConcurrentExecutions tags""",
    ),
    "aws:lambda/functionUrl:FunctionUrl": (
        AWS + "lambda/function_url.go",
        "functionName qualifier",
        "authorizationType cors invokeMode",
    ),
    # `input` by customizeDiffInputChangeWithCreateOnlyScope, for the only scope that is known here.
    "aws:lambda/invocation:Invocation": (
        AWS + "lambda/invocation.go",
        "functionName qualifier input triggers",
        "lifecycleScope",
    ),
    "aws:lambda/permission:Permission": (
        AWS + "lambda/permission.go",
        """function qualifier action principal principalOrgId sourceArn sourceAccount functionUrlAuthType
        invokedViaFunctionUrl statementId statementIdPrefix""",
        "",
    ),
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        AWS + "lambda/provisioned_concurrency_config.go",
        "functionName qualifier",
        "provisionedConcurrentExecutions skipDestroy",
    ),
    "random:index/randomId:RandomId": (
        "https://github.com/hashicorp/terraform-provider-random/blob/main/internal/provider/resource_id.go",
        "byteLength keepers",
        "",
    ),
    # Diff never asks for a replacement: whatever differs, the image is built and pushed again.
    "docker:index/image:Image": (DOCKER, "", "imageName build skipPush buildOnPreview registry"),
}

EVERY_PROPERTY = [
    (kind, key, step)
    for kind, (_, replaced, changed) in GENUINE.items()
    for step, keys in (("replace", replaced), ("update", changed))
    for key in keys.split()
]


def test_every_property_of_every_type_has_a_line_here() -> None:
    here = {(kind, key) for kind, key, _ in EVERY_PROPERTY}
    assert here == {(name, key) for name, kind in RESOURCE_TYPES.items() for key in kind.fixed | kind.changeable}


@pytest.mark.parametrize(("kind", "key", "step"), EVERY_PROPERTY)
def test_a_change_is_made_as_the_genuine_provider_makes_it(stand_ins: Plugins, kind: str, key: str, step: str) -> None:
    old, new = ({key: {"server": text} if key == "registry" else text} for text in ("old", "new"))
    diff = stand_ins[kind.partition(":")[0]].Diff(
        provider_pb2.DiffRequest(
            urn=f"urn:pulumi:test::test::{kind}::one", id="one", olds=struct({**old, "__inputs": old}), news=struct(new)
        )
    )
    assert list(diff.diffs) == [key]
    assert list(diff.replaces) == ([key] if step == "replace" else [])


# https://github.com/pulumi/pulumi-aws/pull/2085
def test_a_lifecycle_policy_goes_before_its_successor_comes(stand_ins: Plugins) -> None:
    old, new = ({"repository": "one", "policy": text} for text in ("old", "new"))
    diff = stand_ins["aws"].Diff(
        provider_pb2.DiffRequest(
            urn="urn:pulumi:test::test::aws:ecr/lifecyclePolicy:LifecyclePolicy::one",
            olds=struct({**old, "__inputs": old}),
            news=struct(new),
        )
    )
    assert diff.deleteBeforeReplace


@pytest.mark.parametrize(("chosen_by", "delete_first"), [("the program", True), ("the provider", False)])
def test_a_name_that_the_program_chose_has_to_be_free_before_it_is_taken_again(
    stand_ins: Plugins, chosen_by: str, delete_first: bool
) -> None:
    defaults = {} if chosen_by == "the program" else {"__defaults": ["name"]}
    old, new = ({"name": "one", "functionName": text, **defaults} for text in ("old", "new"))
    diff = stand_ins["aws"].Diff(
        provider_pb2.DiffRequest(
            urn="urn:pulumi:test::test::aws:lambda/alias:Alias::one",
            olds=struct({**old, "__inputs": old}),
            news=struct(new),
        )
    )
    assert list(diff.replaces) == ["functionName"]
    assert diff.deleteBeforeReplace == delete_first
