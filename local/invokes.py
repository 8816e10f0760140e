"""The provider functions that a program may call: questions to AWS that create nothing."""

import base64
import secrets
from collections.abc import Callable
from typing import Any

from local.cloud import Cloud
from local.errors import LocalError


def answer(cloud: Cloud, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer one call.

    Args:
        cloud: The AWS APIs.
        token: Pulumi's name of the function, such as `aws:index/getRegion:getRegion`.
        arguments: What the program gave.

    Raises:
        LocalError: The function, or one of its arguments, is not known here.
    """
    if token not in FUNCTIONS:
        raise LocalError(
            f"the function {token} cannot be answered locally; known are {', '.join(sorted(FUNCTIONS))}. "
            "Teach it to local/invokes.py, or try the program with `pulumi up`"
        )
    function, known = FUNCTIONS[token]
    unknown = sorted(set(arguments) - known)
    if unknown:
        raise LocalError(f"{token} has no argument {', '.join(map(repr, unknown))} here")
    return function(cloud, **arguments)


def caller_identity(cloud: Cloud) -> dict[str, Any]:
    """Who is deploying."""
    caller = cloud.sts.get_caller_identity()
    return {"id": caller["Account"], "accountId": caller["Account"], "arn": caller["Arn"], "userId": caller["UserId"]}


def region(cloud: Cloud) -> dict[str, Any]:
    """Where to."""
    return {
        "id": cloud.region,
        "name": cloud.region,
        "region": cloud.region,
        "description": "a local emulator",
        "endpoint": f"ec2.{cloud.region}.amazonaws.com",
    }


def partition(cloud: Cloud) -> dict[str, Any]:  # noqa: ARG001 - the emulator knows one partition
    """Which of AWS's separate worlds; its name begins every ARN."""
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}


def alias(cloud: Cloud, functionName: str, name: str) -> dict[str, Any]:  # noqa: N803 - Pulumi's spelling
    """The version that an alias of a function names."""
    found = cloud.lambda_.get_alias(FunctionName=functionName, Name=name)
    return {
        "id": found["AliasArn"],
        "arn": found["AliasArn"],
        "description": found.get("Description") or "",
        "functionName": functionName,
        "functionVersion": found["FunctionVersion"],
        "invokeArn": "",
        "name": name,
        "region": cloud.region,
    }


def authorization_token(cloud: Cloud, **registry: str) -> dict[str, Any]:  # noqa: ARG001 - there is but one
    """The image registry's temporary password: as AWS does it, another one at every call."""
    token = cloud.ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    return {
        "id": cloud.region,
        "region": cloud.region,
        "authorizationToken": token["authorizationToken"],
        "expiresAt": token["expiresAt"].isoformat(),
        "proxyEndpoint": token["proxyEndpoint"],
        "userName": user,
        "password": f"{password}-{secrets.token_hex(4)}",
    }


FUNCTIONS: dict[str, tuple[Callable[..., dict[str, Any]], set[str]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": (caller_identity, set()),
    "aws:index/getPartition:getPartition": (partition, set()),
    "aws:index/getRegion:getRegion": (region, set()),
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": (authorization_token, {"registryId"}),
    "aws:lambda/getAlias:getAlias": (alias, {"functionName", "name"}),
}
