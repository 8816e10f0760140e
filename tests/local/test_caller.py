"""The project's own program on the emulator: its endpoint answers the invoker role, and nobody else."""

import json
from dataclasses import replace

import pytest

from components import golden
from local import caller, demo
from local.cloud import Cloud, Credentials
from local.deployment import Deployment
from local.expectation import expectation

MODEL = demo.PROJECT / "model" / "wine_quality.ubj"


@pytest.fixture(scope="module")
def endpoint(wine_quality: Deployment, cloud: Cloud) -> caller.Endpoint:
    return caller.Endpoint(wine_quality.outputs["endpoint"], cloud.port, cloud.region)


@pytest.fixture(scope="module")
def user(wine_quality: Deployment, cloud: Cloud) -> Credentials:
    return caller.create_user(cloud, wine_quality.outputs["invoker_role_arn"])


@pytest.fixture(scope="module")
def invoker(wine_quality: Deployment, cloud: Cloud, user: Credentials) -> Credentials:
    return caller.assume(cloud, user, wine_quality.outputs["invoker_role_arn"])


@pytest.fixture(scope="module")
def expected() -> golden.Golden:
    return expectation(MODEL)


@pytest.fixture(scope="module")
def body(expected: golden.Golden) -> bytes:
    return expected.payload().encode()


def test_the_invoker_role_gets_the_golden_predictions(
    endpoint: caller.Endpoint, invoker: Credentials, expected: golden.Golden, body: bytes
) -> None:
    answer = endpoint.post(body, invoker)
    assert answer.status == 200
    assert answer.json() == expected.predictions


def test_an_unsigned_call_is_refused(endpoint: caller.Endpoint, body: bytes) -> None:
    assert endpoint.post(body).status == 403


def test_a_wrong_secret_is_refused(endpoint: caller.Endpoint, invoker: Credentials, body: bytes) -> None:
    assert endpoint.post(body, caller.with_wrong_secret(invoker)).status == 403


def test_a_tampered_body_is_refused(endpoint: caller.Endpoint, invoker: Credentials, body: bytes) -> None:
    assert endpoint.post(body, invoker, signed_body=b"[]").status == 403


def test_an_unknown_key_is_refused(endpoint: caller.Endpoint, invoker: Credentials, body: bytes) -> None:
    assert endpoint.post(body, replace(invoker, access_key_id="AKIAIOSFODNN7EXAMPLE")).status == 403


def test_the_user_needs_the_role(endpoint: caller.Endpoint, user: Credentials, body: bytes) -> None:
    assert endpoint.post(body, user).status == 403


def test_the_user_may_assume_no_other_role(cloud: Cloud, user: Credentials) -> None:
    other = cloud.iam.create_role(
        RoleName="another-invoker",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
            }
        ),
    )["Role"]["Arn"]
    with pytest.raises(cloud.sts.exceptions.ClientError, match="AccessDenied"):
        caller.assume(cloud, user, other)
