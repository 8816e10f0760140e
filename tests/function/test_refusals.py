"""What cannot be predicted is refused by row and name, and no value of the request is repeated."""

from __future__ import annotations

import json
from typing import Any

import pytest
from endpoint import Endpoint, RequestRefusedError

from tests.function.protocols import MakeEvent

Records = list[dict[str, Any]]


def refuse(endpoint: Endpoint, event: dict[str, Any], status: int) -> dict[str, Any]:
    """Return the problem document with which the endpoint must refuse the event."""
    response = endpoint(event, None)
    assert response["statusCode"] == status, response["body"]
    assert response["headers"]["content-type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response["body"])
    assert document["status"] == status
    assert document["request_id"] == event["requestContext"]["requestId"]
    return document


def test_a_missing_feature_is_refused_by_name(
    wine_endpoint: Endpoint, two_wines: Records, url_event: MakeEvent
) -> None:
    del two_wines[1]["density"]
    errors = refuse(wine_endpoint, url_event(json.dumps(two_wines)), 422)["errors"]
    assert [(e["row"], e["field"], e["code"]) for e in errors] == [(1, "density", "missing_field")]


def test_a_misspelt_feature_is_refused_with_the_name_that_was_meant(
    wine_endpoint: Endpoint, two_wines: Records, url_event: MakeEvent
) -> None:
    two_wines[0]["alcohl"] = two_wines[0].pop("alcohol")
    errors = refuse(wine_endpoint, url_event(json.dumps(two_wines)), 422)["errors"]
    assert errors[0]["field"] == "alcohl"
    assert 'did you mean "alcohol"?' in errors[0]["message"]
    assert errors[1]["code"] == "missing_field"


def test_an_unknown_field_beside_the_features_is_refused(
    wine_endpoint: Endpoint, two_wines: Records, url_event: MakeEvent
) -> None:
    two_wines[1]["grower"] = 1
    errors = refuse(wine_endpoint, url_event(json.dumps(two_wines)), 422)["errors"]
    assert [(e["row"], e["field"], e["code"]) for e in errors] == [(1, "grower", "unknown_field")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('"11.4"', "not_a_number"),
        ('"11:4"', "not_a_number"),
        ("true", "not_a_number"),
        ("false", "not_a_number"),
        ("[11.4]", "not_a_number"),
        ('{"value": 11.4}', "not_a_number"),
        ("null", "missing_value"),
        ("NaN", "out_of_range"),
        ("Infinity", "out_of_range"),
        ("-Infinity", "out_of_range"),
        ("1e39", "out_of_range"),
        ("1e999", "out_of_range"),
        ("9" * 400, "out_of_range"),
    ],
)
@pytest.mark.parametrize("copies", [1, 100], ids=["small", "large"])
def test_a_value_that_is_no_float32_is_refused_by_row_and_field(
    wine_endpoint: Endpoint, two_wines: Records, url_event: MakeEvent, value: str, code: str, copies: int
) -> None:
    two_wines[1]["alcohol"] = 12345678
    body = json.dumps(two_wines * copies).replace("12345678", value)
    errors = refuse(wine_endpoint, url_event(body), 422)["errors"]
    assert (errors[0]["row"], errors[0]["field"], errors[0]["code"]) == (1, "alcohol", code)


def test_a_field_given_twice_is_refused(wine_endpoint: Endpoint, two_wines: Records, url_event: MakeEvent) -> None:
    body = json.dumps(two_wines)[:-2] + ', "pH": 3.1}]'
    errors = refuse(wine_endpoint, url_event(body), 422)["errors"]
    assert [(e["row"], e["field"], e["code"]) for e in errors] == [(1, "pH", "repeated_field")]


def test_at_most_ten_faults_are_told(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    assert len(refuse(wine_endpoint, url_event("[{}, {}]"), 422)["errors"]) == 10


@pytest.mark.parametrize("body", ['"wine"', "3", "null", "true"])
def test_a_body_that_is_no_array_is_refused(wine_endpoint: Endpoint, url_event: MakeEvent, body: str) -> None:
    refuse(wine_endpoint, url_event(body), 422)


@pytest.mark.parametrize("record", ["1", '"wine"', "null", "[1, 2]"])
def test_a_record_that_is_no_object_is_refused(wine_endpoint: Endpoint, url_event: MakeEvent, record: str) -> None:
    errors = refuse(wine_endpoint, url_event(f"[{record}]"), 422)["errors"]
    assert (errors[0]["row"], errors[0]["code"]) == (0, "not_an_object")


@pytest.mark.parametrize(
    "body", ["", "{", "[1,]", "[{'pH': 1}]", "[1" * 100_000, b"\xff\xfe[", "9" * 5000, "[] []"], ids=range(8)
)
def test_a_body_that_is_not_json_is_a_bad_request(
    wine_endpoint: Endpoint, url_event: MakeEvent, body: str | bytes
) -> None:
    refuse(wine_endpoint, url_event(body), 400)


def test_a_body_that_is_not_base64_although_the_event_says_so_is_a_bad_request(
    wine_endpoint: Endpoint, url_event: MakeEvent
) -> None:
    refuse(wine_endpoint, {**url_event("[]"), "isBase64Encoded": True}, 400)


def test_an_unknown_path_is_not_found(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    refuse(wine_endpoint, url_event("[]", path="/wines"), 404)


def test_a_wrong_method_is_told_the_right_ones(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    response = wine_endpoint(url_event("[]", method="DELETE"), None)
    assert (response["statusCode"], response["headers"]["allow"]) == (405, "GET, POST")


def test_another_media_type_is_refused(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    refuse(wine_endpoint, url_event("<wine/>", content_type="application/xml"), 415)


@pytest.mark.parametrize("event", ["[]", 3, True, 1.5])
def test_a_direct_invocation_with_anything_but_rows_fails(wine_endpoint: Endpoint, event: Any) -> None:
    with pytest.raises(RequestRefusedError, match="a direct invocation takes a JSON array of records, or one record"):
        wine_endpoint(event, None)


@pytest.mark.parametrize("event", [{"records": []}, {"Records": [{"eventSource": "aws:sqs"}]}, {"pH": 3.3}])
def test_a_direct_invocation_with_another_event_fails(wine_endpoint: Endpoint, event: Any) -> None:
    with pytest.raises(RequestRefusedError, match="in the rows"):
        wine_endpoint(event, None)


@pytest.mark.parametrize("value", [True, "11.4", None, float("nan"), float("inf"), 1e39, 10**400, [1]])
def test_a_direct_invocation_with_a_wrong_value_fails_and_names_row_and_field(
    wine_endpoint: Endpoint, two_wines: Records, value: Any
) -> None:
    two_wines[1]["alcohol"] = value
    with pytest.raises(RequestRefusedError, match='row 1, "alcohol": '):
        wine_endpoint(two_wines, None)


def test_a_direct_invocation_never_repeats_a_name_that_is_no_feature(
    wine_endpoint: Endpoint, two_wines: Records
) -> None:
    two_wines[0]["4711-secret"] = 1
    with pytest.raises(RequestRefusedError) as refused:
        wine_endpoint(two_wines, None)
    assert "4711" not in str(refused.value)
    assert refused.value.__cause__ is None
