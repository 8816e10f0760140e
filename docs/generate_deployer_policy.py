"""Writes what a deployer must be allowed to do: `python -m docs.generate_deployer_policy`.

Each right covers all that the AWS provider does with a type of resource: create, read, change, tag, delete.
Sources: the provider's calls (github.com/hashicorp/terraform-provider-aws, internal/service), and AWS's lists of a
service's actions and resources (https://docs.aws.amazon.com/service-authorization/latest/reference/).
Every name begins with the component's, since Pulumi makes it so; `*` is only used where IAM knows no names.
"""

import json
from pathlib import Path
from typing import Any

POLICY = Path(__file__).resolve().parent / "deployer-policy.json"

NAME = "wine-quality"
"""Name of the component in the program; ACCOUNT is replaced by the account's number."""

_FUNCTION = [f"arn:aws:lambda:*:ACCOUNT:function:{NAME}-*"]
_ROLES = [f"arn:aws:iam::ACCOUNT:role/{NAME}-*"]
_REPOSITORY = [f"arn:aws:ecr:*:ACCOUNT:repository/{NAME}-*"]
_LOGS = [f"arn:aws:logs:*:ACCOUNT:log-group:/aws/lambda/{NAME}-*"]
_ALARMS = [f"arn:aws:cloudwatch:*:ACCOUNT:alarm:{NAME}-*"]
_BATCH_LOGS = [f"arn:aws:logs:*:ACCOUNT:log-group:/aws/vendedlogs/states/{NAME}-*"]
_BUCKETS = [f"arn:aws:s3:::{NAME}-*"]
_ANY = ["*"]

