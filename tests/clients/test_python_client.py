"""The Python library: plain and asynchronous, its auth class by itself, its retries and its sessions."""

import asyncio
import gzip
import json
import logging
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.session
import httpx
import pytest
from ml_inference_client import AsyncClient, Client, CredentialSource, InferenceError, Retry, Settings, SigV4Auth
from ml_inference_client.retry import asked_seconds

from tests.clients.fault_proxy import FaultProxy, answered, hang_up
from tests.clients.local_endpoint import Identity, LocalEndpoint

SignIn = Callable[[Identity], CredentialSource]
AT_ONCE = Retry(attempts=3, base_seconds=0)


@pytest.fixture
def settings(endpoint: LocalEndpoint, proxy: FaultProxy) -> Settings:
    """The endpoint behind the proxy."""
    return Settings(endpoint.url, endpoint.region, endpoint.outputs["invoker_role_arn"], proxy.url)


@pytest.fixture
def source(
    settings: Settings, endpoint: LocalEndpoint, invoker: Identity, monkeypatch: pytest.MonkeyPatch
) -> CredentialSource:
    """Credentials of the user who may assume the invoker role."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint.cloud.url)
    session = botocore.session.Session()
    session.set_credentials(invoker.user.access_key_id, invoker.user.secret_access_key)
    return CredentialSource(settings, session)


def test_the_client_predicts(
    settings: Settings, source: CredentialSource, records: list[Any], predictions: list[float]
) -> None:
    with Client(settings, source) as client:
        assert client.predict(records) == predictions


def test_the_asynchronous_client_predicts_several_at_a_time(
    settings: Settings, source: CredentialSource, records: list[Any], predictions: list[float], proxy: FaultProxy
) -> None:
    async def predict() -> list[list[Any]]:
        async with AsyncClient(settings, source, AT_ONCE) as client:
            return await asyncio.gather(*(client.predict(records) for _ in range(4)))

    proxy.faults.extend([hang_up, answered(429)])
    assert asyncio.run(predict()) == [predictions] * 4
    assert len(proxy.seen) == 6


def test_the_auth_class_serves_any_httpx_client(
    source: CredentialSource, records: list[Any], predictions: list[float], endpoint: LocalEndpoint
) -> None:
    auth = SigV4Auth(source, Settings(endpoint.here, endpoint.region))
    answer = httpx.post(endpoint.here, json=records, auth=auth, trust_env=False)
    assert answer.json() == predictions


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "https://127.0.0.1/", "https://wine.example.com/", "http://localhost/"]
)
def test_the_auth_class_signs_for_nobody_else(source: CredentialSource, url: str) -> None:
    auth = SigV4Auth(source, Settings("http://127.0.0.1:2/", "eu-central-1"))
    with pytest.raises(InferenceError, match=r"is not signed: only 127\.0\.0\.1:2 gets one"):
        httpx.post(url, auth=auth, trust_env=False)


@pytest.mark.parametrize("path", ["@example.com/", ".example.com/", ":1/", ""])
def test_a_path_cannot_become_another_host(settings: Settings, source: CredentialSource, path: str) -> None:
    with Client(settings, source) as client, pytest.raises(InferenceError, match="must begin with /"):
        client.send("GET", path)


def test_what_a_proxy_may_add_is_not_signed(settings: Settings, source: CredentialSource, proxy: FaultProxy) -> None:
    with Client(settings, source) as client:
        client.send("GET", "/ping")
    (seen,) = proxy.seen
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in seen.headers["authorization"]


def test_the_role_is_assumed_once_for_many_requests(
    settings: Settings, source: CredentialSource, records: list[Any], proxy: FaultProxy
) -> None:
    with Client(settings, source) as client:
        for _ in range(3):
            client.predict(records)
    assert len({seen.headers["x-amz-security-token"] for seen in proxy.seen}) == 1


def test_a_number_that_json_cannot_hold_is_not_sent(
    settings: Settings, source: CredentialSource, records: list[Any], proxy: FaultProxy
) -> None:
    records[0]["alcohol"] = float("nan")
    with Client(settings, source) as client, pytest.raises(InferenceError, match="cannot be sent as JSON"):
        client.predict(records)
    assert not proxy.seen


@pytest.mark.parametrize("document", [{"predictions": []}, [1.0], "text"])
def test_an_answer_of_another_kind_is_refused(
    settings: Settings, source: CredentialSource, records: list[Any], proxy: FaultProxy, document: Any
) -> None:
    proxy.faults.append(answered(200, document if document != "text" else '"text"'))
    with Client(settings, source) as client, pytest.raises(InferenceError, match="must answer 2 predictions"):
        client.predict(records)


def test_waits_grow_to_a_cap_and_are_spread_from_nothing() -> None:
    retry = Retry(attempts=9, base_seconds=0.25, cap_seconds=5)
    assert [retry.seconds(attempt, chance=1) for attempt in range(1, 8)] == [0.25, 0.5, 1, 2, 4, 5, 5]
    assert retry.seconds(5, chance=0) == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "3600"}, 5),
        ({"retry-after": "9" * 400}, 0),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "Sun, 01 Nov 2026 12:00:02 GMT", "date": "Sun, 01 Nov 2026 12:00:00 GMT"}, 2),
        ({"retry-after": "Sun, 01 Nov 2026 11:00:00 GMT", "date": "Sun, 01 Nov 2026 12:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 01 Nov 2026 12:00:04 GMT"}, 4),
    ],
)
def test_what_the_endpoint_asks_for_is_waited_up_to_the_cap(headers: dict[str, str], seconds: float) -> None:
    asked = asked_seconds(headers, now=datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert Retry(cap_seconds=5).seconds(1, asked, chance=0) == seconds


def test_waits_are_drawn_from_the_whole_span() -> None:
    random.seed(0)
    waits = [Retry(base_seconds=1).seconds(1) for _ in range(1000)]
    assert min(waits) < 0.01
    assert max(waits) > 0.99
    assert 0.45 < sum(waits) / len(waits) < 0.55


def test_a_program_that_debugs_itself_logs_no_credential(
    settings: Settings,
    source: CredentialSource,
    records: list[Any],
    proxy: FaultProxy,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with Client(settings, source) as client:
        client.predict(records)
    sent = proxy.seen[0]
    assert caplog.text, "nothing was logged at all"
    assert sent.signature not in caplog.text
    assert sent.headers["x-amz-security-token"] not in caplog.text
    assert str(source.current().secret_key) not in caplog.text


def test_a_large_body_goes_packed(
    settings: Settings, source: CredentialSource, records: list[Any], predictions: list[float], proxy: FaultProxy
) -> None:
    with Client(settings, source) as client:
        assert client.predict(records * 40) == predictions * 40
        assert client.predict(records) == predictions
    large, small = proxy.seen
    assert json.loads(gzip.decompress(large.body)) == records * 40
    assert large.headers["content-encoding"] == "gzip"
    assert "content-type" not in large.headers, "Lambda would take the bytes for text"
    assert "SignedHeaders=content-encoding;host;" in large.headers["authorization"]
    assert json.loads(small.body) == records
