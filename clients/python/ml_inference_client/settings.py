"""Where is the endpoint, in which region, and as which role is it called?

Taken from what is given (flags or arguments), else from environment variables, else from the outputs of the Pulumi
stack. Leaves out credentials: those come from where every AWS tool has them (credentials.py).
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from ml_inference_client.errors import SettingsError

#: Environment variable of each setting.
VARIABLES = {
    "endpoint": "INFERENCE_ENDPOINT",
    "region": "INFERENCE_REGION",
    "role_arn": "INFERENCE_ROLE_ARN",
    "connect_to": "INFERENCE_CONNECT_TO",
}

#: Output of the Pulumi stack for each setting that has one.
OUTPUTS = {"endpoint": "endpoint", "region": "region", "role_arn": "invoker_role_arn"}

#: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html: the region is part of a Function URL's name.
FUNCTION_URL_HOST = re.compile(r"^[a-z0-9]+\.lambda-url\.(?P<region>[a-z0-9-]+)\.on\.aws$")

EXAMPLE = "https://<id>.lambda-url.<region>.on.aws/"

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
"""This machine. Only what goes there may go in plain HTTP: elsewhere everybody on the way could read it."""


@dataclass(frozen=True)
class Settings:
    """What a client has to know besides its credentials.

    Attributes:
        endpoint: The Function URL, ending in `/`.
        region: The AWS region that requests are signed for.
        role_arn: The role to assume before calling; None calls with the credentials as they are.
        connect_to: `scheme://host:port` to connect to instead, while signing for and asking for `endpoint`'s name:
            for an emulator, whose endpoint has a name that does not resolve, or a tunnel. With TLS, whatever answers
            there must have the endpoint's certificate.
        alias_arn: The Lambda alias behind the endpoint, if the stack's outputs name it; for `doctor`.
        batch: What the stack's outputs say about batch scoring; None if it has none.

    Raises:
        SettingsError: An address cannot be right.
    """

    endpoint: str
    region: str
    role_arn: str | None = None
    connect_to: str | None = None
    alias_arn: str | None = None
    batch: Mapping[str, Any] | None = None

    @classmethod
    def find(
        cls,
        given: Mapping[str, str | None] | None = None,
        environment: Mapping[str, str] = os.environ,
        outputs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Put the settings together.

        Args:
            given: Values that win, by attribute name; None means not given, an empty role means no role.
            environment: Environment variables, see `VARIABLES`.
            outputs: The stack's outputs; the `pulumi` command is asked for them if nothing else names the endpoint.

        Raises:
            SettingsError: The endpoint is unknown, or a value cannot be right.
        """
        given = given or {}
        told = {name: _first(given.get(name), environment.get(variable)) for name, variable in VARIABLES.items()}
        if outputs is None and told["endpoint"] is None:
            outputs = outputs_of_stack()
        outputs = outputs or {}
        told |= {name: _first(told[name], outputs.get(output)) for name, output in OUTPUTS.items()}
        if not told["endpoint"]:
            raise SettingsError(
                "the endpoint is not known: give --endpoint, set INFERENCE_ENDPOINT, or pass the stack's outputs "
                "(pulumi stack output --json > outputs.json; --stack-outputs outputs.json)"
            )
        endpoint = told["endpoint"].rstrip("/") + "/"
        _check_address("the endpoint", EXAMPLE, endpoint)
        return cls(
            endpoint=endpoint,
            region=_checked_region(endpoint, told["region"], environment),
            role_arn=told["role_arn"] or None,
            connect_to=told["connect_to"] or None,
            alias_arn=_alias_arn(outputs.get("client_policy_json")),
            batch=outputs.get("batch"),
        )

    def __post_init__(self) -> None:
        _check_address("the endpoint", EXAMPLE, self.endpoint)
        if self.connect_to is not None:
            _check_address("the address to connect to", "http://127.0.0.1:4566", self.connect_to)
            if urlsplit(self.connect_to).path not in ("", "/"):
                raise SettingsError("the address to connect to must not have a path; the endpoint has it")

    @property
    def emulator(self) -> str | None:
        """The address of the emulator that replaces AWS on this machine; None if there is none."""
        address = urlsplit(self.connect_to or self.endpoint)
        return f"http://{address.netloc}" if address.scheme == "http" else None

    @property
    def host(self) -> str:
        """The name that requests are signed for, with the port if it is not the scheme's own."""
        return urlsplit(self.endpoint).netloc

    def url(self, path: str) -> str:
        """The address to connect to for a path below the endpoint.

        Raises:
            SettingsError: The path could lead to another host.
        """
        if not path.startswith("/"):
            raise SettingsError("a path below the endpoint must begin with /")
        return (self.connect_to or self.endpoint).rstrip("/") + _base_path(self) + path


