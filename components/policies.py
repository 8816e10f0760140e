"""Who may do what? The IAM policy documents, as pure functions of ARNs.

There is no wildcard action, and a wildcard resource only with actions for which IAM knows no narrower one.
Leaves out who is attached to what: that is the component's business.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: A Function URL is reached with both actions, the second only "via function URL".
#: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
INVOKE_URL_ACTION = "lambda:InvokeFunctionUrl"
INVOKE_ACTION = "lambda:InvokeFunction"

#: What Lambda does with a function's network interfaces, in the name of its role.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_INTERFACE_ACTIONS = ("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
_LOOKING_ACTIONS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")

#: What a state machine's role needs to have its log delivered and to be traced; IAM knows no narrower resource.
#: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and xray-iam.html
_LOG_DELIVERY_ACTIONS = (
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
)
_TRACING_ACTIONS = (
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"),
)


@dataclass(frozen=True)
class Network:
    """Where in a VPC a function runs.

    Attributes:
        prefix: `arn:{partition}:ec2:{region}:{account}`.
        functions: ARN pattern of the functions that the role may run: of the account and region, since the function's
            own name is not known before its role and may be an earlier one of the component's.
        subnet_ids: Its subnets.
        security_group_ids: Its security groups.
    """

    prefix: str
    functions: str
    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]


def execution_trust() -> str:
    """Trust policy of the execution role: the Lambda service alone may assume it."""
    return _document([_allow("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})])


def execution(log_group_arn: str, network: Network | None = None, tracing: bool = False) -> str:
    """What the function may do: write into its own log group, and what the options that were chosen need.

    It may not create a log group; the component owns it. In a VPC, Lambda makes network interfaces in the role's name,
    in the function's own subnets and security groups alone. Which of the account's interfaces it deletes or gives
    addresses to IAM cannot narrow, since Lambda wants these rights on every id; the function's own code is denied them.

    Args:
        log_group_arn: The function's log group.
        network: For a function in a VPC, where it is.
        tracing: Whether it sends traces to X-Ray, which knows no resources of its own.
    """
    statements = [_allow("logs:CreateLogStream", "logs:PutLogEvents", Resource=f"{log_group_arn}:*")]
    if network:
        interfaces = f"{network.prefix}:network-interface/*"
        subnets = [f"{network.prefix}:subnet/{subnet}" for subnet in network.subnet_ids]
        groups = [f"{network.prefix}:security-group/{group}" for group in network.security_group_ids]
        actions = ["ec2:CreateNetworkInterface", *_INTERFACE_ACTIONS, *_LOOKING_ACTIONS]
        statements += [
            _allow("ec2:CreateNetworkInterface", Resource=[interfaces, *subnets, *groups]),
            _allow(*_INTERFACE_ACTIONS, Resource=interfaces),
            _allow(*_LOOKING_ACTIONS, Resource="*"),
            {
                "Effect": "Deny",
                "Action": actions,
                "Resource": "*",
                "Condition": {"ArnLike": {"lambda:SourceFunctionArn": network.functions}},
            },
        ]
    if tracing:
        statements.append(_allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", Resource="*"))
    return _document(statements)


def invoker_trust(principals: Sequence[str]) -> str:
    """Trust policy of the invoker role: these may assume it.

    An account's root means every principal of the account that has been given `sts:AssumeRole` on the role.
    """
    return _document(
        [_allow("sts:AssumeRole", Principal={"AWS": principals[0] if len(principals) == 1 else principals})]
    )


def client(alias_arn: str) -> str:
    """What a client needs: both actions on the alias, each only by way of the IAM-authenticated Function URL."""
    via_url = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    signed = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    return _document(
        [
            _allow(INVOKE_URL_ACTION, Resource=alias_arn, Condition=signed),
            _allow(INVOKE_ACTION, Resource=alias_arn, Condition=via_url),
        ]
    )


def alias_policy_bytes(name: str, principals: Sequence[str]) -> int:
    """How much of the alias's policy the permissions of these principals take, as Lambda writes it.

    Args:
        name: The component's name, which is in the function's name and in the statements' ids.
        principals: Their ARNs.
    """
    function = f"arn:aws:lambda:ap-northeast-1:123456789012:function:{name}-function-1234567:live"
    conditions = {
        INVOKE_URL_ACTION: {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        INVOKE_ACTION: {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    statements = [
        {
            "Sid": f"{name}-12345678-invoke-url-12345678",
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": action,
            "Resource": function,
            "Condition": condition,
        }
        for principal in principals
        for action, condition in conditions.items()
    ]
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return len(json.dumps(policy, separators=(",", ":")))


def batch_trust(account_id: str) -> str:
    """Trust policy of the role for batch scoring: Step Functions, acting for this account's own state machines.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html#prevent-cross-service-confused-deputy
    """
    own = {"StringEquals": {"aws:SourceAccount": account_id}}
    return _document([_allow("sts:AssumeRole", Principal={"Service": "states.amazonaws.com"}, Condition=own)])


def batch_data(
    partition: str, input_bucket: str, output_bucket: str, alias_arn: str, kms_key_arn: str | None, *, tracing: bool
) -> str:
    """What a batch run may do with data: read rows, ask the live alias, write answers, log and trace.

    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html

    Args:
        partition: `aws`, or another one.
        input_bucket: Where rows lie.
        output_bucket: Where answers go; the engine reads what it has written.
        alias_arn: The live alias.
        kms_key_arn: Key that encrypts both buckets, if one does.
        tracing: Whether runs send traces.
    """
    bucket = f"arn:{partition}:s3:::"
    statements = [
        _allow("s3:ListBucket", Resource=f"{bucket}{input_bucket}"),
        _allow("s3:GetObject", Resource=f"{bucket}{input_bucket}/*"),
        _allow(
            *("s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
            Resource=f"{bucket}{output_bucket}/*",
        ),
        _allow(INVOKE_ACTION, Resource=alias_arn),
        _allow(*_LOG_DELIVERY_ACTIONS, Resource="*"),
    ]
    if kms_key_arn:
        statements.append(_allow("kms:Decrypt", "kms:GenerateDataKey", Resource=kms_key_arn))
    if tracing:
        statements.append(_allow(*_TRACING_ACTIONS, Resource="*"))
    return _document(statements)


def batch_runs(state_machine_arn: str) -> str:
    """What a batch run may do with its own parts: a Distributed Map starts each as a run of the same state machine."""
    runs = state_machine_arn.replace(":stateMachine:", ":execution:")
    return _document(
        [
            _allow("states:StartExecution", Resource=state_machine_arn),
            _allow(
                *("states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"),
                Resource=[f"{runs}:*", f"{runs}/*"],
            ),
        ]
    )


def tls_only(bucket_arn: str) -> str:
    """Policy of a bucket: nobody reaches it in plain HTTP, whoever they are."""
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    everything = {"Principal": "*", "Action": "s3:*", "Resource": [bucket_arn, f"{bucket_arn}/*"]}
    return _document([{"Effect": "Deny", **everything, "Condition": insecure}])


def image_lifecycle(keep: int) -> str:
    """ECR lifecycle policy that keeps the newest images.

    A function keeps pulling the image of its live version, so an expired one breaks it: counted generously, and
    never by age, since a model may serve unchanged for years.
    """
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep}
    rule = {
        "rulePriority": 1,
        "description": f"Keep the newest {keep} images: the live one and those to roll back to",
        "selection": selection,
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})


def _allow(*actions: str, **rest: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions) if len(actions) > 1 else actions[0], **rest}


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
