"""Does `doctor` find what is wrong, and say nothing else?"""

import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber
from ml_inference_client import CredentialSource, Settings, SettingsError, doctor
from ml_inference_client.refusal import GRANTS

from local.caller import with_wrong_secret
from local.cloud import Credentials
from tests.clients.callers import PythonCaller, Run
from tests.clients.fault_proxy import FaultProxy, answered
from tests.clients.local_endpoint import Identity, LocalEndpoint

FORBIDDEN = {"Message": "Forbidden. For troubleshooting Function URL authorization issues, see: …"}


@pytest.fixture
def python(endpoint: LocalEndpoint, tmp_path: Path) -> PythonCaller:
    return PythonCaller(endpoint, tmp_path)


def examine(
    python: PythonCaller, who: Identity | Credentials, at: str | None = None, options: tuple[str, ...] = ()
) -> Run:
    return python.run(["doctor", *python.options(who, at), *options], who, at)


def faults(run: Run) -> list[str]:
    return [line for line in run.out.splitlines() if not line.startswith("ok  ")]


def test_a_healthy_endpoint_passes_every_step(python: PythonCaller, invoker: Identity) -> None:
    run = examine(python, invoker)
    assert run.status == 0
    assert [line.split()[:2] for line in run.out.splitlines()] == [
        ["ok", "connection"],
        ["ok", "credentials"],
        ["ok", "role"],
        ["ok", "signed"],
    ]
    assert f"model wine-quality {python.endpoint.outputs['model_version']} with 13 features" in run.out


