"""The endpoint's OpenAPI document is valid, and the endpoint keeps to it under generated requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import routes
import schemathesis
import xgboost
from endpoint import Endpoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from tests.function.protocols import MakeEvent, Serve

DETERMINISTIC: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
NOT_TEXT = ("application/x-npy", "application/x-float32", "text/libsvm", "text/x-libsvm")
"""Media types of which JSON can hold no example, or which have no categories by name."""

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with numbers and categories, so that the document has both."""
    random = np.random.default_rng(1)
    table = pd.DataFrame({"size": random.normal(size=300), "kind": pd.Categorical(random.choice(["old", "new"], 300))})
    path = tmp_path_factory.mktemp("openapi") / "houses.ubj"
    data = xgboost.DMatrix(table, table["size"] + (table["kind"] == "old"), enable_categorical=True)
    xgboost.train({"nthread": 1}, data, 5).save_model(path)
    return path


def web_application(endpoint: Endpoint, url_event: MakeEvent) -> Callable[..., Iterable[bytes]]:
    """Return the endpoint as a WSGI application, in the place of Lambda's front."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        event = url_event(body, method=environ["REQUEST_METHOD"], path=environ["PATH_INFO"], base64_encoded=True)
        event["headers"] = {
            key.removeprefix("HTTP_").replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_") or key == "CONTENT_TYPE"
        }
        response = endpoint(event, None)
        start_response(f"{response['statusCode']} -", list(response["headers"].items()))
        return [response["body"].encode()]

    return application


def test_the_document_is_valid_openapi(model: Path, serve: Serve, url_event: MakeEvent) -> None:
    document = json.loads(serve(model)(url_event(method="GET", path="/openapi.json"), None)["body"])
    assert document["openapi"] == "3.1.0"
    schema = schemathesis.openapi.from_dict(document)
    schema.validate()
    assert len(list(schema.get_all_operations())) == len(routes.ROUTES)


def test_the_examples_of_the_document_are_answered(model: Path, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(model)
    document = json.loads(endpoint(url_event(method="GET", path="/openapi.json"), None)["body"])
    assert endpoint.contract is not None
    for template, methods in document["paths"].items():
        path = template.format(model=endpoint.contract.name, version=endpoint.contract.version)
        reference = methods.get("post", {}).get("requestBody", {}).get("$ref", "").rpartition("/")[2]
        bodies = document["components"]["requestBodies"]
        for kind, content in bodies[reference]["content"].items() if reference else ():
            if kind in NOT_TEXT:
                continue
            example = content["example"]
            body = example if isinstance(example, str) else json.dumps(example)
            response = endpoint(url_event(body, path=path, content_type=kind), None)
            assert response["statusCode"] == 200, (path, kind, response["body"])


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("served", ["houses", pytest.param("wine", marks=pytest.mark.slow)])
def test_generated_requests_are_answered_as_the_document_says(
    served: str, model: Path, wine_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(model if served == "houses" else wine_model)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", web_application(endpoint, url_event))
    statuses: list[int] = []

    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        strategy = st.one_of([result.ok().as_strategy(generation_mode=mode) for mode in GenerationMode])

        @settings(max_examples=20 if served == "houses" else 60, **DETERMINISTIC)
        @given(case=strategy)
        def exchange(case: schemathesis.Case[Any]) -> None:
            response = case.call()
            statuses.append(response.status_code)
            case.validate_response(response, checks=CHECKS)

        exchange()
    assert {200, 422} <= set(statuses)
    assert max(statuses) < 500
