"""Who may do what? The IAM policy documents, as pure functions of ARNs.

Every statement names its actions and its one resource; no wildcard action stands anywhere. Leaves out who is attached
to what: that is the component's business.
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


def execution(log_group_arn: str) -> str:
    """What the function may do: write into its own log group. It may not create one; the component owns it."""
    return _document([_allow("logs:CreateLogStream", "logs:PutLogEvents", Resource=f"{log_group_arn}:*")])


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