RIGHTS: dict[str, list[tuple[str, list[str], list[str]]]] = {
    "aws:ecr/repository:Repository": [
        (
            "ecr",
            [
                *("CreateRepository", "DescribeRepositories", "DeleteRepository"),
                *("ListTagsForResource", "TagResource", "UntagResource"),
                *("PutImageTagMutability", "PutImageScanningConfiguration"),
            ],
            _REPOSITORY,
        )
    ],
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": [
        ("ecr", ["PutLifecyclePolicy", "GetLifecyclePolicy", "DeleteLifecyclePolicy"], _REPOSITORY)
    ],
    # The push, by the Docker engine with the registry's password.
    "docker:index/image:Image": [
        ("ecr", ["GetAuthorizationToken"], _ANY),
        (
            "ecr",
            [
                *("BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload"),
                *("PutImage", "BatchGetImage", "GetDownloadUrlForLayer", "DescribeImages"),
            ],
            _REPOSITORY,
        ),
    ],
    "aws:iam/role:Role": [
        (
            "iam",
            [
                *(
                    "CreateRole",
                    "GetRole",
                    "UpdateRole",
                    "UpdateRoleDescription",
                    "UpdateAssumeRolePolicy",
                    "DeleteRole",
                ),
                *(
                    "TagRole",
                    "UntagRole",
                    "ListRolePolicies",
                    "ListAttachedRolePolicies",
                    "ListInstanceProfilesForRole",
                ),
                *("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
            ],
            _ROLES,
        )
    ],
    # Callers' own roles get a policy too (`invoker_role_names`): name them here beside the component's.
    "aws:iam/rolePolicy:RolePolicy": [("iam", ["PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"], _ROLES)],
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": [
        ("iam", ["AttachRolePolicy", "DetachRolePolicy", "ListAttachedRolePolicies"], _ROLES)
    ],
    "aws:cloudwatch/logGroup:LogGroup": [
        ("logs", ["DescribeLogGroups"], _ANY),
        (
            "logs",
            [
                *("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "DeleteRetentionPolicy"),
                *("AssociateKmsKey", "DisassociateKmsKey", "ListTagsForResource", "TagResource", "UntagResource"),
            ],
            [*_LOGS, *_BATCH_LOGS],
        ),
    ],
    "aws:lambda/function:Function": [
        # Lambda lets itself into the repository in the caller's name:
        # https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
        ("ecr", ["GetRepositoryPolicy", "SetRepositoryPolicy"], _REPOSITORY),
        # Where and how it runs, for a function in a VPC.
        ("ec2", ["DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs", "DescribeNetworkInterfaces"], _ANY),
        (
            "lambda",
            [
                *("CreateFunction", "GetFunction", "GetFunctionConfiguration", "DeleteFunction"),
                *("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "ListVersionsByFunction"),
                *("GetFunctionCodeSigningConfig", "PutFunctionConcurrency", "DeleteFunctionConcurrency"),
                *("ListTags", "TagResource", "UntagResource"),
            ],
            _FUNCTION,
        ),
    ],
    "aws:lambda/alias:Alias": [("lambda", ["CreateAlias", "GetAlias", "UpdateAlias", "DeleteAlias"], _FUNCTION)],
    "aws:lambda/functionUrl:FunctionUrl": [
        (
            "lambda",
            [
                *("CreateFunctionUrlConfig", "GetFunctionUrlConfig"),
                *("UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig"),
            ],
            _FUNCTION,
        )
    ],
    "aws:lambda/permission:Permission": [("lambda", ["AddPermission", "GetPolicy", "RemovePermission"], _FUNCTION)],
    # The check of a new version, before the alias takes it.
    "aws:lambda/invocation:Invocation": [("lambda", ["InvokeFunction"], _FUNCTION)],
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": [
        (
            "lambda",
            [
                *("PutProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig"),
                "DeleteProvisionedConcurrencyConfig",
            ],
            _FUNCTION,
        )
    ],
    "aws:cloudwatch/metricAlarm:MetricAlarm": [
        (
            "cloudwatch",
            ["PutMetricAlarm", "DescribeAlarms", "DeleteAlarms", "ListTagsForResource", "TagResource", "UntagResource"],
            _ALARMS,
        )
    ],
    "aws:cloudwatch/dashboard:Dashboard": [
        (
            "cloudwatch",
            ["PutDashboard", "GetDashboard", "DeleteDashboards"],
            [f"arn:aws:cloudwatch::ACCOUNT:dashboard/{NAME}-*"],
        )
    ],
    # The rest is for the argument `batch` alone.
    "aws:s3/bucket:Bucket": [
        (
            "s3",
            [
                *("CreateBucket", "DeleteBucket", "ListBucket", "ListBucketVersions", "DeleteObject"),
                *("DeleteObjectVersion", "GetBucketTagging", "PutBucketTagging", "GetBucketAcl", "GetBucketCORS"),
                *("GetBucketLogging", "GetBucketObjectLockConfiguration", "GetBucketRequestPayment"),
                *("GetBucketVersioning", "GetBucketWebsite", "GetAccelerateConfiguration"),
                "GetReplicationConfiguration",
            ],
            _BUCKETS,
        )
    ],
    "aws:s3/bucketPolicy:BucketPolicy": [
        ("s3", ["PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy"], _BUCKETS)
    ],
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": [
        ("s3", ["PutBucketPublicAccessBlock", "GetBucketPublicAccessBlock"], _BUCKETS)
    ],
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": [
        ("s3", ["PutEncryptionConfiguration", "GetEncryptionConfiguration"], _BUCKETS)
    ],
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": [
        ("s3", ["PutLifecycleConfiguration", "GetLifecycleConfiguration"], _BUCKETS)
    ],
    "aws:sfn/stateMachine:StateMachine": [
        (
            "states",
            [
                *("CreateStateMachine", "DescribeStateMachine", "UpdateStateMachine", "DeleteStateMachine"),
                *("ListStateMachineVersions", "ListTagsForResource", "TagResource", "UntagResource"),
            ],
            [f"arn:aws:states:*:ACCOUNT:stateMachine:{NAME}-*"],
        ),
        ("states", ["ValidateStateMachineDefinition"], _ANY),
    ],
    # Made by Pulumi alone.
    "random:index/randomId:RandomId": [],
}


def document() -> dict[str, Any]:
    """The policy document: one statement for each service and the resources that its actions are for."""
    allowed: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for rights in RIGHTS.values():
        for service, actions, resources in rights:
            allowed.setdefault((service, tuple(resources)), set()).update(f"{service}:{name}" for name in actions)
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
        for (_, resources), actions in sorted(allowed.items())
    ]
    to_services = {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "states.amazonaws.com"]}}
    statements.append({"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": _ROLES, "Condition": to_services})
    return {"Version": "2012-10-17", "Statement": statements}


if __name__ == "__main__":
    POLICY.write_text(json.dumps(document(), indent=2) + "\n", encoding="utf-8")
