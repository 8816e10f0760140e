"""The Python library: plain and asynchronous, its auth class by itself, its retries and its sessions."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import botocore.session
import httpx
import pytest
from ml_inference_client import AsyncClient, Client, CredentialSource, InferenceError, Retry, Settings, SigV4Auth

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
    settings: Settings, source: CredentialSource, records: list[Any], predictions: list[float], endpoint: LocalEndpoint
) -> None:
    auth = SigV4Auth(source, settings.region)
    answer = httpx.post(endpoint.here, json=records, auth=auth, trust_env=False)
    assert answer.json() == predictions


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
    with Client(settings, source) as client, pytest.raises(ValueError, match="JSON"):
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


def test_waits_are_drawn_from_the_whole_span() -> None:
    random.seed(0)
    waits = [Retry(base_seconds=1).seconds(1) for _ in range(1000)]
    assert min(waits) < 0.01
    assert max(waits) > 0.99
    assert 0.45 < sum(waits) / len(waits) < 0.55