def _base_path(settings: Settings) -> str:
    """The endpoint's own path, if it has one and the connection goes elsewhere."""
    return urlsplit(settings.endpoint).path.rstrip("/") if settings.connect_to else ""


def outputs_from(source: Path) -> dict[str, Any]:
    """Read what `pulumi stack output --json` printed into a file.

    Raises:
        SettingsError: The file cannot be read or holds something else.
    """
    try:
        return _outputs(source.read_text(encoding="utf-8"), str(source))
    except OSError as error:
        raise SettingsError(f"the stack's outputs {source} cannot be read: {error.strerror}") from None


def outputs_of_stack(stack: str | None = None) -> dict[str, Any]:
    """Ask the `pulumi` command for the outputs of a stack of the project in the working directory.

    Args:
        stack: The stack's name; the selected one if not given.

    Returns:
        The outputs; nothing if no stack was named and the command is missing or does not know any.

    Raises:
        SettingsError: A stack was named, and its outputs cannot be read.
    """
    command = shutil.which("pulumi")
    if command is None:
        if stack:
            raise SettingsError(
                "--stack needs the `pulumi` command, which is not on PATH; give --stack-outputs instead"
            )
        return {}
    arguments = [command, "stack", "output", "--json", "--non-interactive", *(["--stack", stack] if stack else [])]
    run = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if run.returncode:
        if stack:
            reason = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise SettingsError(f"`pulumi stack output` failed: {reason}")
        return {}
    return _outputs(run.stdout, "pulumi stack output")


def _outputs(text: str, source: str) -> dict[str, Any]:
    try:
        outputs = json.loads(text)
    except ValueError:
        outputs = None
    if not isinstance(outputs, dict):
        raise SettingsError(f"{source} is not the JSON object that `pulumi stack output --json` prints")
    return outputs


def _first(*values: str | None) -> str | None:
    return next((value for value in values if value is not None), None)


def _check_address(name: str, example: str, address: str) -> None:
    """One rule for every address that a signed request goes to."""
    try:
        parts = urlsplit(address)
        right = bool(parts.hostname) and parts.port != 0 and not parts.query and not parts.fragment
    except ValueError:  # a port that is none, a bracket that does not close
        right = False
    if not right or parts.scheme not in ("https", "http"):
        raise SettingsError(f"{name} must be an address such as {example}")
    if "@" in parts.netloc:
        raise SettingsError(f"{name} must not hold a user name or password; credentials come from AWS's own chain")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise SettingsError(f"{name} must begin with https://; plain http is only for an emulator on this machine")


def _checked_region(endpoint: str, region: str | None, environment: Mapping[str, str]) -> str:
    named = FUNCTION_URL_HOST.match(urlsplit(endpoint).hostname or "")
    lives_in = named["region"] if named else None
    if region and lives_in and region != lives_in:
        raise SettingsError(
            f"wrong region: the endpoint is in {lives_in}, requests would be signed for {region} and refused; "
            "leave the region out, it stands in the endpoint's name"
        )
    # A general AWS_REGION says where one usually works, not where this endpoint is: it only fills a gap.
    found = region or lives_in or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not found:
        raise SettingsError("the region is not known: give --region or set INFERENCE_REGION")
    return found


def _alias_arn(policy: object) -> str | None:
    """The one resource of the policy that the stack exports for clients."""
    try:
        document = json.loads(policy) if isinstance(policy, str) else {}
        resources = {statement["Resource"] for statement in document["Statement"]}
    except (ValueError, KeyError, TypeError):
        return None
    return resources.pop() if len(resources) == 1 else None
