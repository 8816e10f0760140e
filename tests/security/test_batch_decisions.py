"""What may a batch run do? Asked of the role that the component makes for its state machine."""

import pytest

from tests.fake_engine import ACCOUNT_ID, REGION, Deployment
from tests.security import decisions
from tests.security import deployments as d
from tests.security.decisions import ANONYMOUS, Caller, Request
from tests.security.deployments import CLIENT_ARN, OTHER_ACCOUNT_ID, Deployer

ALLOWED, DENIED = True, False
OTHER_KEY = d.KMS_KEY_ARN.replace("0a1b2c3d", "ffffffff")
STATES = f"arn:aws:states:{REGION}:{ACCOUNT_ID}"
MACHINE = "wine-batch-1a2b3c4"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/vendedlogs/states/wine-batch-1a2b3c4"
STEP_FUNCTIONS = "states.amazonaws.com"
EVERYTHING = decisions.policy("*")


@pytest.fixture(scope="session")
def batch(deploy: Deployer) -> Deployment:
    """With all that it can be asked to need."""
    return deploy({"batch": {}, "kms_key_arn": d.KMS_KEY_ARN, "tracing": True})


@pytest.fixture(scope="session")
def plain(deploy: Deployer) -> Deployment:
    """With buckets of the user's own, without a key and without traces."""
    buckets = {"input_bucket": "rows", "output_bucket": "answers"}
    return deploy({"batch": buckets, "tracing": False})


