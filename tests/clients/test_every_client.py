"""What every client does alike: predict, retry, and explain a refusal."""

import time
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from local.caller import with_wrong_secret
from tests.clients.callers import Caller
from tests.clients.fault_proxy import FaultProxy, answered, break_off, hang_up
from tests.clients.local_endpoint import Identity, LocalEndpoint

pytestmark = pytest.mark.usefixtures("short_waits")

THROTTLED = answered(429, {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "message": "Rate exceeded."})


def test_the_invoker_role_gets_predictions(
    client: Caller, invoker: Identity, records: list[Any], predictions: list[float]
) -> None:
    assert client.predict(records, invoker).predictions == predictions


def test_a_session_of_the_role_needs_no_role(
    client: Caller, invoker: Identity, records: list[Any], predictions: list[float]
) -> None:
    assert client.predict(records, invoker.session).predictions == predictions


def test_a_missing_grant_is_named(client: Caller, endpoint: LocalEndpoint, records: list[Any]) -> None:
    without_url_grant = endpoint.identity(endpoint.role_with(["lambda:InvokeFunction"]))
    run = client.predict(records, without_url_grant)
    assert run.status == 1
    assert "403 Forbidden: the caller lacks the grant lambda:InvokeFunctionUrl;" in run.err
    assert "client_policy_json" in run.err


def test_a_wrong_secret_is_recognised(client: Caller, invoker: Identity, records: list[Any]) -> None:
    run = client.predict(records, with_wrong_secret(invoker.session))
    assert run.status == 1
    assert "the secret access key does not belong to the access key id" in run.err


def test_a_role_that_may_not_be_assumed_is_named(client: Caller, invoker: Identity, records: list[Any]) -> None:
    stranger = replace(invoker, role_arn=f"{invoker.role_arn}-of-somebody-else")
    run = client.predict(records, stranger)
    assert run.status == 1
    assert f"the role {stranger.role_arn} was not assumed" in run.err


def test_a_refusal_that_names_no_grant_names_both(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any]
) -> None:
    forbidden = {"Message": "Forbidden. For troubleshooting Function URL authorization issues, see: …"}
    proxy.faults.append(answered(403, forbidden, {"x-amzn-errortype": "AccessDeniedException"}))
    run = client.predict(records, invoker.session, at=proxy.url)
    assert run.status == 1
    assert "one of the two grants, lambda:InvokeFunctionUrl or lambda:InvokeFunction, and AWS does not say" in run.err
    assert len(proxy.seen) == 1, "a refusal was tried again"


def test_a_wrong_clock_is_told_from_the_answers_date(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any]
) -> None:
    date = formatdate(time.time() + 1800, usegmt=True)
    expired = {"message": "Signature expired: 20261101T120000Z is now earlier than 20261101T122500Z"}
    proxy.faults.append(answered(403, expired, {"x-amzn-errortype": "InvalidSignatureException", "date": date}))
    run = client.predict(records, invoker.session, at=proxy.url)
    assert run.status == 1
    assert "this machine's clock is 30 minutes behind, AWS accepts 5: set the clock" in run.err


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_what_would_fail_again_is_not_sent_again(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any], status: int
) -> None:
    proxy.faults.append(answered(status, {"title": "no", "detail": "this will not do"}))
    run = client.predict(records, invoker.session, at=proxy.url)
    assert run.status == 1
    assert run.err.startswith(f"error: {status}: this will not do")
    assert len(proxy.seen) == 1


def test_an_unknown_feature_is_refused_by_row_and_name(client: Caller, invoker: Identity, records: list[Any]) -> None:
    records[1] = {("alcohl" if name == "alcohol" else name): value for name, value in records[1].items()}
    run = client.predict(records, invoker)
    assert run.status == 1
    assert "error: 422: " in run.err
    assert 'row 1, "alcohl": ' in run.err


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_fault_is_survived(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any], predictions: list[float], status: int
) -> None:
    proxy.faults.extend([answered(status), answered(status)])
    assert client.predict(records, invoker.session, at=proxy.url).predictions == predictions
    assert len(proxy.seen) == 3


@pytest.mark.parametrize("fault", [hang_up, break_off], ids=lambda fault: fault.__name__)
def test_a_dying_connection_is_survived(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any], predictions: list[float], fault: Any
) -> None:
    proxy.faults.extend([fault, fault])
    assert client.predict(records, invoker.session, at=proxy.url).predictions == predictions


def test_throttling_without_end_is_said(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any]
) -> None:
    proxy.faults.extend([THROTTLED] * 3)
    run = client.predict(records, invoker.session, at=proxy.url, options=("--attempts", "3"))
    assert run.status == 1
    assert "gave no answer in 3 attempts; the last answer was 429: Rate exceeded." in run.err
    assert len(proxy.seen) == 3


def test_a_connection_that_cannot_be_made_is_said(client: Caller, invoker: Identity, records: list[Any]) -> None:
    run = client.predict(records, invoker.session, at="http://127.0.0.1:1", options=("--attempts", "2"))
    assert run.status == 1
    assert "gave no answer in 2 attempts; the connection failed: " in run.err


def test_each_attempt_is_signed_again(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any], predictions: list[float]
) -> None:
    proxy.faults.append(answered(503, in_next_second=True))
    assert client.predict(records, invoker.session, at=proxy.url).predictions == predictions
    first, second = proxy.seen
    assert first.signature
    assert first.signature != second.signature
    assert first.headers["x-amz-date"] < second.headers["x-amz-date"]


def test_the_signature_is_for_the_endpoints_region_and_for_lambda(
    client: Caller, proxy: FaultProxy, invoker: Identity, records: list[Any]
) -> None:
    """The emulator would take any; AWS does not."""
    assert client.predict(records, invoker.session, at=proxy.url).status == 0
    scope = proxy.seen[0].headers["authorization"].partition("Credential=")[2].partition(",")[0].split("/")
    assert scope[2:] == [client.endpoint.region, "lambda", "aws4_request"]
