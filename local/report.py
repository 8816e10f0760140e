"""What the commands print: short aligned lines, in the order in which things happen."""

import json
import logging
import shlex
import threading
from collections import Counter
from typing import Any

from components import golden
from local.caller import Endpoint
from local.cloud import Credentials

SIGNS = {"created": "+", "updated": "~", "replaced": "±", "same": " "}


class ResourceLines:
    """Prints a line for each resource as it is made, and counts them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()

    def __call__(self, done: str, token: str, name: str, seconds: float) -> None:
        """See `local.deployment.Report`."""
        with self._lock:
            self.counts[done] += 1
            print(f"    {SIGNS[done]} {short(token):<26} {name:<36} {seconds:5.2f} s", flush=True)

    def summary(self, seconds: float) -> str:
        """How many resources there were, and how long all took."""
        counted = ", ".join(f"{count} {done}" for done, count in self.counts.items())
        return f"{counted} in {seconds:.1f} s"


class Warnings(logging.Handler):
    """Prints what the program itself warns of."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for each."""
        fact("warning", record.getMessage())


def short(token: str) -> str:
    """A resource type as `pulumi up` shows it: `aws:iam:Role`, not `aws:iam/role:Role`."""
    package, module, name = token.split(":")
    return f"{package}:{module.partition('/')[0]}:{name}"


def heading(text: str) -> None:
    """Begin a part."""
    print(f"\n{text}", flush=True)


def fact(name: str, value: str) -> None:
    """One named thing."""
    print(f"    {name:<14} {value}", flush=True)


def outcome(status: int, what: str) -> None:
    """How a call ended."""
    print(f"    {status}  {what}", flush=True)


def predictions(expected: golden.Golden, answer: list[Any], source: str) -> None:
    """The answer beside what it must be."""
    left = ["predictions", *map(json.dumps, answer)]
    right = [source, *map(json.dumps, expected.predictions)]
    width = max(map(len, left))
    print()
    for got, wanted in zip(left, right, strict=True):
        print(f"    {got:<{width}}    {wanted}", flush=True)


def client_commands(endpoint: Endpoint, caller: Credentials, expected: golden.Golden) -> None:
    """Commands to paste into another terminal."""
    print(
        f"""
    export AWS_ACCESS_KEY_ID={shlex.quote(caller.access_key_id)}
    export AWS_SECRET_ACCESS_KEY={shlex.quote(caller.secret_access_key)}
    export AWS_SESSION_TOKEN={shlex.quote(caller.session_token or "")}
    export INFERENCE_ENDPOINT={endpoint.here} INFERENCE_REGION={endpoint.region}  # for the clients in clients/

    curl --aws-sigv4 aws:amz:{endpoint.region}:lambda --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
      -H "x-amz-security-token: $AWS_SESSION_TOKEN" -H "content-type: application/json" \\
      {endpoint.here} \\
      -d {shlex.quote(expected.payload())}
""",
        flush=True,
    )