def may(deployment: Deployment, action: str, resource: str) -> bool:
    arn = resource.format(function=decisions.function_arn(deployment))
    return decisions.is_allowed(decisions.role(deployment, "batch-role"), Request(action, arn))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        # What AWS documents for Distributed Maps, their results in S3, and redrives:
        # https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
        ("states:StartExecution", f"{STATES}:stateMachine:{MACHINE}"),
        ("states:DescribeExecution", f"{STATES}:execution:{MACHINE}:a-run"),
        ("states:StopExecution", f"{STATES}:execution:{MACHINE}/csv-object:a-child"),
        # The state machine's own ARN in these two places lets no run be redriven: https://github.com/aws/aws-cdk/pull/34760
        ("states:RedriveExecution", f"{STATES}:execution:{MACHINE}/csv-prefix:a-child"),
        ("s3:ListBucket", "arn:aws:s3:::wine-batch-input-1a2b3c4"),
        ("s3:GetObject", "arn:aws:s3:::wine-batch-input-1a2b3c4/2026/wines.csv"),
        ("s3:PutObject", "arn:aws:s3:::wine-batch-output-1a2b3c4/2026/manifest.json"),
        ("s3:GetObject", "arn:aws:s3:::wine-batch-output-1a2b3c4/2026/manifest.json"),
        ("s3:ListMultipartUploadParts", "arn:aws:s3:::wine-batch-output-1a2b3c4/2026/SUCCEEDED_0.jsonl"),
        ("s3:AbortMultipartUpload", "arn:aws:s3:::wine-batch-output-1a2b3c4/2026/SUCCEEDED_0.jsonl"),
        ("lambda:InvokeFunction", "{function}:live"),
        # Without the key, writing ends in "Failed to write a test manifest": https://github.com/aws/aws-cdk/issues/32144
        ("kms:Decrypt", d.KMS_KEY_ARN),
        ("kms:GenerateDataKey", d.KMS_KEY_ARN),
        # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and xray-iam.html
        ("logs:CreateLogDelivery", "*"),
        ("logs:GetLogDelivery", "*"),
        ("logs:UpdateLogDelivery", "*"),
        ("logs:DeleteLogDelivery", "*"),
        ("logs:ListLogDeliveries", "*"),
        ("logs:PutResourcePolicy", "*"),
        ("logs:DescribeResourcePolicies", "*"),
        ("logs:DescribeLogGroups", "*"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
        ("xray:GetSamplingRules", "*"),
        ("xray:GetSamplingTargets", "*"),
    ],
)
def test_a_batch_run_may_do_what_it_needs(batch: Deployment, action: str, resource: str) -> None:
    assert may(batch, action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        # a version that was never proved, another function, the function itself
        ("lambda:InvokeFunction", "{function}"),
        ("lambda:InvokeFunction", "{function}:$LATEST"),
        ("lambda:InvokeFunction", "{function}:1"),
        ("lambda:InvokeFunction", "{function}:live-2"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:other:live"),
        ("lambda:InvokeFunctionUrl", "{function}:live"),
        ("lambda:InvokeAsync", "{function}:live"),
        ("lambda:UpdateAlias", "{function}:live"),
        ("lambda:UpdateFunctionCode", "{function}"),
        ("lambda:GetFunction", "{function}"),
        # rows of others, and anything with these but to read the one and write the other
        ("s3:GetObject", "arn:aws:s3:::other/wines.csv"),
        ("s3:GetObject", "arn:aws:s3:::wine-batch-input-1a2b3c4-2/wines.csv"),
        ("s3:ListBucket", "arn:aws:s3:::other"),
        ("s3:ListBucket", "arn:aws:s3:::wine-batch-output-1a2b3c4"),
        ("s3:PutObject", "arn:aws:s3:::other/manifest.json"),
        ("s3:PutObject", "arn:aws:s3:::wine-batch-input-1a2b3c4/wines.csv"),
        ("s3:DeleteObject", "arn:aws:s3:::wine-batch-input-1a2b3c4/wines.csv"),
        ("s3:DeleteObject", "arn:aws:s3:::wine-batch-output-1a2b3c4/2026/manifest.json"),
        ("s3:GetObjectVersion", "arn:aws:s3:::wine-batch-input-1a2b3c4/wines.csv"),
        ("s3:PutObjectAcl", "arn:aws:s3:::wine-batch-output-1a2b3c4/2026/manifest.json"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::wine-batch-output-1a2b3c4"),
        ("s3:PutLifecycleConfiguration", "arn:aws:s3:::wine-batch-output-1a2b3c4"),
        ("s3:DeleteBucket", "arn:aws:s3:::wine-batch-output-1a2b3c4"),
        ("s3:ListAllMyBuckets", "*"),
        # other state machines, and what this one is
        ("states:StartExecution", f"{STATES}:stateMachine:other"),
        ("states:StartExecution", f"{STATES}:stateMachine:{MACHINE}-2"),
        ("states:StopExecution", f"{STATES}:execution:other:a-run"),
        ("states:RedriveExecution", f"{STATES}:execution:{MACHINE}-2/csv-object:a-child"),
        ("states:UpdateStateMachine", f"{STATES}:stateMachine:{MACHINE}"),
        ("states:DeleteStateMachine", f"{STATES}:stateMachine:{MACHINE}"),
        ("states:GetExecutionHistory", f"{STATES}:execution:{MACHINE}:a-run"),
        # the delivery of logs is CloudWatch's; what stands in them is for people to read
        ("logs:PutLogEvents", f"{LOGS}:log-stream:a"),
        ("logs:GetLogEvents", f"{LOGS}:log-stream:a"),
        ("logs:FilterLogEvents", LOGS),
        ("logs:DeleteLogGroup", LOGS),
        ("logs:DeleteResourcePolicy", "*"),
        ("logs:GetLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/wine:log-stream:a"),
        ("xray:GetTraceSummaries", "*"),
        ("kms:Decrypt", OTHER_KEY),
        ("kms:GenerateDataKey", OTHER_KEY),
        ("kms:ScheduleKeyDeletion", d.KMS_KEY_ARN),
        ("kms:PutKeyPolicy", d.KMS_KEY_ARN),
        ("kms:CreateGrant", d.KMS_KEY_ARN),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT_ID}:role/wine-batch-role-1a2b3c4"),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT_ID}:role/wine-batch-role-1a2b3c4"),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT_ID}:role/wine-invoker-role-1a2b3c4"),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:a"),
        ("ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/wine-repository-1a2b3c4"),
        ("events:PutRule", f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/a"),
    ],
)
def test_a_batch_run_may_do_nothing_else(batch: Deployment, action: str, resource: str) -> None:
    assert not may(batch, action, resource)


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::rows/2026/wines.csv", ALLOWED),
        ("s3:ListBucket", "arn:aws:s3:::rows", ALLOWED),
        ("s3:PutObject", "arn:aws:s3:::answers/2026/manifest.json", ALLOWED),
        ("s3:PutObject", "arn:aws:s3:::rows/2026/wines.csv", DENIED),
        ("s3:GetObject", "arn:aws:s3:::wine-batch-input-1a2b3c4/wines.csv", DENIED),
        ("kms:Decrypt", d.KMS_KEY_ARN, DENIED),
        ("kms:GenerateDataKey", d.KMS_KEY_ARN, DENIED),
        ("xray:PutTraceSegments", "*", DENIED),
    ],
)
def test_what_was_not_asked_for_is_not_given(plain: Deployment, action: str, resource: str, expected: bool) -> None:
    assert may(plain, action, resource) is expected


