"""Follows the path of a request step by step and says in plain words where it ends.

Name and connection, clock, credentials, role, signature and grants, model. It stops at the first fault, since what
comes after would only repeat it. Sends no data and prints no credential.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from botocore.exceptions import ClientError

from ml_inference_client.client import Client, http_client, tls_name, why_untrusted
from ml_inference_client.credentials import AWS_CALL_ERRORS, CredentialSource, plain, said
from ml_inference_client.errors import CredentialsError, ForbiddenError, InferenceError
from ml_inference_client.refusal import GRANTS, MOST_SKEW_SECONDS, missing_grant, redirect, skew_seconds
from ml_inference_client.retry import Retry
from ml_inference_client.settings import Settings

_ASSUMED = re.compile(r"^arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")


@dataclass(frozen=True)
class Finding:
    """The outcome of one step.

    Attributes:
        good: Whether the next step makes sense.
        step: The step's name.
        sentence: What was found; for a fault, what to do.
    """

    good: bool
    step: str
    sentence: str


def examine(settings: Settings, retry: Retry | None = None) -> Iterator[Finding]:
    """Examine an endpoint; the last finding is the fault, if there is one.

    Args:
        settings: Endpoint, region and role.
        retry: When to send the signed request again.
    """
    yield (reached := _reach(settings))
    if not reached.good:
        return
    try:
        source = CredentialSource(settings)
        caller = _caller(source, settings)
        yield Finding(True, "credentials", caller)
        if settings.role_arn:
            source.current()
            yield Finding(True, "role", f"{settings.role_arn} assumed")
    except CredentialsError as error:
        yield Finding(False, "credentials", str(error))
        return
    yield _call(settings, source, caller, retry)


def _reach(settings: Settings) -> Finding:
    """Connect without a signature: the answer must be 403, and its date tells how wrong this machine's clock is."""
    where = f"{settings.host} in {settings.region}"
    try:
        with http_client(httpx.Client, settings) as http:
            response = http.get(settings.url("/ping"), headers={"host": settings.host}, extensions=tls_name(settings))
    except httpx.HTTPError as error:
        certificate = why_untrusted(error, settings)
        if certificate:
            return Finding(False, "connection", certificate)
        reason = str(error) or type(error).__name__
        return Finding(False, "connection", f"{where} cannot be reached: {reason}; check name, network and proxy")
    if response.is_redirect:
        return Finding(False, "connection", f"{response.status_code}: {redirect(response.headers['location'])}")
    if response.status_code == httpx.codes.NOT_FOUND:
        return Finding(False, "connection", f"{where} answers, but has no endpoint: it was deleted or replaced")
    if response.is_success:
        return Finding(False, "connection", f"{where} answers without a signature: it is open to everybody")
    skew = skew_seconds(response.headers.get("date"))
    if skew is not None and abs(skew) > MOST_SKEW_SECONDS:
        direction = "ahead of" if skew > 0 else "behind"
        minutes = round(abs(skew) / 60)
        return Finding(False, "clock", f"this machine's clock is {minutes} minutes {direction} AWS's: set it")
    clock = "no date given" if skew is None else f"clock within {abs(skew):.0f} s"
    return Finding(True, "connection", f"{where}, {clock}")


def _caller(source: CredentialSource, settings: Settings) -> str:
    """Who calls, as AWS names it.

    Raises:
        CredentialsError: AWS does not take the credentials.
    """
    try:
        return str(source.client("sts").get_caller_identity()["Arn"])
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if settings.emulator and status != httpx.codes.FORBIDDEN:
            return f"found; who that is cannot be asked at {settings.emulator}, which has no STS"
        code, message = said(error)
        raise CredentialsError(f"AWS does not take the credentials: {message} ({code}); sign in again") from None
    except AWS_CALL_ERRORS as error:
        # A closed network may let calls through to the endpoint only; that alone is no fault.
        return f"found; who that is cannot be asked ({plain(error)})"


def _call(settings: Settings, source: CredentialSource, caller: str, retry: Retry | None) -> Finding:
    try:
        with Client(settings, source, retry) as signed:
            card = signed.send("GET", "/").json()
    except ForbiddenError as error:
        if error.cause != "missing-grant":
            return Finding(False, "signed call", str(error))
        return Finding(False, "signed call", _ask_for_grants(settings, source, caller) or str(error))
    except InferenceError as error:
        return Finding(False, "signed call", str(error))
    except ValueError:
        return Finding(False, "signed call", "the answer is not JSON: there is something else at this address")
    name, version = (card.get("name"), card.get("version")) if isinstance(card, dict) else (None, None)
    if not version:
        return Finding(False, "signed call", "the answer names no model: there is something else at this address")
    return Finding(True, "signed call", f"200, model {name} {version} with {len(card.get('features', []))} features")


def _ask_for_grants(settings: Settings, source: CredentialSource, caller: str) -> str | None:
    """Which grants are missing, if the caller may ask IAM and the stack's outputs say what to ask about."""
    principal = settings.role_arn or role_of(caller)
    if settings.alias_arn is None:
        return None
    try:
        decisions = simulate(source.client("iam"), principal, settings.alias_arn)
    except (*AWS_CALL_ERRORS, ClientError):
        return None
    missing = [action for action in GRANTS if decisions.get(action) != "allowed"]
    if not missing:
        return (
            "403 Forbidden: IAM says that both grants are there; they may be minutes old, the endpoint may belong to "
            "another alias, or a service control policy denies the call"
        )
    explicit = any(decisions.get(action) == "explicitDeny" for action in missing)
    if len(missing) == 1:
        return f"403 Forbidden: {missing_grant(missing[0], explicit).sentence}"
    return (
        f"403 Forbidden: the caller has neither {GRANTS[0]} nor {GRANTS[1]}; "
        "give it the policy that the stack exports as client_policy_json, or assume the invoker role"
    )


def simulate(iam: Any, principal: str, alias_arn: str) -> dict[str, str]:
    """Ask IAM what it would decide for each of the two actions.

    Args:
        iam: A botocore IAM client.
        principal: ARN of a role or user.
        alias_arn: The Lambda alias behind the endpoint.

    Returns:
        `allowed`, `implicitDeny` or `explicitDeny` by action.
    """
    answer = iam.simulate_principal_policy(
        PolicySourceArn=principal,
        ActionNames=list(GRANTS),
        ResourceArns=[alias_arn],
        ContextEntries=[
            {
                "ContextKeyName": "lambda:FunctionUrlAuthType",
                "ContextKeyValues": ["AWS_IAM"],
                "ContextKeyType": "string",
            },
            {
                "ContextKeyName": "lambda:InvokedViaFunctionUrl",
                "ContextKeyValues": ["true"],
                "ContextKeyType": "boolean",
            },
        ],
    )
    return {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}


def role_of(caller: str) -> str:
    """The ARN that IAM knows a caller by: for a role's session, the role's own."""
    session = _ASSUMED.match(caller)
    if session is None:
        return caller
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"
