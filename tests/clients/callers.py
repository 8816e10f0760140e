"""Every client that has a command, called alike.

Each run also proves that no credential was printed: there is no other way to call one.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from local.cloud import Credentials
from tests.clients.local_endpoint import Identity, LocalEndpoint


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def predictions(self) -> Any:
        """What it printed, as JSON."""
        assert self.status == 0, self.err
        return json.loads(self.out)


@dataclass
class Caller(ABC):
    """A client's command.

    Attributes:
        endpoint: What it calls.
        folder: Where it may write.
        environment: Further environment variables.
    """

    endpoint: LocalEndpoint
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def predict(
        self, records: Any, who: Identity | Credentials, at: str | None = None, options: tuple[str, ...] = ()
    ) -> Run:
        """Ask for predictions.

        Args:
            records: What is sent.
            who: Somebody with a role to assume, or credentials to use as they are.
            at: Where to connect, such as a proxy; the emulator if not given.
            options: Further options of the command.
        """
        body = self.folder / "records.json"
        body.write_text(json.dumps(records))
        arguments = [str(body), *self.options(who, at), *options]
        return self.run(["predict", *arguments], who, at)

    def options(self, who: Identity | Credentials, at: str | None) -> list[str]:
        """Endpoint, region and role, given as the stack's outputs."""
        role = who.role_arn if isinstance(who, Identity) else ""
        outputs = {**self.endpoint.outputs, "endpoint": self.address(at), "invoker_role_arn": role}
        file = self.folder / "outputs.json"
        file.write_text(json.dumps(outputs))
        return ["--stack-outputs", str(file)]

    def run(self, arguments: list[str], who: Identity | Credentials, at: str | None = None) -> Run:
        """Run the command as somebody."""
        caller = who.user if isinstance(who, Identity) else who
        variables = {
            **self.environment,
            **self.addressing(at),
            "AWS_ACCESS_KEY_ID": caller.access_key_id,
            "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
            "AWS_ENDPOINT_URL_STS": self.endpoint.cloud.url,
            "AWS_ENDPOINT_URL_IAM": self.endpoint.cloud.url,
            **({"AWS_SESSION_TOKEN": caller.session_token} if caller.session_token else {}),
        }
        run = self.execute(arguments, variables)
        for secret in (caller.access_key_id, caller.secret_access_key, caller.session_token):
            assert not secret or secret not in run.out + run.err, "a credential was printed"
        assert "Signature=" not in run.out + run.err, "a signature was printed"
        return run

    @abstractmethod
    def address(self, at: str | None) -> str:
        """The endpoint's address to tell the client."""

    @abstractmethod
    def addressing(self, at: str | None) -> dict[str, str]:
        """Environment variables that say where to connect."""

    @abstractmethod
    def execute(self, arguments: list[str], variables: dict[str, str]) -> Run:
        """Run the command with environment variables."""


class PythonCaller(Caller):
    """The Python command, in this process. It signs for the endpoint's real name and connects elsewhere."""

    def address(self, at: str | None) -> str:  # noqa: ARG002
        return self.endpoint.url

    def addressing(self, at: str | None) -> dict[str, str]:
        return {"INFERENCE_CONNECT_TO": at or self.endpoint.cloud.url}

    def execute(self, arguments: list[str], variables: dict[str, str]) -> Run:
        from ml_inference_client.__main__ import main

        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, variables),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = main(arguments)
        return Run(status, out.getvalue(), err.getvalue())


@dataclass
class NodeCaller(Caller):
    """The Node command. Native fetch sets the Host header itself, so it is told the address on this machine."""

    program: Path = Path()

    def __init__(self, endpoint: LocalEndpoint, folder: Path, program: Path) -> None:
        super().__init__(endpoint, folder)
        self.program = program

    def address(self, at: str | None) -> str:
        return self.endpoint.here.replace(self.endpoint.cloud.url, at) if at else self.endpoint.here

    def addressing(self, at: str | None) -> dict[str, str]:  # noqa: ARG002
        return {}

    def execute(self, arguments: list[str], variables: dict[str, str]) -> Run:
        # Its only command is `predict`, so it has no name.
        command = ["node", str(self.program / "command.js"), *arguments[1:]]
        run = subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=120
        )
        return Run(run.returncode, run.stdout, run.stderr)


PYTHON_COMMAND = [sys.executable, "-m", "ml_inference_client"]
