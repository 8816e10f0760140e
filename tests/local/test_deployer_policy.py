"""Is the policy that docs/deployment.md gives to whoever deploys enough for every resource, and no more than needed?"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from docs import generate_deployer_policy
from docs.generate_deployer_policy import POLICY, RIGHTS
from local import demo, stack_config
from local.cloud import Cloud, Credentials
from local.deployment import Deployment
from local.errors import LocalError
from local.resources import Target
from local.staged_images import StagedImages

USER = "deployer"
Deploy = Callable[..., Deployment]
EVERYTHING = {
    "alarms": {"p99DurationMs": 250, "topicArn": "arn:aws:sns:eu-central-1:000000000000:on-call"},
    "dashboard": True,
    "batch": {},
    "reservedConcurrency": 5,
    "provisionedConcurrency": 1,
    "tags": {"team": "wine"},
    "executionPolicyArns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    "executionPolicies": [
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::prices/*"}],
            }
        )
    ],
    "invokerArns": ["arn:aws:iam::000000000000:role/checkout"],
}
"""Settings that together register every type of resource."""


UNNAMED_BY_THE_EMULATOR = [
    {"Effect": "Allow", "Action": ["lambda:CreateFunction"], "Resource": ["*"]},
    {"Effect": "Allow", "Action": ["cloudwatch:*Dashboard*"], "Resource": ["*"]},
]
"""Whose resource the emulator does not find in a request. AWS asks for the function's or the dashboard's ARN:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html, …/list_amazoncloudwatch.html"""


def as_over_tls(params: dict[str, Any], **_: Any) -> None:
    """The buckets' policies refuse plain HTTP, which the emulator speaks unless a proxy says that it ended TLS."""
    params["headers"]["X-Forwarded-Proto"] = "https"


@pytest.fixture(scope="module")
def user(cloud: Cloud) -> Iterator[Cloud]:
    """The emulator as a user who may do what one policy says, which each test puts in the place of the last."""
    cloud.iam.create_user(UserName=USER)
    key = cloud.iam.create_access_key(UserName=USER)["AccessKey"]
    seen = Cloud(cloud.url, cloud.region, Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    seen.session.events.register("before-call.s3", as_over_tls)
    yield seen
    cloud.iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
    cloud.iam.delete_user_policy(UserName=USER, PolicyName="deploy")
    cloud.iam.delete_user(UserName=USER)


@pytest.fixture
def deploy(cloud: Cloud, user: Cloud) -> Deploy:
    """Deploys the project's own program with some settings, as a user with this policy without a service's rights."""

    def deployed(*settings: str, without: str | None = None) -> Deployment:
        policy = json.loads(POLICY.read_text().replace("ACCOUNT", cloud.account_id))
        policy["Statement"] = [
            statement
            for statement in [*policy["Statement"], *UNNAMED_BY_THE_EMULATOR]
            if not statement["Action"][0].startswith(f"{without}:")
        ]
        cloud.iam.put_user_policy(UserName=USER, PolicyName="deploy", PolicyDocument=json.dumps(policy))
        deployment = Deployment(Target(user, StagedImages()))
        deployment.deploy(stack_config.load(demo.PROJECT, overrides={name: EVERYTHING[name] for name in settings}))
        return deployment

    return deployed


def test_it_is_written_from_the_types_of_resources() -> None:
    assert json.loads(POLICY.read_text()) == generate_deployer_policy.document(), (
        "write it again: python -m docs.generate_deployer_policy"
    )


def test_it_fits_into_one_managed_policy() -> None:
    # 6,144 characters without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    policy = POLICY.read_text().replace("ACCOUNT", "111122223333")
    assert len("".join(policy.split())) <= 6144


def test_nothing_is_allowed_on_everything_that_iam_can_name() -> None:
    unnamed = {
        action
        for statement in generate_deployer_policy.document()["Statement"]
        if statement["Resource"] == ["*"]
        for action in statement["Action"]
    }
    assert unnamed == {
        "ecr:GetAuthorizationToken",
        "logs:DescribeLogGroups",
        "states:ValidateStateMachineDefinition",
        *(f"ec2:Describe{what}" for what in ("NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")),
    }


def test_a_user_with_this_policy_alone_deploys_everything(deploy: Deploy) -> None:
    made = {urn.split("::")[2].rpartition("$")[2] for urn in deploy(*EVERYTHING).resources}
    assert made - {"ml-inference:index:MLInferenceFunction"} == RIGHTS.keys()


@pytest.mark.parametrize(
    ("service", "settings"),
    [
        *((service, []) for service in ("ecr", "iam", "lambda", "logs")),
        *(("cloudwatch", [setting]) for setting in ("alarms", "dashboard")),
        *((service, ["batch"]) for service in ("s3", "states")),
    ],
)
def test_without_what_it_says_of_a_service_nobody_deploys_what_needs_it(
    deploy: Deploy, service: str, settings: list[str]
) -> None:
    with pytest.raises(LocalError, match=f"is not authorized to perform: {service}:"):
        deploy(*settings, without=service)
