"""Batches of Step Functions' Distributed Map: what the endpoint says of the same rows, and every row answered."""

from __future__ import annotations

import csv
import functools
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint, RequestRefusedError

from tests.function import forms
from tests.function import test_model_kinds as kinds
from tests.function.protocols import MakeEvent, Serve

ROWS = 25_000
PER_BATCH = 1_000

RECORD = {"income": 1, "age": 2, "height: cm": 3}


def gaps(rows: int, seed: int) -> pd.DataFrame:
    table = kinds.numbers(rows, seed)
    return table.mask(np.random.default_rng(seed + 1).random(table.shape) < 0.3)


#: For each kind of model the rows that it takes, its parameters, and the deployment's settings.
MODELS: dict[str, tuple[Callable[[int, int], pd.DataFrame], dict[str, Any], dict[str, str]]] = {
    "squared error": (kinds.numbers, {}, {}),
    "classes": (kinds.numbers, kinds.KINDS["classes"], {}),
    "dart": (kinds.numbers, kinds.KINDS["dart"], {}),
    "with gaps": (gaps, {}, {"ALLOW_MISSING": "true"}),
    "with categories": (kinds.with_categories, {"max_cat_to_onehot": 1}, {}),
}


def as_csv(table: pd.DataFrame) -> str:
    """A file as clients write it: the shortest decimals that are the float32 again, nothing for what is missing."""
    return table.to_csv(index=False)


def as_csv_items(text: str) -> list[dict[str, str]]:
    """The rows as Distributed Map reads them: an object of texts for each line below the header."""
    names, *lines = csv.reader(io.StringIO(text))
    return [dict(zip(names, line, strict=True)) for line in lines]


class Sent(NamedTuple):
    """Rows in another order of columns, as a file, as items of both formats, and as XGBoost takes them."""

    text: str
    csv_items: list[dict[str, str]]
    json_items: list[dict[str, Any]]
    data: xgboost.DMatrix


@functools.cache
def sent(make: Callable[[int, int], pd.DataFrame]) -> Sent:
    """What is sent to all kinds of models that take the same rows."""
    rows = make(ROWS, 2)
    shuffled = rows[[*reversed(rows.columns)]]
    text = as_csv(shuffled)
    return Sent(text, as_csv_items(text), forms.records(shuffled), xgboost.DMatrix(rows, enable_categorical=True))


def batched(endpoint: Endpoint, items: list[Any], **said: Any) -> list[Any]:
    """The answers of a run, through JSON as Lambda carries them."""
    answers: list[Any] = []
    for start in range(0, len(items), PER_BATCH):
        rows = [{"index": at, "row": row} for at, row in enumerate(items[start : start + PER_BATCH], start)]
        answers += orjson.loads(orjson.dumps(endpoint({"BatchInput": said, "Items": rows}, None)))
    return answers


