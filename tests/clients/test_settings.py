"""Does a client find the endpoint, the region and the role, and say so when they cannot be right?"""

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from ml_inference_client.errors import SettingsError
from ml_inference_client.settings import Settings, outputs_from, outputs_of_stack

URL = "https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws/"
ROLE = "arn:aws:iam::111122223333:role/invoker"
OUTPUTS = {"endpoint": URL, "region": "eu-central-1", "invoker_role_arn": ROLE}


def test_the_stacks_outputs_are_enough() -> None:
    assert Settings.find(environment={}, outputs=OUTPUTS) == Settings(URL, "eu-central-1", ROLE)


def test_what_is_given_wins_over_the_environment_and_that_over_the_stack() -> None:
    found = Settings.find(
        {"role_arn": "arn:given"},
        {"INFERENCE_ROLE_ARN": "arn:environment", "INFERENCE_CONNECT_TO": "http://127.0.0.1:4566"},
        OUTPUTS,
    )
    assert found == Settings(URL, "eu-central-1", "arn:given", "http://127.0.0.1:4566")


def test_an_empty_role_is_no_role() -> None:
    assert Settings.find({"role_arn": ""}, {}, OUTPUTS).role_arn is None


def test_the_region_stands_in_the_endpoints_name() -> None:
    assert Settings.find({"endpoint": URL}, {"AWS_REGION": "us-east-1"}).region == "eu-central-1"


def test_another_name_needs_the_region_told() -> None:
    elsewhere = {"endpoint": "https://wine.example.com"}
    assert Settings.find(elsewhere, {"AWS_REGION": "us-east-1"}).region == "us-east-1"
    with pytest.raises(SettingsError, match="the region is not known"):
        Settings.find(elsewhere, {})


def test_a_wrong_region_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(SettingsError, match=r"wrong region: the endpoint is in eu-central-1, .* for us-east-1"):
        Settings.find({"endpoint": URL, "region": "us-east-1"}, {})


ADDRESSES = [
    ("wine", "must be an address such as https?:"),
    ("ftp://wine.example.com", "must be an address such as https?:"),
    ("https://wine.example.com/?key=1", "must be an address such as https?:"),
    ("https://wine.example.com:port", "must be an address such as https?:"),
    ("https://[::1", "must be an address such as https?:"),
    ("http://wine.example.com", "must begin with https://; plain http is only for an emulator on this machine"),
    ("http://127.0.0.1.example.com", "must begin with https"),
    ("http://localhost.example.com:4566", "must begin with https"),
    ("http://0.0.0.0:4566", "must begin with https"),
    ("https://user:word@wine.example.com", "must not hold a user name or password"),
    ("http://127.0.0.1@wine.example.com", "must not hold a user name or password"),
    ("http://127.0.0.1:80@wine.example.com", "must not hold a user name or password"),
]
"""Addresses that a signed request must not go to, and why."""


@pytest.mark.parametrize(("address", "reason"), ADDRESSES)
@pytest.mark.parametrize(
    ("name", "called"), [("endpoint", "the endpoint"), ("connect_to", "the address to connect to")]
)
def test_an_address_that_a_signed_request_must_not_go_to_is_refused(
    address: str, reason: str, name: str, called: str
) -> None:
    given = {"endpoint": URL, name: address, "region": "eu-central-1"}
    with pytest.raises(SettingsError, match=f"{called} {reason}"):
        Settings.find(given, {})
    with pytest.raises(SettingsError, match=f"{called} {reason}"):
        Settings(**given)  # type: ignore[arg-type]


def test_the_address_to_connect_to_has_no_path() -> None:
    with pytest.raises(SettingsError, match="must not have a path"):
        Settings(URL, "eu-central-1", connect_to="http://127.0.0.1:4566/elsewhere")


def test_without_an_endpoint_the_ways_to_tell_it_are_named() -> None:
    with pytest.raises(SettingsError, match=r"--endpoint, set INFERENCE_ENDPOINT, or pass the stack's outputs"):
        Settings.find(environment={}, outputs={})


def test_the_alias_is_read_from_the_policy_for_clients() -> None:
    alias = "arn:aws:lambda:eu-central-1:111122223333:function:wine:live"
    policy = json.dumps({"Statement": [{"Resource": alias}, {"Resource": alias}]})
    assert Settings.find(environment={}, outputs={**OUTPUTS, "client_policy_json": policy}).alias_arn == alias


@pytest.mark.parametrize("text", ["", "[]", "not JSON"])
def test_a_file_that_is_no_stack_output_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"is not the JSON object that `pulumi stack output --json` prints"):
        outputs_from(file)


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `pulumi` on PATH that knows the outputs of the stack dev, and nothing else."""
    if sys.platform == "win32":
        pytest.skip("the stand-in for pulumi is a script with a shebang")
    command = tmp_path / "pulumi"
    command.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "if sys.argv[1:] != ['stack', 'output', '--json', '--non-interactive', '--stack', 'dev']:\n"
        "    sys.exit('error: no stack named that')\n"
        f"print({json.dumps(OUTPUTS)!r})\n"
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return command


@pytest.mark.usefixtures("pulumi")
def test_pulumi_is_asked_for_a_stack() -> None:
    assert outputs_of_stack("dev") == OUTPUTS


@pytest.mark.usefixtures("pulumi")
def test_a_stack_that_pulumi_does_not_know_is_refused() -> None:
    with pytest.raises(SettingsError, match="error: no stack named that"):
        outputs_of_stack("prod")


@pytest.mark.usefixtures("pulumi")
def test_no_selected_stack_is_no_error_by_itself() -> None:
    assert outputs_of_stack() == {}