@pytest.mark.parametrize(
    ("service", "account_id", "expected"),
    [
        (STEP_FUNCTIONS, ACCOUNT_ID, ALLOWED),
        (STEP_FUNCTIONS, OTHER_ACCOUNT_ID, DENIED),
        (STEP_FUNCTIONS, None, DENIED),
        ("lambda.amazonaws.com", ACCOUNT_ID, DENIED),
        ("events.amazonaws.com", ACCOUNT_ID, DENIED),
    ],
)
def test_step_functions_alone_assumes_the_role_and_only_for_this_account(
    batch: Deployment, service: str, account_id: str | None, expected: bool
) -> None:
    trust = batch.one(d.ROLE, "batch-role").inputs["assumeRolePolicy"]
    assert decisions.trusts(trust, service, {"aws:sourceaccount": account_id} if account_id else {}) is expected


@pytest.mark.parametrize(
    "arn",
    [
        CLIENT_ARN,
        f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/wine-execution-role-1a2b3c4/session",
        f"arn:aws:iam::{ACCOUNT_ID}:user/stranger",
        f"arn:aws:iam::{ACCOUNT_ID}:root",
        f"arn:aws:iam::{OTHER_ACCOUNT_ID}:root",
        ANONYMOUS.arn,
    ],
)
def test_nobody_assumes_the_role_themselves(batch: Deployment, arn: str) -> None:
    trust = batch.one(d.ROLE, "batch-role").inputs["assumeRolePolicy"]
    role = f"arn:aws:iam::{ACCOUNT_ID}:role/wine-batch-role-1a2b3c4"
    assert not decisions.may_assume(Caller(arn, [EVERYTHING]), trust, role)


@pytest.mark.parametrize("bucket", ["input", "output"])
@pytest.mark.parametrize(("secure", "expected"), [("true", ALLOWED), ("false", DENIED)])
def test_nobody_reaches_the_buckets_in_plain_http(batch: Deployment, bucket: str, secure: str, expected: bool) -> None:
    """Not even who may do everything."""
    name = f"wine-batch-{bucket}-1a2b3c4"
    policy = batch.one(d.BUCKET_POLICY, f"batch-{bucket}-tls").inputs["policy"]
    owner = Caller(f"arn:aws:iam::{ACCOUNT_ID}:user/owner", [EVERYTHING])
    request = Request("s3:GetObject", f"arn:aws:s3:::{name}/wines.csv", {"aws:securetransport": secure})
    assert decisions.is_allowed(owner, request, decisions.document(policy)) is expected
