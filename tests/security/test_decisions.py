"""Who may do what to the endpoint, and what may the function do? Asked of the documents that the component makes."""

import json

import pytest

from tests.fake_engine import ACCOUNT_ID, REGION, Deployment
from tests.security import decisions
from tests.security import deployments as d
from tests.security.decisions import ANONYMOUS, NOT_VIA_URL, SIGNED, UNSIGNED, VIA_URL, Caller, Request
from tests.security.deployments import CLIENT_ARN, OTHER_ACCOUNT_ID, PARTNER_ARN, Deployer

ALLOWED, DENIED = True, False
URL, INVOKE = "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"
EVERYTHING = decisions.policy("*")
BOTH = decisions.policy(URL, INVOKE)

CLIENT = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/client/session"
PARTNER = f"arn:aws:sts::{OTHER_ACCOUNT_ID}:assumed-role/partner/session"
STRANGER = f"arn:aws:iam::{ACCOUNT_ID}:user/stranger"
FOREIGNER = f"arn:aws:iam::{OTHER_ACCOUNT_ID}:user/foreigner"


@pytest.fixture(scope="session")
def deployment(deploy: Deployer) -> Deployment:
    return deploy({"invoker_arns": [CLIENT_ARN, PARTNER_ARN]})


@pytest.fixture(scope="session")
def public(deploy: Deployer) -> Deployment:
    return deploy({"authorization": "NONE", "allow_public_access": True})


@pytest.fixture(scope="session")
def narrowed(deploy: Deployer) -> Deployment:
    return deploy({"invoker_principals": [CLIENT_ARN]})


@pytest.fixture(scope="session")
def in_a_vpc(deploy: Deployer) -> Deployment:
    return deploy({"vpc": d.VPC})


def calls(deployment: Deployment, caller: Caller, signature: dict[str, str] = SIGNED, qualifier: str = "live") -> bool:
    """Whether a request to the URL is let in, which takes both actions on the alias that the URL stands on."""
    arn = decisions.function_arn(deployment, qualifier)
    resource_policy = decisions.function_policy(deployment, qualifier)
    return all(
        decisions.is_allowed(caller, request, resource_policy)
        for request in (Request(URL, arn, signature), Request(INVOKE, arn, VIA_URL))
    )


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller(CLIENT), ALLOWED),
        (Caller(PARTNER, [BOTH]), ALLOWED),
        (Caller(PARTNER), DENIED),
        (Caller(PARTNER, [decisions.policy(URL)]), DENIED),
        (Caller(PARTNER, [decisions.policy(INVOKE)]), DENIED),
        (Caller(f"arn:aws:sts::{OTHER_ACCOUNT_ID}:assumed-role/client/session", [BOTH]), DENIED),
        (Caller(f"arn:aws:iam::{OTHER_ACCOUNT_ID}:user/partner", [BOTH]), DENIED),
        (Caller(f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/client-2/session"), DENIED),
        (Caller(f"arn:aws:iam::{ACCOUNT_ID}:user/client"), DENIED),
        (Caller(STRANGER), DENIED),
        (Caller(STRANGER, [decisions.policy("s3:*")]), DENIED),
        (Caller(STRANGER, [decisions.policy(INVOKE)]), DENIED),
        (Caller(STRANGER, [decisions.policy(URL)]), DENIED),
        # Whom the account's owner gave both actions needs no permission of ours: IAM is theirs.
        (Caller(STRANGER, [BOTH]), ALLOWED),
        (Caller(STRANGER, [BOTH, decisions.policy(URL, effect="Deny")]), DENIED),
        (Caller(CLIENT, [decisions.policy(INVOKE, effect="Deny")]), DENIED),
        (Caller(FOREIGNER), DENIED),
        (Caller(FOREIGNER, [EVERYTHING]), DENIED),
        (Caller(f"arn:aws:iam::{OTHER_ACCOUNT_ID}:root", [EVERYTHING]), DENIED),
        (ANONYMOUS, DENIED),
    ],
)
def test_the_url_lets_in_whom_the_deployment_named(deployment: Deployment, caller: Caller, expected: bool) -> None:
    assert calls(deployment, caller) is expected