def test_on_this_machine_the_emulator_is_asked_and_not_aws(
    endpoint: LocalEndpoint, invoker: Identity, monkeypatch: pytest.MonkeyPatch, proxy: FaultProxy
) -> None:
    """Without a word where STS is, and with a proxy on the way out, through which nothing may go."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", invoker.user.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", invoker.user.secret_access_key)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    findings = list(doctor.examine(Settings(endpoint.here, endpoint.region, invoker.role_arn)))
    assert [finding.step for finding in findings] == ["connection", "credentials", "role", "signed call"]
    assert findings[-1].good, findings[-1]
    assert ":user/" in findings[1].sentence
    assert not proxy.seen


def test_a_proxy_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy")
    with pytest.raises(SettingsError, match="is not the address of a proxy"):
        list(doctor.examine(Settings("https://abc.lambda-url.eu-central-1.on.aws/", "eu-central-1")))


@pytest.mark.parametrize("body", ["<html>none</html>", "{}"])
def test_an_emulator_without_sts_is_no_fault(
    body: str, python: PythonCaller, invoker: Identity, monkeypatch: pytest.MonkeyPatch, proxy: FaultProxy
) -> None:
    monkeypatch.setattr(
        CredentialSource,
        "client",
        lambda source, service: source.session.create_client(
            service, region_name="eu-central-1", endpoint_url=proxy.url
        ),
    )
    proxy.faults.extend([answered(403, FORBIDDEN), answered(404, body)])
    run = examine(python, invoker.session, proxy.url)
    assert run.status == 0, run.out
    assert "found; who that is cannot be asked " in run.out


def test_a_redirect_is_found(python: PythonCaller, invoker: Identity, proxy: FaultProxy) -> None:
    proxy.faults.append(answered(301, headers={"location": "https://wine.example.com/"}))
    run = examine(python, invoker, proxy.url)
    assert faults(run)[0].startswith("FAIL  connection   301: the answer is a redirect to wine.example.com, which is")


def test_a_wrong_secret_is_found_before_the_call(python: PythonCaller, invoker: Identity) -> None:
    run = examine(python, replace(invoker, user=with_wrong_secret(invoker.user)))
    assert run.status == 1
    assert "AWS does not take the credentials" in faults(run)[0]


def test_a_role_that_may_not_be_assumed_is_found(python: PythonCaller, invoker: Identity) -> None:
    run = examine(python, replace(invoker, role_arn=invoker.role_arn + "-gone"))
    assert run.status == 1
    assert faults(run)[0].startswith(f"FAIL  credentials  the role {invoker.role_arn}-gone was not assumed")


def test_a_missing_grant_is_found(python: PythonCaller, endpoint: LocalEndpoint) -> None:
    run = examine(python, endpoint.identity(endpoint.role_with(["lambda:InvokeFunction"])))
    assert run.status == 1
    assert "the caller lacks the grant lambda:InvokeFunctionUrl;" in faults(run)[0]


def test_a_wrong_clock_is_found(python: PythonCaller, invoker: Identity, proxy: FaultProxy) -> None:
    an_hour_ago = {"date": formatdate(time.time() - 3600, usegmt=True)}
    proxy.faults.append(answered(403, FORBIDDEN, an_hour_ago))
    run = examine(python, invoker, proxy.url)
    assert faults(run) == ["FAIL  clock        this machine's clock is 60 minutes ahead of AWS's: set it"]


def test_an_endpoint_that_is_out_of_reach_is_found(python: PythonCaller, invoker: Identity) -> None:
    run = examine(python, invoker, "http://127.0.0.1:1")
    assert run.status == 1
    assert "cannot be reached" in faults(run)[0]


def test_an_endpoint_that_is_gone_is_found(python: PythonCaller, invoker: Identity, proxy: FaultProxy) -> None:
    proxy.faults.append(answered(404, {"Message": None}))
    assert "it was deleted or replaced" in faults(examine(python, invoker, proxy.url))[0]


def test_an_endpoint_that_is_open_to_everybody_is_found(
    python: PythonCaller, invoker: Identity, proxy: FaultProxy
) -> None:
    proxy.faults.append(answered(200, {"status": "ok"}))
    assert "it is open to everybody" in faults(examine(python, invoker, proxy.url))[0]


def test_something_else_at_the_address_is_found(python: PythonCaller, invoker: Identity, proxy: FaultProxy) -> None:
    proxy.faults.extend([answered(403, FORBIDDEN), answered(200, {"hello": "world"})])
    assert "there is something else at this address" in faults(examine(python, invoker, proxy.url))[0]


def test_a_model_that_is_not_served_is_found(python: PythonCaller, invoker: Identity, proxy: FaultProxy) -> None:
    unserved = answered(503, {"detail": "the model is not served: its file is damaged"})
    proxy.faults.extend([answered(403, FORBIDDEN), unserved])
    run = examine(python, invoker, proxy.url, options=("--attempts", "1"))
    assert "503: the model is not served: its file is damaged" in faults(run)[0]


@pytest.mark.parametrize(
    ("decisions", "says"),
    [
        (("implicitDeny", "allowed"), "the caller lacks the grant lambda:InvokeFunctionUrl;"),
        (("allowed", "implicitDeny"), "the caller lacks the grant lambda:InvokeFunction;"),
        (("implicitDeny", "implicitDeny"), "has neither lambda:InvokeFunctionUrl nor lambda:InvokeFunction"),
        (("allowed", "explicitDeny"), "a policy explicitly denies lambda:InvokeFunction"),
        (("allowed", "allowed"), "IAM says that both grants are there"),
    ],
)
def test_a_bare_refusal_is_put_to_iam(
    monkeypatch: pytest.MonkeyPatch,
    python: PythonCaller,
    invoker: Identity,
    proxy: FaultProxy,
    decisions: tuple[str, str],
    says: str,
) -> None:
    asked: list[tuple[str, str]] = []

    def decide(_iam: Any, principal: str, alias_arn: str) -> dict[str, str]:
        asked.append((principal, alias_arn))
        return dict(zip(GRANTS, decisions, strict=True))

    monkeypatch.setattr(doctor, "simulate", decide)
    proxy.faults.extend([answered(403, FORBIDDEN), answered(403, FORBIDDEN)])
    run = examine(python, invoker, proxy.url)
    assert says in faults(run)[0]
    assert asked == [(invoker.role_arn, asked[0][1])]
    assert asked[0][1].endswith(":live")


def test_iam_is_asked_for_both_actions_as_the_url_would_use_them() -> None:
    iam = botocore.session.Session().create_client(
        "iam", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    alias, role = "arn:aws:lambda:eu-central-1:111122223333:function:f:live", "arn:aws:iam::111122223333:role/r"
    results = [{"EvalActionName": action, "EvalDecision": "allowed"} for action in GRANTS]
    context = {"lambda:FunctionUrlAuthType": ("AWS_IAM", "string"), "lambda:InvokedViaFunctionUrl": ("true", "boolean")}
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": kind}
        for key, (value, kind) in context.items()
    ]
    expected = {
        "PolicySourceArn": role, "ActionNames": list(GRANTS), "ResourceArns": [alias], "ContextEntries": entries
    }  # fmt: skip
    with Stubber(iam) as stub:
        stub.add_response("simulate_principal_policy", {"EvaluationResults": results}, expected)
        assert doctor.simulate(iam, role, alias) == dict.fromkeys(GRANTS, "allowed")


@pytest.mark.parametrize(
    ("caller", "principal"),
    [
        ("arn:aws:sts::111122223333:assumed-role/some-role/session", "arn:aws:iam::111122223333:role/some-role"),
        ("arn:aws:iam::111122223333:user/somebody", "arn:aws:iam::111122223333:user/somebody"),
    ],
)
def test_a_session_is_known_to_iam_as_its_role(caller: str, principal: str) -> None:
    assert doctor.role_of(caller) == principal
