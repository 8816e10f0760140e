"""Who may do what? The IAM policy documents, as pure functions of ARNs.

No wildcard action stands anywhere, and a wildcard resource only with actions for which IAM knows no narrower one.
Leaves out who is attached to what: that is the component's business.
"""

import json
from typing import Any

#: A Function URL is reached with both actions, the second only "via function URL".
#: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
INVOKE_URL_ACTION = "lambda:InvokeFunctionUrl"
INVOKE_ACTION = "lambda:InvokeFunction"


def execution_trust() -> str:
    """Trust policy of the execution role: the Lambda service alone may assume it."""
    return _document([_allow("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"})])


def execution(log_group_arn: str, network_interfaces: str | None = None, tracing: bool = False) -> str:
    """What the function may do: write into its own log group, and what the options that were chosen need.

    It may not create a log group; the component owns it.

    Args:
        log_group_arn: The function's log group.
        network_interfaces: For a function in a VPC, the ARN prefix of what it works on there:
            `arn:aws:ec2:{region}:{account}`. https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        tracing: Whether it sends traces to X-Ray, which knows no resources of its own.
    """
    statements = [_allow("logs:CreateLogStream", "logs:PutLogEvents", Resource=f"{log_group_arn}:*")]
    if network_interfaces:
        parts = [f"{network_interfaces}:{part}/*" for part in ("network-interface", "subnet", "security-group")]
        statements.append(_allow("ec2:CreateNetworkInterface", Resource=parts))
        statements.append(
            _allow(
                "ec2:DeleteNetworkInterface",
                "ec2:AssignPrivateIpAddresses",
                "ec2:UnassignPrivateIpAddresses",
                Resource=parts[0],
            )
        )
        statements.append(_allow("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", Resource="*"))
    if tracing:
        statements.append(_allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", Resource="*"))
    return _document(statements)


def invoker_trust(partition: str, account_id: str) -> str:
    """Trust policy of the invoker role: principals of the account that have been given `sts:AssumeRole` on it."""
    return _document([_allow("sts:AssumeRole", Principal={"AWS": f"arn:{partition}:iam::{account_id}:root"})])


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
