"""Would AWS allow it? Decisions on the documents that a deployment makes, by the evaluator of the emulator's IAM.

A thin layer: it collects a deployment's documents and puts a request to `ministack.core.iam_evaluator`, which evaluates
conditions and explicit denials, and combines policies of the caller with those of the resource, within an account and
across two. Leaves out what AWS does before: checking signatures.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_evaluator as iam

from tests.fake_engine import ACCOUNT_ID, REGION, Deployment
from tests.security import deployments as d

SIGNED = {"lambda:functionurlauthtype": "AWS_IAM"}
UNSIGNED = {"lambda:functionurlauthtype": "NONE"}
VIA_URL = {"lambda:invokedviafunctionurl": "true"}
NOT_VIA_URL = {"lambda:invokedviafunctionurl": "false"}


@dataclass(frozen=True)
class Caller:
    """Who asks: an ARN, and the policies that were given to them."""

    arn: str
    policies: list[str] = field(default_factory=list)

    @property
    def account_id(self) -> str:
        return self.arn.split(":")[4]


#: Who does not sign at all.
ANONYMOUS = Caller("arn:aws:iam::000000000000:anonymous")


@dataclass(frozen=True)
class Request:
    """What is asked for, and what AWS knows about the request besides."""

    action: str
    resource: str
    keys: dict[str, Any] = field(default_factory=dict)


def is_allowed(caller: Caller, request: Request, resource_policy: dict[str, Any] | None = None) -> bool:
    """Whether a request is allowed by the caller's policies and the resource's, which belongs to our account."""
    context = _context(caller, request)
    if caller == ANONYMOUS:
        # Nobody has given them policies, so the resource's own decides alone.
        return bool(iam.evaluate_resource_policy(resource_policy, context).decision == "Allow")
    identity = iam.evaluate(context, [iam.parse_policy_document(document) for document in caller.policies])
    if resource_policy is None:
        return bool(identity.decision == "Allow")
    return bool(iam.combine_resource_policy(identity, context, resource_policy, ACCOUNT_ID).decision == "Allow")


def may_assume(caller: Caller, trust_policy: str, role_arn: str) -> bool:
    """Whether a caller may assume a role: trusted by the role, and allowed by its own account's policies."""
    context = _context(caller, Request("sts:AssumeRole", role_arn))
    trusted = bool(iam.evaluate_trust_policy(trust_policy, caller.arn, context))
    allowed = iam.evaluate(context, [iam.parse_policy_document(document) for document in caller.policies])
    return trusted and allowed.decision == "Allow"


def trusts(trust_policy: str, service: str, keys: dict[str, Any]) -> bool:
    """Whether a service may assume a role, in a request of which AWS knows these keys.

    The evaluator takes an account's root for every service, so that the service is put to it as a principal.
    """
    context = _context(Caller(f"arn:aws:iam::{ACCOUNT_ID}:{service}"), Request("sts:AssumeRole", "*", keys))
    return bool(iam.evaluate_trust_policy(trust_policy.replace('"Service"', '"AWS"'), service, context))


def document(text: str) -> dict[str, Any]:
    """A policy as the evaluator takes a resource's."""
    found: dict[str, Any] = json.loads(text)
    return found


def _context(caller: Caller, request: Request) -> iam.EvalContext:
    return iam.EvalContext(
        principal_arn=caller.arn,
        principal_type="AssumedRole" if ":assumed-role/" in caller.arn else "User",
        principal_account=caller.account_id,
        action=request.action,
        resource_arn=request.resource,
        region=REGION,
        secure_transport=request.keys.get("aws:securetransport") != "false",
        service_context=request.keys,
    )


def function_policy(deployment: Deployment, qualifier: str | None) -> dict[str, Any]:
    """The resource policy that Lambda keeps of the permissions on one qualifier; None is the function itself.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    statements = []
    for permission in deployment.all(d.PERMISSION):
        inputs = permission.inputs
        if inputs.get("qualifier") != qualifier:
            continue
        conditions: dict[str, Any] = {}
        if "functionUrlAuthType" in inputs:
            conditions["StringEquals"] = {"lambda:FunctionUrlAuthType": inputs["functionUrlAuthType"]}
        if inputs.get("invokedViaFunctionUrl"):
            conditions["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
        principal = inputs["principal"]
        statements.append(
            {
                "Effect": "Allow",
                "Principal": principal if principal == "*" else {"AWS": principal},
                "Action": inputs["action"],
                "Resource": function_arn(deployment, qualifier),
                "Condition": conditions,
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def function_arn(deployment: Deployment, qualifier: str | None = None) -> str:
    """The function's ARN, or that of one of its versions or aliases."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{deployment.one(d.FUNCTION).name}-1a2b3c4"
    return f"{arn}:{qualifier}" if qualifier else arn


def log_group_arn(deployment: Deployment) -> str:
    """The ARN of the deployment's log group."""
    return f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{deployment.one(d.LOG_GROUP).inputs['namePrefix']}1a2b3c4"


def role(deployment: Deployment, name_ends: str, session: str = "session") -> Caller:
    """A session of one of the deployment's roles, with the policies that it was given."""
    name = deployment.one(d.ROLE, name_ends).name
    policies = [
        policy.inputs["policy"]
        for policy in deployment.all(d.ROLE_POLICY)
        if policy.inputs["role"] == f"{name}-1a2b3c4"
    ]
    return Caller(f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}-1a2b3c4/{session}", policies)


def policy(*actions: str, resource: str = "*", effect: str = "Allow") -> str:
    """A policy document of somebody else."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