@pytest.mark.parametrize(
    ("action", "qualifier", "keys", "expected"),
    [
        (URL, "live", SIGNED, ALLOWED),
        (INVOKE, "live", VIA_URL, ALLOWED),
        (URL, "live", UNSIGNED, DENIED),
        (URL, "live", {}, DENIED),
        (INVOKE, "live", NOT_VIA_URL, DENIED),
        (INVOKE, "live", {}, DENIED),
        (INVOKE, "live", SIGNED, DENIED),
        (URL, "live", VIA_URL, DENIED),
        (URL, None, SIGNED, DENIED),
        (INVOKE, None, VIA_URL, DENIED),
        (URL, "1", SIGNED, DENIED),
        (INVOKE, "1", VIA_URL, DENIED),
        (INVOKE, "$LATEST", VIA_URL, DENIED),
        (URL, "live-2", SIGNED, DENIED),
        (INVOKE, "staging", VIA_URL, DENIED),
        ("lambda:InvokeAsync", "live", VIA_URL, DENIED),
        ("lambda:GetFunction", "live", {}, DENIED),
        ("lambda:GetFunctionUrlConfig", "live", {}, DENIED),
        ("lambda:UpdateFunctionCode", None, {}, DENIED),
        ("lambda:UpdateAlias", "live", {}, DENIED),
        ("lambda:AddPermission", "live", {}, DENIED),
        ("lambda:DeleteFunction", None, {}, DENIED),
    ],
)
@pytest.mark.parametrize("invoker", ["the invoker role", "a named role"])
def test_an_invoker_may_do_both_actions_on_the_alias_and_nothing_else(
    deployment: Deployment, invoker: str, action: str, qualifier: str | None, keys: dict[str, str], expected: bool
) -> None:
    caller = decisions.role(deployment, "invoker-role") if invoker == "the invoker role" else Caller(CLIENT)
    request = Request(action, decisions.function_arn(deployment, qualifier), keys)
    assert decisions.is_allowed(caller, request, decisions.function_policy(deployment, qualifier)) is expected


def test_the_invoker_role_reaches_no_other_function(deployment: Deployment) -> None:
    other = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:other:live"
    caller = decisions.role(deployment, "invoker-role")
    assert not decisions.is_allowed(caller, Request(URL, other, SIGNED))
    assert not decisions.is_allowed(caller, Request(INVOKE, other, VIA_URL))


def test_the_policy_for_clients_elsewhere_is_what_they_need(deployment: Deployment) -> None:
    partner = Caller(PARTNER, [deployment.outputs["client_policy_json"]])
    assert calls(deployment, partner)
    assert not calls(deployment, Caller(FOREIGNER, [deployment.outputs["client_policy_json"]]))


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Caller(STRANGER, [decisions.policy("sts:AssumeRole")]), ALLOWED),
        (Caller(STRANGER), DENIED),
        (Caller(STRANGER, [decisions.policy("sts:AssumeRole", resource="arn:aws:iam::*:role/other")]), DENIED),
        (Caller(FOREIGNER, [EVERYTHING]), DENIED),
        (Caller(f"arn:aws:iam::{OTHER_ACCOUNT_ID}:root", [EVERYTHING]), DENIED),
        (Caller(ANONYMOUS.arn, [EVERYTHING]), DENIED),
    ],
)
def test_the_invoker_role_is_assumed_by_whom_the_account_allows(
    deployment: Deployment, caller: Caller, expected: bool
) -> None:
    trust = deployment.one(d.ROLE, "invoker-role").inputs["assumeRolePolicy"]
    assert decisions.may_assume(caller, trust, deployment.outputs["invoker_role_arn"]) is expected


@pytest.mark.parametrize(("arn", "expected"), [(CLIENT, ALLOWED), (STRANGER, DENIED), (FOREIGNER, DENIED)])
def test_named_principals_alone_may_assume_the_invoker_role(narrowed: Deployment, arn: str, expected: bool) -> None:
    trust = narrowed.one(d.ROLE, "invoker-role").inputs["assumeRolePolicy"]
    assert decisions.may_assume(Caller(arn, [EVERYTHING]), trust, narrowed.outputs["invoker_role_arn"]) is expected


