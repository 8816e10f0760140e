"""Why did the endpoint answer 403? Turns what AWS says, and what it leaves unsaid, into one sentence.

A Function URL tells wrong signatures apart but answers a missing grant with a bare "Forbidden": a call takes two
grants, and only an account's administrator can ask which one is missing (doctor.py does). Contains no credential.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Both actions are needed: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
GRANTS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")

MOST_SKEW_SECONDS = 300
"""How far a signature's time may be from AWS's."""

_DENIED_ACTION = re.compile(r"not authorized to perform: (lambda:InvokeFunction(?:Url)?)\b")
_EXPLICIT_DENY = re.compile("explicit deny")
_SIGNED_TOO_EARLY_OR_LATE = re.compile(
    "Signature expired|Signature not yet current|is now earlier than|RequestTimeTooSkewed"
)
_EXPIRED = re.compile("token included in the request is expired|ExpiredToken")
_WRONG_SCOPE = re.compile("Credential should be scoped to")
_WRONG_SIGNATURE = re.compile("signature we calculated does not match")
_UNKNOWN_KEY = re.compile("token included in the request is invalid|UnrecognizedClient|InvalidClientTokenId")
_UNSIGNED = re.compile("Missing ?Authentication ?Token|IncompleteSignature")
_BARE = re.compile("Forbidden")
_LOCATION_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#]*@)?([\w.-]+|\[[0-9a-f:.]+\])(?:[:/?#]|$)", re.ASCII | re.I
)


@dataclass(frozen=True)
class Cause:
    """The likely cause of a 403.

    Attributes:
        code: A word for programs.
        sentence: What it means and what to do.
    """

    code: str
    sentence: str


def cause_of(headers: Mapping[str, str], body: str, region: str, now: datetime | None = None) -> Cause:
    """Work out why a signed request was refused.

    Args:
        headers: The answer's headers, names in lower case.
        body: The answer's body.
        region: The region that was signed for.
        now: This machine's time; for tests.
    """
    text = f"{headers.get('x-amzn-errortype', '')} {body}"
    skew = skew_seconds(headers.get("date"), now)
    if denied := _DENIED_ACTION.search(text):
        return missing_grant(denied[1], explicit=bool(_EXPLICIT_DENY.search(text)))
    if _SIGNED_TOO_EARLY_OR_LATE.search(text):
        return _clock(skew)
    if _EXPIRED.search(text):
        return Cause("expired-session", "the session has expired; sign in or assume the role again")
    if _WRONG_SCOPE.search(text):
        return Cause(
            "wrong-region",
            f"the request was signed for {region}, and the endpoint is in another region; "
            "the region stands in its name: <id>.lambda-url.<region>.on.aws",
        )
    if _WRONG_SIGNATURE.search(text):
        return Cause(
            "wrong-secret",
            "the signature does not match: the secret access key does not belong to the access key id, "
            "or something on the way changed the request",
        )
    if _UNKNOWN_KEY.search(text):
        return Cause(
            "unknown-key",
            "AWS does not know these credentials: the access key id is wrong or deleted, "
            "or the session token is missing or belongs to another key",
        )
    if _UNSIGNED.search(text):
        return Cause("unsigned", "the request arrived without a signature; something on the way removed it")
    if skew is not None and abs(skew) > MOST_SKEW_SECONDS:
        return _clock(skew)
    if _BARE.search(text):
        return Cause(
            "missing-grant",
            f"the caller lacks one of the two grants, {GRANTS[0]} or {GRANTS[1]}, and AWS does not say which; "
            "give it the policy that the stack exports as client_policy_json, or assume the invoker role",
        )
    return Cause("not-aws", "the answer is not one of AWS's own; a firewall or proxy on the way may have given it")


def redirect(location: str) -> str:
    """Why a redirect is not followed: the request carries the session token and the records, and is for nobody else.

    Args:
        location: The header of that name; only the host in it is named.
    """
    host = _LOCATION_HOST.match(location)
    where = host[1] if host else "another path" if location.startswith("/") else "elsewhere"
    return (
        f"the answer is a redirect to {where}, which is not followed: a signed request goes to the endpoint and "
        "nowhere else; check the endpoint's address"
    )


def untrusted(host: str, reason: str, variable: str) -> str:
    """Why a connection whose certificate is not trusted is not used.

    Args:
        host: The endpoint's name.
        reason: The TLS library's own words.
        variable: The environment variable that names more certificates.
    """
    return (
        f"the certificate of {host} is not trusted ({reason}), so nothing was sent; if a proxy on the way opens TLS, "
        f"name its certificate in {variable}"
    )


def missing_grant(action: str, explicit: bool = False) -> Cause:
    """The cause when it is known which grant is missing."""
    if explicit:
        return Cause(f"denied:{action}", f"a policy explicitly denies {action} to the caller; no grant can undo that")
    return Cause(
        f"missing-grant:{action}",
        f"the caller lacks the grant {action}; both {GRANTS[0]} and {GRANTS[1]} are needed: "
        "give it the policy that the stack exports as client_policy_json, or assume the invoker role",
    )


def skew_seconds(date: str | None, now: datetime | None = None) -> float | None:
    """How many seconds this machine's clock is ahead of an answer's `Date` header; None if there is none."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return ((now or datetime.now(UTC)) - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()


def _clock(skew: float | None) -> Cause:
    if skew is None or abs(skew) <= MOST_SKEW_SECONDS:
        return Cause(
            "clock-skew",
            "the signature's time is too far from AWS's: set this machine's clock (it may be off by minutes)",
        )
    direction = "ahead" if skew > 0 else "behind"
    return Cause(
        "clock-skew",
        f"this machine's clock is {round(abs(skew) / 60)} minutes {direction}, AWS accepts 5: set the clock",
    )
