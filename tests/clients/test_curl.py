"""Do the commands of curl's README work as they are written there?"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.caller import with_wrong_secret
from local.cloud import Credentials
from tests.clients.conftest import REPOSITORY
from tests.clients.fault_proxy import FaultProxy, answered, hang_up
from tests.clients.local_endpoint import Identity, LocalEndpoint

OLDEST = (7, 82)
ASSUME, CALL = re.findall(r"```sh\n(.*?)```", (REPOSITORY / "clients" / "curl" / "README.md").read_text(), re.DOTALL)
UNKNOWN_FEATURE = CALL.replace("records.json", "unknown_feature.json")


@pytest.fixture(scope="session", autouse=True)
def curl() -> None:
    """A curl that knows the README's options, and a shell."""
    if shutil.which("curl") is None or shutil.which("sh") is None:
        pytest.skip("curl and sh are not on PATH")
    said = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"curl (\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        pytest.skip(f"curl is older than {'.'.join(map(str, OLDEST))}")


class Shell:
    """Runs commands of the README as somebody."""

    def __init__(self, endpoint: LocalEndpoint, folder: Path) -> None:
        self._endpoint, self._folder = endpoint, folder

    def run(
        self, script: str, caller: Credentials, role_arn: str = "", at: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a script with the variables that the README takes from `pulumi stack output`."""
        run = subprocess.run(
            ["sh", "-u", "-c", script],
            cwd=self._folder,
            env={
                **os.environ,
                "ENDPOINT": self._endpoint.here.replace(self._endpoint.cloud.url, at or self._endpoint.cloud.url),
                "REGION": self._endpoint.region,
                "ROLE": role_arn,
                "AWS_ACCESS_KEY_ID": caller.access_key_id,
                "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
                "AWS_SESSION_TOKEN": caller.session_token or "",
                "AWS_ENDPOINT_URL_STS": self._endpoint.cloud.url,
            },
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        for secret in (caller.access_key_id, caller.secret_access_key, caller.session_token):
            assert not secret or secret not in run.stdout + run.stderr, "a credential was printed"
        return run


@pytest.fixture
def shell(endpoint: LocalEndpoint, tmp_path: Path) -> Shell:
    """A shell in a folder that has the clients where the README has them."""
    shutil.copytree(REPOSITORY / "clients" / "curl", tmp_path / "clients" / "curl")
    shutil.copytree(REPOSITORY / "clients" / "samples", tmp_path / "clients" / "samples")
    return Shell(endpoint, tmp_path)


def without_pulumi(script: str) -> str:
    """The script without the line that asks Pulumi: its variables are given."""
    return "".join(line for line in script.splitlines(keepends=True) if "pulumi stack output" not in line)


def answer(run: "subprocess.CompletedProcess[str]") -> tuple[str, Any]:
    """Status and body that were printed."""
    status, _, body = run.stdout.partition("\n")
    return status, json.loads(body)


def test_the_role_is_assumed_and_the_endpoint_answers(
    shell: Shell, invoker: Identity, predictions: list[float]
) -> None:
    run = shell.run(without_pulumi(ASSUME) + CALL, invoker.user, invoker.role_arn)
    assert answer(run) == ("200", predictions), run.stderr


def test_a_session_needs_no_role(shell: Shell, invoker: Identity, predictions: list[float]) -> None:
    assert answer(shell.run(CALL, invoker.session)) == ("200", predictions)


def test_a_role_that_may_not_be_assumed_is_named(shell: Shell, invoker: Identity) -> None:
    run = shell.run(without_pulumi(ASSUME), invoker.user, f"{invoker.role_arn}-of-somebody-else")
    assert f"the role {invoker.role_arn}-of-somebody-else was not assumed: " in run.stderr


def test_the_command_line_holds_no_credential(shell: Shell, invoker: Identity) -> None:
    """A stand-in for curl prints the arguments that it was given; `run` looks for credentials among them."""
    stand_in = "curl() { command cat > /dev/null; printf '%s\\n' \"$@\"; }; cat() { :; }\n"
    run = shell.run(stand_in + CALL, invoker.session)
    assert "--aws-sigv4" in run.stdout.split()


@pytest.mark.parametrize("fault", [answered(429), answered(503), hang_up], ids=["429", "503", "hang_up"])
def test_a_passing_fault_is_survived(
    shell: Shell, invoker: Identity, proxy: FaultProxy, predictions: list[float], fault: Any
) -> None:
    proxy.faults.append(fault)
    assert answer(shell.run(CALL, invoker.session, at=proxy.url)) == ("200", predictions)
    first, second = proxy.seen
    scope = proxy.seen[0].headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    assert scope[2:] == [invoker.endpoint.region, "lambda", "aws4_request"]
    assert first.signature != second.signature, "the second attempt was not signed anew"


@pytest.mark.parametrize("wrong", ["grant", "secret"])
def test_a_refusal_is_shown_at_once(shell: Shell, invoker: Identity, proxy: FaultProxy, wrong: str) -> None:
    caller = invoker.user if wrong == "grant" else with_wrong_secret(invoker.session)
    run = shell.run(CALL, caller, at=proxy.url)
    assert run.stdout.startswith("403\n")
    assert ("lambda:InvokeFunctionUrl" if wrong == "grant" else "signature we calculated does not match") in run.stdout
    assert len(proxy.seen) == 1


def test_an_unknown_feature_is_shown(shell: Shell, invoker: Identity) -> None:
    status, problem = answer(shell.run(UNKNOWN_FEATURE, invoker.session))
    assert status == "422"
    assert problem["errors"][0]["code"] == "unknown_field"
