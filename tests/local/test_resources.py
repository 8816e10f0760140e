"""Each resource type makes and changes on AWS what its properties say."""

import json
import secrets
from typing import Any

import pytest

from local.errors import LocalError
from local.resources import RESOURCE_TYPES, State, Target, resource_type
from local.resources.resource_type import physical_name

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ],
    }
)

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}
)


def make(target: Target, pulumi_type: str, **inputs: Any) -> State:
    return resource_type(pulumi_type).create(target, f"a-{secrets.token_hex(3)}", inputs)


def change(target: Target, pulumi_type: str, old: State, **inputs: Any) -> State:
    return resource_type(pulumi_type).update(target, old, {**old.inputs, **inputs})


def test_a_repository_is_made_and_changed(target: Target) -> None:
    kind = "aws:ecr/repository:Repository"
    made = make(target, kind, imageTagMutability="IMMUTABLE", tags={"team": "red"}, forceDelete=True)
    change(target, kind, made, imageTagMutability="MUTABLE", imageScanningConfiguration={"scanOnPush": True})
    (repository,) = target.cloud.ecr.describe_repositories(repositoryNames=[made.id])["repositories"]
    assert repository["imageTagMutability"] == "MUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["repositoryUri"] == made.outputs["repositoryUrl"]


def test_tags_are_replaced_whole(target: Target) -> None:
    kind = "aws:iam/role:Role"
    made = make(target, kind, assumeRolePolicy=TRUST, tags={"old": "1", "both": "1"})
    change(target, kind, made, tags={"both": "2", "new": "2"})
    tags = target.cloud.iam.list_role_tags(RoleName=made.id)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"both": "2", "new": "2"}


def test_a_log_groups_memory_is_set_and_changed(target: Target) -> None:
    kind = "aws:cloudwatch/logGroup:LogGroup"
    made = make(target, kind, namePrefix="/aws/lambda/a-", retentionInDays=7)
    change(target, kind, made, retentionInDays=30)
    (group,) = target.cloud.logs.describe_log_groups(logGroupNamePrefix=made.id)["logGroups"]
    assert group["retentionInDays"] == 30
    assert made.id.startswith("/aws/lambda/a-")


def test_a_roles_own_policy_keeps_its_name_when_it_changes(target: Target) -> None:
    role = make(target, "aws:iam/role:Role", assumeRolePolicy=TRUST)
    kind, later = "aws:iam/rolePolicy:RolePolicy", POLICY.replace("Allow", "Deny")
    made = make(target, kind, role=role.id, policy=POLICY)
    change(target, kind, made, policy=later)
    assert target.cloud.iam.list_role_policies(RoleName=role.id)["PolicyNames"] == [made.outputs["name"]]
    policy: Any = target.cloud.iam.get_role_policy(RoleName=role.id, PolicyName=made.outputs["name"])
    assert policy["PolicyDocument"] == json.loads(later)


def test_a_managed_policy_is_attached(target: Target) -> None:
    role = make(target, "aws:iam/role:Role", assumeRolePolicy=TRUST)
    arn = target.cloud.iam.create_policy(PolicyName=f"{role.id}-managed", PolicyDocument=POLICY)["Policy"]["Arn"]
    make(target, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", role=role.id, policyArn=arn)
    attached = target.cloud.iam.list_attached_role_policies(RoleName=role.id)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn]


@pytest.mark.parametrize("pulumi_type", sorted(RESOURCE_TYPES))
def test_an_unknown_property_is_refused_by_name(pulumi_type: str) -> None:
    with pytest.raises(LocalError, match="'surprise'"):
        resource_type(pulumi_type).check({"surprise": 1})


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(LocalError, match=r"aws:sqs/queue:Queue cannot be deployed locally"):
        resource_type("aws:sqs/queue:Queue")


def test_a_change_of_a_fixed_property_takes_a_new_resource() -> None:
    url = resource_type("aws:lambda/functionUrl:FunctionUrl")
    old = State("id", {"qualifier": "live", "authorizationType": "NONE"})
    assert url.must_replace(old, {"qualifier": "next", "authorizationType": "NONE"})
    assert not url.must_replace(old, {"qualifier": "live", "authorizationType": "AWS_IAM"})


@pytest.mark.parametrize(
    ("inputs", "beginning"), [({}, "logical-"), ({"namePrefix": "prefix-"}, "prefix-"), ({"name": None}, "logical-")]
)
def test_a_name_that_was_not_given_is_made_unique(inputs: dict[str, Any], beginning: str) -> None:
    names = {physical_name("logical", inputs) for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith(beginning) for name in names)
