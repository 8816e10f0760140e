"""Every accepted form of the same rows gets the same predictions, in the form that the client accepts."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from tests.function.protocols import MakeEvent, Serve

Rows = pd.DataFrame


@pytest.fixture(scope="module")
def rows(wine_records: list[dict[str, float]]) -> Rows:
    return pd.DataFrame(wine_records).sample(200, random_state=1).reset_index(drop=True)


@pytest.fixture(scope="module")
def expected(wine_endpoint: Endpoint, rows: Rows) -> list[float]:
    predictions: list[float] = wine_endpoint(rows.to_dict("records"), None)
    return predictions


def shuffled(rows: Rows) -> Rows:
    return rows[list(np.random.default_rng(2).permutation(rows.columns))]


def tensors(rows: Rows) -> list[dict[str, Any]]:
    return [
        {"name": name, "shape": [len(rows)], "datatype": "FP64", "data": rows[name].tolist()} for name in rows.columns
    ]


JSON_FORMS: dict[str, Callable[[Rows], Any]] = {
    "records": lambda rows: rows.to_dict("records"),
    "records in another order": lambda rows: shuffled(rows).to_dict("records"),
    "columns": lambda rows: rows.to_dict("list"),
    "columns in another order": lambda rows: shuffled(rows).to_dict("list"),
    "split": lambda rows: rows.to_dict("split"),
    "split in another order": lambda rows: shuffled(rows).to_dict("split"),
    "split without an index": lambda rows: {k: v for k, v in rows.to_dict("split").items() if k != "index"},
}


@pytest.mark.parametrize("form", JSON_FORMS)
@pytest.mark.parametrize("path", ["/", "/invocations"])
def test_a_json_form_gets_the_same_predictions(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent, form: str, path: str
) -> None:
    response = wine_endpoint(url_event(json.dumps(JSON_FORMS[form](rows)), path=path), None)
    assert json.loads(response["body"]) == expected


def test_instances_get_predictions_under_their_name(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent
) -> None:
    body = json.dumps({"instances": rows.to_dict("records")})
    assert json.loads(wine_endpoint(url_event(body), None)["body"]) == {"predictions": expected}


def test_a_single_record_gets_a_single_prediction(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent
) -> None:
    body = json.dumps(rows.to_dict("records")[0])
    assert json.loads(wine_endpoint(url_event(body), None)["body"]) == expected[:1]


CSV_FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "with a header": ({}, ""),
    "without a header": ({"header": False}, ""),
    "with a declared header": ({}, "; header=present"),
    "declared to have no header": ({"header": False}, "; charset=utf-8; header=absent"),
    "with CRLF": ({"lineterminator": "\r\n"}, ""),
    "with CR": ({"lineterminator": "\r"}, ""),
    "quoted": ({"quoting": 1}, ""),
}


@pytest.mark.parametrize("form", CSV_FORMS)
@pytest.mark.parametrize("base64_encoded", [False, True])
def test_a_csv_form_gets_the_same_predictions(
    wine_endpoint: Endpoint,
    rows: Rows,
    expected: list[float],
    url_event: MakeEvent,
    form: str,
    base64_encoded: bool,
) -> None:
    options, parameters = CSV_FORMS[form]
    event = url_event(
        rows.to_csv(index=False, **options), base64_encoded=base64_encoded, content_type="text/csv" + parameters
    )
    assert json.loads(wine_endpoint(event, None)["body"]) == expected


def test_the_columns_of_a_csv_may_stand_in_any_order_under_a_header(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent
) -> None:
    event = url_event(shuffled(rows).to_csv(index=False), content_type="text/csv")
    assert json.loads(wine_endpoint(event, None)["body"]) == expected


@pytest.mark.parametrize("spelling", ["+7.5", "7.5e0", " 7.5 ", '"7.5"', "7.50", "0007.5", "75E-1", "\t7.5"])
def test_a_csv_number_may_be_spelt_in_every_decimal_way(
    small_model: Path, serve: Serve, url_event: MakeEvent, spelling: str
) -> None:
    endpoint = serve(small_model)
    plain = endpoint(url_event("7.5,1,2\n", content_type="text/csv"), None)
    assert endpoint(url_event(f"{spelling},1,2\n", content_type="text/csv"), None)["body"] == plain["body"]


@pytest.mark.parametrize("whole", [False, True], ids=["a tensor for each feature", "one tensor"])
@pytest.mark.parametrize("nested", [False, True])
def test_the_open_inference_protocol_gets_the_same_predictions(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent, whole: bool, nested: bool
) -> None:
    inputs = tensors(shuffled(rows))
    if whole:
        values = rows.to_numpy()
        data = values.tolist() if nested else values.ravel().tolist()
        inputs = [{"name": "input", "shape": list(values.shape), "datatype": "FP32", "data": data}]
    elif nested:
        for tensor in inputs:
            tensor["shape"], tensor["data"] = [len(rows), 1], [[value] for value in tensor["data"]]
    assert wine_endpoint.contract is not None
    path = f"/v2/models/{wine_endpoint.contract.name}/infer"
    response = wine_endpoint(url_event(json.dumps({"id": "a-1", "inputs": inputs}), path=path), None)
    answer = json.loads(response["body"])
    assert answer["outputs"] == [{"name": "predict", "shape": [200], "datatype": "FP32", "data": expected}]
    assert (answer["id"], answer["model_version"]) == ("a-1", wine_endpoint.contract.version)


def test_a_body_may_be_gzip(wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent) -> None:
    body = gzip.compress(json.dumps(rows.to_dict("records")).encode())
    response = wine_endpoint(url_event(body, content_encoding="gzip"), None)
    assert json.loads(response["body"]) == expected


def test_a_large_answer_is_gzip_for_a_client_that_accepts_it(
    wine_endpoint: Endpoint, wine_records: list[dict[str, float]], url_event: MakeEvent
) -> None:
    body = json.dumps(wine_records)
    plain = wine_endpoint(url_event(body), None)
    packed = wine_endpoint(url_event(body, accept_encoding="br, gzip;q=0.8"), None)
    assert packed["isBase64Encoded"]
    assert (packed["headers"]["content-encoding"], packed["headers"]["vary"]) == ("gzip", "accept-encoding")
    assert gzip.decompress(base64.b64decode(packed["body"])).decode() == plain["body"]
    for none in ("gzip;q=0", "gzip;q=0.0", "gzip; Q=0.000", "br, gzip ;q=0.0", "identity", "*;q=0, gzip;q=0"):
        assert wine_endpoint(url_event(body, accept_encoding=none), None)["body"] == plain["body"]


def test_predictions_may_be_csv(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent
) -> None:
    response = wine_endpoint(url_event(json.dumps(rows.to_dict("records")), accept="text/csv"), None)
    assert response["headers"]["content-type"] == "text/csv"
    assert [float(line) for line in response["body"].splitlines()] == expected


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("application/json, text/csv", "application/json"),
        ("*/*, application/json;q=0", "text/csv"),
        ("TEXT/CSV", "text/csv"),
    ],
)
def test_the_answer_has_the_type_that_the_client_likes_best(
    wine_endpoint: Endpoint, url_event: MakeEvent, accept: str, kind: str
) -> None:
    assert wine_endpoint(url_event("[]", accept=accept), None)["headers"]["content-type"] == kind


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/xml, text/plain", "json", ";"])
def test_a_client_that_accepts_no_type_we_have_is_told_so(
    wine_endpoint: Endpoint, url_event: MakeEvent, accept: str
) -> None:
    assert wine_endpoint(url_event("[]", accept=accept), None)["statusCode"] == 406


def test_several_outputs_are_lists_in_json_and_commas_in_csv(
    tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    values = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32)
    data = xgboost.DMatrix(values, np.digitize(values.sum(axis=1), [-1, 1]))
    model = tmp_path / "classes.ubj"
    xgboost.train({"objective": "multi:softprob", "num_class": 3, "nthread": 1}, data, 5).save_model(model)
    endpoint = serve(model)
    expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(values)).astype(np.float64).tolist()
    body = pd.DataFrame(values.astype(float), columns=["f0", "f1"]).to_dict("list")
    assert json.loads(endpoint(url_event(json.dumps(body)), None)["body"]) == expected
    text = endpoint(url_event(json.dumps(body), accept="text/csv"), None)["body"]
    assert [[float(number) for number in line.split(",")] for line in text.splitlines()] == expected
    inferred = endpoint(
        url_event(json.dumps({"inputs": tensors(pd.DataFrame(body))}), path="/v2/models/classes/infer"), None
    )
    output = json.loads(inferred["body"])["outputs"][0]
    assert output["shape"] == [300, 3]
    assert np.array_equal(np.reshape(output["data"], (300, 3)), expected)


def test_categories_are_accepted_in_every_form(tmp_path: Path, serve: Serve, url_event: MakeEvent) -> None:
    random = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "x": random.normal(size=400),
            "colour": pd.Categorical(random.choice(["red", "white"], 400)),
            "year": pd.Categorical(random.choice([1998, 2004], 400)),
        }
    )
    score = table["x"] + (table["colour"] == "red") - 2 * (table["year"] == 2004)
    model = tmp_path / "c.ubj"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(table, score, enable_categorical=True), 8).save_model(model)
    endpoint = serve(model)
    plain = table.astype(object)
    expected = endpoint(plain.to_dict("records"), None)
    by_oracle = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(table, enable_categorical=True))
    assert expected == by_oracle.astype(np.float64).tolist()
    tensors_ = tensors(plain)
    tensors_[1]["datatype"] = "BYTES"
    answers = [
        endpoint(url_event(json.dumps(plain.to_dict("list"))), None),
        endpoint(url_event(json.dumps(plain.to_dict("split"))), None),
        endpoint(url_event(plain.to_csv(index=False), content_type="text/csv"), None),
        endpoint(url_event(plain.to_csv(index=False, header=False), content_type="text/csv"), None),
        endpoint(url_event(json.dumps({"inputs": tensors_}), path="/v2/models/c/infer"), None),
    ]
    assert [answer["statusCode"] for answer in answers] == [200] * 5
    assert all(json.loads(answer["body"]) == expected for answer in answers[:4])
    assert json.loads(answers[4]["body"])["outputs"][0]["data"] == expected


def test_missing_values_are_null_in_json_and_empty_in_csv(
    small_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(small_model, ALLOW_MISSING="true")
    as_json = endpoint(
        url_event('[{"income": null, "age": 1, "height: cm": null}, {"income": 1, "age": 2, "height: cm": 3}]'), None
    )
    expected = xgboost.Booster(model_file=small_model).predict(
        xgboost.DMatrix(np.array([[np.nan, 1, np.nan], [1, 2, 3]]), feature_names=["income", "age", "height: cm"])
    )
    assert json.loads(as_json["body"]) == expected.astype(np.float64).tolist()
    assert endpoint(url_event(",1,\n1,2,3\n", content_type="text/csv"), None)["body"] == as_json["body"]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_any_number_of_rows_down_to_none_is_answered(
    wine_endpoint: Endpoint, rows: Rows, url_event: MakeEvent, count: int
) -> None:
    few = rows.head(count)
    bodies = [json.dumps(few.to_dict("records")), json.dumps(few.to_dict("list")), json.dumps(few.to_dict("split"))]
    answers = [json.loads(wine_endpoint(url_event(body), None)["body"]) for body in bodies]
    assert [len(answer) for answer in answers] == [count] * 3


def test_a_byte_order_mark_is_skipped(
    wine_endpoint: Endpoint, rows: Rows, expected: list[float], url_event: MakeEvent
) -> None:
    for event in (
        url_event("\ufeff" + rows.to_csv(index=False), content_type="text/csv"),
        url_event(b"\xef\xbb\xbf" + json.dumps(rows.to_dict("records")).encode()),
    ):
        assert json.loads(wine_endpoint(event, None)["body"]) == expected