@pytest.mark.parametrize("kind", MODELS)
def test_125_000_rows_are_predicted_bit_for_bit_as_the_endpoint_predicts_them(
    kind: str, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    make, parameters, environment = MODELS[kind]
    training, rows = make(kinds.TRAINED, 1), sent(make)
    score = kinds.targets(kind, training.select_dtypes("number").fillna(0))
    model = kinds.train(tmp_path, parameters, xgboost.DMatrix(training, score, enable_categorical=True))
    endpoint = serve(model, **environment)
    response = endpoint(url_event(rows.text, content_type="text/csv; header=present"), None)
    assert response["statusCode"] == 200, response["body"]
    kinds.assert_bit_identical(response["body"], xgboost.Booster(model_file=model).predict(rows.data))
    from_endpoint = [
        {"index": at, "prediction": prediction} for at, prediction in enumerate(orjson.loads(response["body"]))
    ]
    assert batched(endpoint, rows.csv_items, format="csv") == from_endpoint
    assert batched(endpoint, rows.json_items, format="json") == from_endpoint


def test_rows_are_kept_beside_their_predictions_and_bad_ones_spoil_no_other(small_model: Path, serve: Serve) -> None:
    endpoint = serve(small_model)
    (prediction,) = endpoint([RECORD], None)
    good = {"id": "a,7", **{name: f" {value} " for name, value in RECORD.items()}}
    items = [
        good,
        {**good, "age": "old"},
        {**good, "age": "", "income": "nan"},
        {**good, "id": ""},
        {**good, "age": "1e39"},
    ]
    answers = endpoint({"BatchInput": {"format": "csv", "keep": ["id", "age"]}, "Items": items}, None)
    assert answers[0] == {"keep": {"id": "a,7", "age": " 2 "}, "prediction": prediction}
    assert answers[3] == {"keep": {"id": "", "age": " 2 "}, "prediction": prediction}
    faults = [[(fault["field"], fault["code"]) for fault in answer.get("faults", [])] for answer in answers]
    assert faults == [
        [],
        [("age", "not_a_number")],
        [("income", "not_a_number"), ("age", "missing_value")],
        [],
        [("age", "out_of_range")],
    ]
    assert "old" not in json.dumps([answer.get("faults") for answer in answers]), "a value of the row is repeated"


@pytest.mark.parametrize("first", ["id", "age"])
def test_the_mark_that_excel_puts_before_a_header_is_no_part_of_a_name(
    first: str, small_model: Path, serve: Serve
) -> None:
    """In whatever place of the object the column comes: Step Functions need not keep their order."""
    endpoint = serve(small_model)
    (prediction,) = endpoint([RECORD], None)
    row = {"id": "a7", **{name: str(value) for name, value in RECORD.items()}}
    marked = dict(reversed([(f"\ufeff{name}" if name == first else name, value) for name, value in row.items()]))
    answers = endpoint({"BatchInput": {"format": "csv", "keep": ["id"]}, "Items": [marked, row]}, None)
    assert answers == [{"keep": {"id": "a7"}, "prediction": prediction}] * 2


def test_a_mark_in_a_name_that_the_model_has_learnt_stays(tmp_path: Path, serve: Serve) -> None:
    data = xgboost.DMatrix(np.eye(4, 1, dtype=np.float32), [0, 1, 2, 3], feature_names=["\ufeffx"])
    xgboost.train({"nthread": 1}, data, 2).save_model(tmp_path / "marked.ubj")
    endpoint = serve(tmp_path / "marked.ubj")
    (prediction,) = endpoint([{"\ufeffx": 1.0}], None)
    answers = endpoint({"BatchInput": {"format": "csv"}, "Items": [{"\ufeffx": "1"}]}, None)
    assert answers == [{"prediction": prediction}]


def test_a_batch_of_nothing_but_bad_rows_still_fits_into_a_payload(tmp_path: Path, serve: Serve) -> None:
    names = [f"measured_{at:03}" for at in range(40)]
    data = xgboost.DMatrix(np.eye(40, dtype=np.float32), np.arange(40), feature_names=names)
    xgboost.train({"nthread": 1}, data, 2).save_model(tmp_path / "wide.ubj")
    row = dict.fromkeys(names, "none")
    answers = serve(tmp_path / "wide.ubj")({"BatchInput": {"format": "csv"}, "Items": [row] * 1_000}, None)
    assert len(json.dumps(answers)) < 262_144
    assert answers[999] == {"faults": [{"field": names[0], "code": "not_a_number"}]}


def test_records_of_json_have_their_faults_by_name(small_model: Path, serve: Serve) -> None:
    endpoint = serve(small_model)
    (prediction,) = endpoint([RECORD], None)
    items = [{**RECORD, "key": 1}, {"key": 2}, 7, {**RECORD, "agee": 1}, {**RECORD, "age": "2"}, RECORD]
    answers = endpoint({"BatchInput": {"keep": ["key"]}, "Items": items}, None)
    assert [answer.get("prediction") for answer in answers] == [prediction, None, None, None, None, prediction]
    assert [answer["keep"] for answer in answers] == [{"key": 1}, {"key": 2}, {}, {}, {}, {}]
    codes = [[fault["code"] for fault in answer.get("faults", [])] for answer in answers]
    assert codes == [[], ["missing_field"] * 3, ["not_an_object"], ["unknown_field"], ["not_a_number"], []]
    assert not any("row" in fault for answer in answers for fault in answer.get("faults", []))


def test_a_row_without_a_finite_prediction_is_found_among_good_ones(tmp_path: Path, serve: Serve) -> None:
    data = xgboost.DMatrix(np.eye(4, 1, dtype=np.float32), [0, 1, 2, 3], feature_names=["x"])
    xgboost.train({"objective": "count:poisson", "nthread": 1}, data, 2).save_model(tmp_path / "count.ubj")
    endpoint = serve(tmp_path / "count.ubj")
    items = [{"x": 1.0, "base_margin": margin} for margin in (0.0, 200.0, 1.0, 0.0)]  # e to the 200th is no float32
    answers = endpoint({"Items": items}, None)
    assert answers[1]["faults"][0]["code"] == "not_finite"
    del answers[1], items[1]
    assert [answer["prediction"] for answer in answers] == endpoint(items, None)


def test_margins_are_each_rows_own(small_model: Path, serve: Serve) -> None:
    endpoint = serve(small_model)
    with_margin = {**RECORD, "base_margin": 1.5}
    alone = [endpoint([record], None)[0] for record in (RECORD, with_margin)]
    answers = endpoint({"Items": [RECORD, with_margin]}, None)
    assert [answer["prediction"] for answer in answers] == alone
    text = {name: str(value) for name, value in with_margin.items()}
    assert endpoint({"BatchInput": {"format": "csv"}, "Items": [text]}, None) == [{"prediction": alone[1]}]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a header without a feature": ({"BatchInput": {"format": "csv"}, "Items": [{"income": "1", "age": "2"}]}, "height"),
    "a header with one more": (
        {"BatchInput": {"format": "csv"}, "Items": [{**dict.fromkeys(RECORD, "1"), "id": "7"}]}, "fault",
    ),
    "another model": ({"BatchInput": {"model_version": "0" * 12}, "Items": [RECORD]}, "started for another model"),
    "another format": ({"BatchInput": {"format": "xml"}, "Items": [RECORD]}, "must be csv or json"),
    "an unknown member": ({"BatchInput": {"kept": []}, "Items": [RECORD]}, "no more than format, keep"),
    "keep that is no list": ({"BatchInput": {"keep": "id"}, "Items": [RECORD]}, "array of the names"),
    "an index for some": ({"Items": [{"index": 0, "row": RECORD}, RECORD]}, "or none"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_with_a_whole_batch_fails_it(name: str, small_model: Path, serve: Serve) -> None:
    event, reason = REFUSED[name]
    with pytest.raises(RequestRefusedError, match=reason) as refused:
        serve(small_model)(event, None)
    assert "None" not in str(refused.value)


def test_a_file_with_another_header_does_not_spoil_the_batch_it_shares(small_model: Path, serve: Serve) -> None:
    endpoint = serve(small_model)
    (prediction,) = endpoint([RECORD], None)
    good = {name: str(value) for name, value in RECORD.items()}
    items = [{"age": "2"}, good, {"age": "2"}, {**good, "age": 2}]
    answers = endpoint({"BatchInput": {"format": "csv"}, "Items": items}, None)
    assert answers[1] == {"prediction": prediction}
    assert "no text" in answers.pop()["faults"][0]["message"]
    assert answers[0] == answers[2]
    assert {fault["code"] for fault in answers[0]["faults"]} == {"missing_field"}


def test_a_model_with_a_feature_called_items_still_takes_columns(tmp_path: Path, serve: Serve) -> None:
    data = xgboost.DMatrix(np.eye(4, 1, dtype=np.float32), [0, 1, 2, 3], feature_names=["Items"])
    xgboost.train({"nthread": 1}, data, 2).save_model(tmp_path / "items.ubj")
    endpoint = serve(tmp_path / "items.ubj")
    assert endpoint({"Items": [1.0, 0.0]}, None) == endpoint([{"Items": 1.0}, {"Items": 0.0}], None)


def test_the_log_counts_the_rows_that_were_predicted(
    small_model: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(small_model)({"Items": [RECORD, {}, RECORD]}, None)
    line = json.loads(capsys.readouterr().out)
    assert (line["rows"], line["status"], line["route"]) == (2, 200, "direct")


def test_a_bad_rows_values_are_in_no_answer_and_no_log(
    small_model: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """A canary in every place of a row that a batch has: only a column that is to be kept comes back."""
    endpoint = serve(small_model)
    row = {"id": "canary-kept", **dict.fromkeys(RECORD, "canary-value")}
    for said, items in (
        ({"format": "csv", "keep": ["id"]}, [row]),
        (
            {"format": "json", "keep": ["id"]},
            [row, "canary-row", ["canary-list"], {**RECORD, "id": 1, "a": "canary-extra"}],
        ),
    ):
        answers = endpoint({"BatchInput": said, "Items": items}, None)
        assert answers[0].pop("keep") == {"id": "canary-kept"}
        assert all(answer["faults"] for answer in answers)
        assert "canary" not in json.dumps(answers)
    with pytest.raises(RequestRefusedError) as refused:
        endpoint({"BatchInput": {"format": "csv"}, "Items": [row]}, None)
    captured = capsys.readouterr()
    assert "canary" not in captured.out + captured.err + str(refused.value)