@pytest.mark.parametrize("arn", [STRANGER, FOREIGNER, CLIENT, ANONYMOUS.arn])
def test_the_execution_role_is_assumed_by_nobody_but_the_service(deployment: Deployment, arn: str) -> None:
    trust = deployment.one(d.ROLE, "execution-role").inputs["assumeRolePolicy"]
    assert not decisions.may_assume(Caller(arn, [EVERYTHING]), trust, deployment.outputs["execution_role_arn"])
    assert [statement["Principal"] for statement in json.loads(trust)["Statement"]] == [
        {"Service": "lambda.amazonaws.com"}
    ]


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("logs:CreateLogStream", "{logs}:log-stream:2026/11/22/[1]abc", ALLOWED),
        ("logs:PutLogEvents", "{logs}:log-stream:2026/11/22/[1]abc", ALLOWED),
        ("xray:PutTraceSegments", "*", ALLOWED),
        ("xray:PutTelemetryRecords", "*", ALLOWED),
        ("xray:GetTraceSummaries", "*", DENIED),
        ("logs:PutLogEvents", "{logs}-2:log-stream:a", DENIED),
        ("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/other:log-stream:a", DENIED),
        ("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{OTHER_ACCOUNT_ID}:log-group:/aws/lambda/wine:*", DENIED),
        ("logs:CreateLogGroup", "{logs}", DENIED),
        ("logs:DeleteLogGroup", "{logs}", DENIED),
        ("logs:DeleteLogStream", "{logs}:log-stream:a", DENIED),
        ("logs:GetLogEvents", "{logs}:log-stream:a", DENIED),
        ("logs:PutRetentionPolicy", "{logs}", DENIED),
        ("lambda:InvokeFunction", "{function}:live", DENIED),
        ("lambda:InvokeFunctionUrl", "{function}:live", DENIED),
        ("lambda:UpdateFunctionCode", "{function}", DENIED),
        ("ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/wine-repository-1a2b3c4", DENIED),
        ("ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/wine-repository-1a2b3c4", DENIED),
        ("s3:GetObject", "arn:aws:s3:::bucket/key", DENIED),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:a", DENIED),
        ("kms:Decrypt", d.KMS_KEY_ARN, DENIED),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT_ID}:role/wine-invoker-role-1a2b3c4", DENIED),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/wine-execution-role-1a2b3c4", DENIED),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT_ID}:role/wine-execution-role-1a2b3c4", DENIED),
        ("ec2:CreateNetworkInterface", f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:subnet/subnet-1", DENIED),
    ],
)
def test_the_function_may_write_its_own_logs_and_traces_alone(
    deployment: Deployment, action: str, resource: str, expected: bool
) -> None:
    arn = resource.format(logs=decisions.log_group_arn(deployment), function=decisions.function_arn(deployment))
    assert decisions.is_allowed(decisions.role(deployment, "execution-role"), Request(action, arn)) is expected


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("ec2:CreateNetworkInterface", f"{REGION}:{ACCOUNT_ID}:network-interface/eni-1", ALLOWED),
        ("ec2:CreateNetworkInterface", f"{REGION}:{ACCOUNT_ID}:subnet/{d.VPC['subnet_ids'][0]}", ALLOWED),
        ("ec2:CreateNetworkInterface", f"{REGION}:{ACCOUNT_ID}:subnet/subnet-1", DENIED),
        ("ec2:DeleteNetworkInterface", f"{REGION}:{ACCOUNT_ID}:network-interface/eni-1", ALLOWED),
        ("ec2:DeleteNetworkInterface", f"{REGION}:{OTHER_ACCOUNT_ID}:network-interface/eni-1", DENIED),
        ("ec2:CreateNetworkInterface", f"us-east-1:{ACCOUNT_ID}:subnet/subnet-1", DENIED),
        ("ec2:DeleteSubnet", f"{REGION}:{ACCOUNT_ID}:subnet/subnet-1", DENIED),
        ("ec2:RunInstances", f"{REGION}:{ACCOUNT_ID}:instance/*", DENIED),
        ("ec2:AuthorizeSecurityGroupIngress", f"{REGION}:{ACCOUNT_ID}:security-group/sg-1", DENIED),
    ],
)
def test_in_a_vpc_the_function_may_manage_network_interfaces_of_its_region(
    in_a_vpc: Deployment, action: str, resource: str, expected: bool
) -> None:
    caller = decisions.role(in_a_vpc, "execution-role")
    assert decisions.is_allowed(caller, Request(action, f"arn:aws:ec2:{resource}")) is expected


def test_a_public_endpoint_lets_everybody_in_by_its_url_alone(public: Deployment) -> None:
    assert calls(public, ANONYMOUS, UNSIGNED)
    arn, policy = decisions.function_arn(public, "live"), decisions.function_policy(public, "live")
    assert not decisions.is_allowed(ANONYMOUS, Request(INVOKE, arn, NOT_VIA_URL), policy)
    assert not decisions.is_allowed(ANONYMOUS, Request("lambda:UpdateAlias", arn), policy)


def test_the_evaluator_tells_a_wide_policy_from_a_narrow_one() -> None:
    """Without this, a layer that always said no would pass nearly everything above."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:wine"
    assert decisions.is_allowed(Caller(STRANGER, [EVERYTHING]), Request("lambda:DeleteFunction", arn))
    assert not decisions.is_allowed(Caller(STRANGER, [BOTH]), Request("lambda:DeleteFunction", arn))
