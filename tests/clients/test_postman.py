"""The Postman collection, run by newman as a person would run it in Postman."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local.caller import with_wrong_secret
from local.cloud import Credentials
from tests.clients.conftest import REPOSITORY
from tests.clients.fault_proxy import FaultProxy, answered, hang_up
from tests.clients.local_endpoint import Identity, LocalEndpoint

FOLDER = REPOSITORY / "clients" / "postman"
COLLECTION = json.loads((FOLDER / "ml-inference.postman_collection.json").read_text())
ENVIRONMENT = json.loads((FOLDER / "ml-inference.postman_environment.json").read_text())


def test_secrets_are_blank_and_marked_as_such() -> None:
    secrets = [value for value in ENVIRONMENT["values"] if "key" in value["key"].lower() or "Token" in value["key"]]
    assert len(secrets) == 6
    assert all(value["type"] == "secret" and value["value"] == "" for value in secrets)


def test_every_variable_of_the_collection_is_in_the_environment() -> None:
    used = set()
    text = json.dumps(COLLECTION)
    while "{{" in text:
        name, _, text = text.partition("{{")[2].partition("}}")
        used.add(name)
    chosen_at_run_time = {"signAccessKeyId", "signSecretAccessKey", "signSessionToken"}
    assert used - chosen_at_run_time <= {value["key"] for value in ENVIRONMENT["values"]}


class Newman:
    """Runs the collection."""

    def __init__(self, folder: Path, endpoint: LocalEndpoint, tmp_path: Path) -> None:
        self._folder, self._endpoint, self._tmp_path = folder, endpoint, tmp_path

    def run(self, who: Identity | Credentials, at: str | None = None) -> tuple[int, str]:
        """Exit status and everything printed."""
        caller = who.user if isinstance(who, Identity) else who
        outputs = {
            "endpoint": self._endpoint.here.replace(self._endpoint.cloud.url, at or self._endpoint.cloud.url),
            "region": self._endpoint.region,
            "invoker_role_arn": who.role_arn if isinstance(who, Identity) else None,
        }
        file = self._tmp_path / "outputs.json"
        file.write_text(json.dumps(outputs))
        run = subprocess.run(
            ["node", str(self._folder / "run.js"), "--stack-outputs", str(file)],
            env={
                **os.environ,
                "AWS_ACCESS_KEY_ID": caller.access_key_id,
                "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
                "AWS_SESSION_TOKEN": caller.session_token or "",
                "AWS_ENDPOINT_URL_STS": self._endpoint.cloud.url,
            },
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        printed = run.stdout + run.stderr
        for secret in (caller.access_key_id, caller.secret_access_key, caller.session_token):
            assert not secret or secret not in printed, "a credential was printed"
        return run.returncode, printed


@pytest.fixture
def newman(postman: Path, endpoint: LocalEndpoint, tmp_path: Path) -> Newman:
    return Newman(postman, endpoint, tmp_path)


@pytest.mark.slow
def test_the_collection_passes_with_a_role(newman: Newman, invoker: Identity) -> None:
    status, printed = newman.run(invoker)
    assert status == 0, printed
    for passed in (
        "the role is assumed",
        "the model takes the features of this collection",
        "the predictions are those that training saw",
        "a misspelt feature is refused by row and name",
        "without a signature nobody gets in",
    ):
        assert f"✓  {passed}" in printed


@pytest.mark.slow
def test_the_collection_passes_with_a_session_and_no_role(newman: Newman, invoker: Identity) -> None:
    status, printed = newman.run(invoker.session)
    assert status == 0, printed
    assert "the role is assumed" not in printed
    assert "✓  the predictions are those that training saw" in printed


@pytest.mark.slow
def test_a_missing_grant_is_named(newman: Newman, endpoint: LocalEndpoint) -> None:
    status, printed = newman.run(endpoint.identity(endpoint.role_with(["lambda:InvokeFunction"])))
    assert status == 1
    assert "403 Forbidden: the caller lacks the grant lambda:InvokeFunctionUrl;" in " ".join(printed.split())


@pytest.mark.slow
def test_a_wrong_secret_is_recognised(newman: Newman, invoker: Identity) -> None:
    status, printed = newman.run(with_wrong_secret(invoker.session))
    assert status == 1
    assert "403 Forbidden: the signature does not match" in " ".join(printed.split())


@pytest.mark.slow
def test_throttling_and_faults_are_survived(newman: Newman, invoker: Identity, proxy: FaultProxy) -> None:
    proxy.faults.extend([answered(429), answered(502), answered(503, in_next_second=True), hang_up])
    status, printed = newman.run(invoker.session, proxy.url)
    assert status == 0, printed
    assert len(proxy.seen) == 4 + 4
    scope = proxy.seen[0].headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    assert scope[2:] == [invoker.endpoint.region, "lambda", "aws4_request"]
    assert proxy.seen[2].signature != proxy.seen[3].signature, "an attempt was not signed again"


@pytest.mark.slow
def test_throttling_without_end_is_said(newman: Newman, invoker: Identity, proxy: FaultProxy) -> None:
    proxy.faults.extend([answered(429)] * 6)
    status, printed = newman.run(invoker.session, proxy.url)
    assert status == 1
    assert "gave no answer in 6 attempts; the last was 429" in printed


@pytest.mark.slow
def test_a_connection_that_cannot_be_made_is_said(newman: Newman, invoker: Identity) -> None:
    status, printed = newman.run(invoker.session, "http://127.0.0.1:1")
    assert status == 1
    assert "gave no answer in 6 attempts; the last was no answer at all" in printed


@pytest.mark.slow
def test_a_stacks_outputs_become_an_environment(postman: Path, tmp_path: Path) -> None:
    outputs: dict[str, Any] = {"endpoint": "https://e/", "region": "eu-central-1", "invoker_role_arn": "arn:role"}
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs))
    run = subprocess.run(
        ["node", str(postman / "environment.js"), str(file)], capture_output=True, text=True, check=True
    )
    filled = {value["key"]: value["value"] for value in json.loads(run.stdout)["values"]}
    assert (filled["endpoint"], filled["region"], filled["roleArn"]) == ("https://e/", "eu-central-1", "arn:role")
    assert filled["secretAccessKey"] == ""
