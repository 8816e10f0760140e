"""Do the commands of curl's README work as they are written there?"""

import gzip
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
    """Runs commands of the README as somebody, in a folder."""

    def __init__(self, endpoint: LocalEndpoint, folder: Path) -> None:
        self._endpoint, self.folder = endpoint, folder

    def repeat_the_records(self, times: int) -> None:
        """Make the sample longer."""
        sample = self.folder / "clients" / "samples" / "records.json"
        sample.write_text(json.dumps(json.loads(sample.read_text()) * times))

    def run(
        self, script: str, caller: Credentials, role_arn: str = "", at: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a script with the variables that the README takes from `pulumi stack output`."""
        run = subprocess.run(
            ["sh", "-u", "-c", script],
            cwd=self.folder,
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


def test_the_role_is_assumed_and_the_endpoint_answers(
    shell: Shell, invoker: Identity, predictions: list[float]
) -> None:
    run = shell.run(without_pulumi(ASSUME) + CALL, invoker.user, invoker.role_arn)
    assert json.loads(run.stdout) == predictions, run.stderr


def test_an_emulator_is_asked_for_the_role_without_being_told(shell: Shell, invoker: Identity) -> None:
    run = shell.run("unset AWS_ENDPOINT_URL_STS\n" + without_pulumi(ASSUME), invoker.user, invoker.role_arn)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_role_is_not_assumed_in_plain_http_elsewhere(shell: Shell, invoker: Identity) -> None:
    elsewhere = "AWS_ENDPOINT_URL_STS=http://sts.example.com/\n"
    run = shell.run(elsewhere + without_pulumi(ASSUME).replace("\n", " 2>&1\n", 1), invoker.user, invoker.role_arn)
    assert 'Protocol "http" not supported or disabled' in run.stdout + run.stderr


def test_a_session_needs_no_role(shell: Shell, invoker: Identity, predictions: list[float]) -> None:
    assert json.loads(shell.run(CALL, invoker.session).stdout) == predictions


def test_a_large_body_goes_packed(shell: Shell, invoker: Identity, predictions: list[float], proxy: FaultProxy) -> None:
    shell.repeat_the_records(40)
    assert json.loads(shell.run(CALL, invoker.session, at=proxy.url).stdout) == predictions * 40
    assert len(json.loads(gzip.decompress(proxy.seen[0].body))) == 80


def test_a_curlrc_is_not_read(shell: Shell, invoker: Identity, proxy: FaultProxy) -> None:
    (shell.folder / ".curlrc").write_text("location-trusted\nverbose\n")
    proxy.faults.append(answered(307, headers={"location": f"{proxy.url}/again"}))
    run = shell.run(f"HOME={shell.folder}; export HOME\n{CALL}", invoker.session, at=proxy.url)
    assert "307: the answer is a redirect to 127.0.0.1, which is not followed" in run.stderr
    assert len(proxy.seen) == 1


def test_a_role_that_may_not_be_assumed_is_named(shell: Shell, invoker: Identity) -> None:
    run = shell.run(without_pulumi(ASSUME), invoker.user, f"{invoker.role_arn}-of-somebody-else")
    assert f"the role {invoker.role_arn}-of-somebody-else was not assumed: " in run.stderr


def test_the_command_line_holds_no_credential(shell: Shell, invoker: Identity) -> None:
    """A stand-in for curl prints the arguments that it was given; `run` looks for credentials among them."""
    stand_in = shell.folder / "curl"
    stand_in.write_text("#!/bin/sh\ncat > /dev/null\nprintf '%s ' \"$@\" >&3\n")
    stand_in.chmod(0o755)
    run = shell.run(f"exec 3>&1; PATH={shell.folder}:$PATH; ATTEMPTS=1; export PATH ATTEMPTS\n{CALL}", invoker.session)
    assert "--aws-sigv4" in run.stdout.split()


@pytest.mark.parametrize("fault", [answered(429), answered(503), hang_up], ids=["429", "503", "hang_up"])
def test_a_passing_fault_is_survived(
    shell: Shell, invoker: Identity, proxy: FaultProxy, predictions: list[float], fault: Any
) -> None:
    proxy.faults.append(fault)
    assert json.loads(shell.run(CALL, invoker.session, at=proxy.url).stdout) == predictions
    scope = proxy.seen[0].headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    assert scope[2:] == [invoker.endpoint.region, "lambda", "aws4_request"]


def test_each_attempt_is_signed_again(shell: Shell, invoker: Identity, proxy: FaultProxy) -> None:
    proxy.faults.append(answered(503, in_next_second=True))
    shell.run(CALL, invoker.session, at=proxy.url)
    first, second = proxy.seen
    assert first.signature != second.signature


@pytest.mark.parametrize("wrong", ["grant", "secret"])
def test_a_refusal_is_shown_at_once(shell: Shell, invoker: Identity, proxy: FaultProxy, wrong: str) -> None:
    caller = invoker.user if wrong == "grant" else with_wrong_secret(invoker.session)
    run = shell.run(CALL, caller, at=proxy.url)
    assert run.stderr.startswith("error: 403: ")
    assert ("lambda:InvokeFunctionUrl" if wrong == "grant" else "signature we calculated does not match") in run.stderr
    assert len(proxy.seen) == 1


def test_an_unknown_feature_is_shown(shell: Shell, invoker: Identity) -> None:
    run = shell.run(UNKNOWN_FEATURE, invoker.session)
    assert run.returncode == 1
    problem = json.loads(run.stderr.removeprefix("error: 422: "))
    assert problem["errors"][0]["code"] == "unknown_field"


def test_records_that_are_not_there_are_named(shell: Shell, invoker: Identity) -> None:
    run = shell.run(CALL.replace("records.json", "gone.json"), invoker.session)
    assert run.stderr == "error: clients/samples/gone.json cannot be read\n"
