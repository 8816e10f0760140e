"""Every form of a body gets, bit for bit, what XGBoost itself predicts, on a thousand rows of each kind of model."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from tests.function import forms
from tests.function.forms import Sent, ask, predictions
from tests.function.protocols import MakeEvent, Serve

ROWS = 1_000
FORMS = forms.NAMED | forms.POSITIONAL
KINDS = {
    **dict.fromkeys(("numbers", "classes", "dart"), "numbers"),
    **{kind: kind for kind in ("missing", "indicators", "categories")},
}
"""Kinds of models, and the table that each of them takes."""


@functools.cache
def table(kind: str, count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(random.normal(size=(count, 3)).astype(np.float32), columns=["length", "width", "a: b"])
    if kind == "missing":
        rows = rows.mask(random.random(rows.shape) < 0.3)
    if kind == "indicators":
        rows["old"] = random.random(count) < 0.5
        rows["new"] = random.random(count) < 0.2
    if kind == "categories":
        rows["colour"] = pd.Categorical(random.choice(["red", "white", "a, b", 'c "d"'], count))
        rows["year"] = pd.Categorical(random.choice([1998, 2004], count))
    return rows


@functools.cache
def sent(kind: str, form: str) -> Sent:
    """The rows of a table in a form, or in LIBSVM's text with a label."""
    make = (FORMS | forms.BINARY).get(form)
    return make(table(kind, ROWS, 2)) if make else forms.libsvm(table(kind, ROWS, 2), form)


@dataclass(frozen=True)
class Case:
    """A served model, rows for it, and what XGBoost predicts for them."""

    endpoint: Endpoint
    rows: pd.DataFrame
    expected: Any


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Callable[[str], Case]:
    made: dict[str, Case] = {}

    def make(kind: str) -> Case:
        if kind not in made:
            training, rows = table(KINDS[kind], 500, 1), table(KINDS[kind], ROWS, 2)
            score: Any = training["length"].fillna(0) + 2 * training["width"].fillna(0)
            parameters: dict[str, Any] = {"max_depth": 4, "nthread": 1}
            if kind == "classes":
                parameters |= {"objective": "multi:softprob", "num_class": 3}
                score = np.digitize(score, [-1, 1])
            if kind == "dart":
                parameters |= {"booster": "dart", "rate_drop": 0.3}
            model = tmp_path_factory.mktemp("forms") / f"{kind}.ubj"
            xgboost.train(parameters, xgboost.DMatrix(training, score, enable_categorical=True), 12).save_model(model)
            expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(rows, enable_categorical=True))
            environment = {"ALLOW_MISSING": "true"} if kind == "missing" else {}
            made[kind] = Case(serve(model, **environment), rows, expected.astype(np.float64).tolist())
        return made[kind]

    return make


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_form_gets_what_xgboost_predicts(
    kind: str, form: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    served = case(kind)
    assert predictions(ask(served.endpoint, url_event, sent(KINDS[kind], form))) == served.expected


@pytest.mark.parametrize("form", forms.BINARY)
@pytest.mark.parametrize("kind", ["numbers", "classes", "dart", "missing", "indicators"])
def test_a_binary_form_gets_what_xgboost_predicts(
    kind: str, form: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    served = case(kind)
    assert predictions(ask(served.endpoint, url_event, sent(KINDS[kind], form))) == served.expected


@pytest.mark.parametrize("kind", ["|b1", "<i2", ">i8", "|u1", "<u4", "<f2"])
def test_an_npy_array_of_another_type_is_converted(
    kind: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    served = case("numbers")
    rows = pd.DataFrame(np.random.default_rng(1).integers(0, 2, size=(ROWS, 3)), columns=served.rows.columns)
    response = ask(served.endpoint, url_event, Sent(forms.npy(rows, kind), "application/x-npy"))
    assert predictions(response) == predictions(ask(served.endpoint, url_event, forms.NAMED["records"](rows)))


@pytest.mark.parametrize("label", ["0 ", "", "1 qid:3 "])
@pytest.mark.parametrize("kind", ["numbers", "classes", "dart", "missing"])
def test_libsvm_gets_what_xgboost_predicts(
    kind: str, label: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    served = case(kind)
    assert predictions(ask(served.endpoint, url_event, sent(KINDS[kind], label))) == served.expected


@pytest.mark.parametrize("kind", ["numbers", "missing"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_xgboost_reads_the_same_numbers_from_libsvm(kind: str, tmp_path: Path) -> None:
    (tmp_path / "rows.libsvm").write_text(sent(kind, "0 ").body)  # type: ignore[arg-type]
    read = xgboost.DMatrix(f"{tmp_path / 'rows.libsvm'}?format=libsvm")
    assert read.num_col() == 3
    assert np.array_equal(read.get_data().toarray(), table(kind, ROWS, 2).fillna(0).to_numpy(np.float32))


@pytest.mark.parametrize("path", ["/", "/invocations"])
@pytest.mark.parametrize("form", ["instances", "dataframe_split", "dataframe_records", "inputs by name"])
def test_forms_of_other_servers_are_answered_as_those_answer(
    form: str, path: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    served = case("numbers")
    response = ask(served.endpoint, url_event, Sent(sent("numbers", form).body, path=path))
    assert json.loads(response["body"]) == {"predictions": served.expected}


@pytest.mark.parametrize("form", ["instances as arrays", "inputs as arrays"])
@pytest.mark.parametrize("path", ["/", "/explain"])
def test_arrays_are_refused_where_the_path_has_no_such_convention(
    path: str, form: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    response = ask(case("numbers").endpoint, url_event, Sent(sent("numbers", form).body, path=path))
    assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
        422,
        (
            "rows must be objects here, since values without names can be mistaken for others; "
            "POST them to /invocations, where arrays stand in the order of the features"
        ),
    )


def test_a_model_of_one_feature_takes_a_tensor_of_one_axis(tmp_path: Path, serve: Serve, url_event: MakeEvent) -> None:
    values = np.random.default_rng(1).normal(size=(ROWS, 1)).astype(np.float32)
    model = tmp_path / "one.ubj"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(values, values[:, 0]), 5).save_model(model)
    expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(values)).astype(np.float64).tolist()
    body = json.dumps({"instances": values[:, 0].astype(float).tolist()})
    assert predictions(ask(serve(model), url_event, Sent(body, path="/invocations"))) == expected


def test_kserve_lists_the_model_and_tells_its_health(case: Callable[[str], Case], url_event: MakeEvent) -> None:
    endpoint = case("numbers").endpoint

    def get(path: str) -> Any:
        return json.loads(endpoint(url_event(method="GET", path=path), None)["body"])

    assert get("/v1/models") == {"models": ["numbers"]}
    assert get("/v1/models/numbers") == {"name": "numbers", "ready": True}
    assert get("/v1/models/other")["status"] == 404


REFUSED: dict[str, tuple[Sent, int, str]] = {
    "half a float32 row": (
        Sent(bytes(13), "application/x-float32"), 422,
        "the body has 13 bytes, and a row has 12: 3 float32 value(s); send whole rows"),
    "float32 as text": (
        Sent("abcd", "application/x-float32"), 400,
        "the event has a binary body as text; it must come as base64, as Function URLs send it"),
    "bytes of no declared form": (
        Sent(bytes(12), "application/octet-stream"), 415,
        ("the body's type is not supported; send content-type: application/json or text/csv or "
        "application/jsonlines or application/jsonl or application/x-ndjson or text/libsvm or "
        "text/x-libsvm or application/x-npy or application/x-float32")),
    "npy of one axis": (
        Sent(forms.npy(pd.Series([1, 2, 3])), "application/x-npy"), 422,
        "the array must have the shape [rows, 3], got 1 axes; a single row is reshape(1, 3)"),
    "npy of another width": (
        Sent(forms.npy(pd.DataFrame([[1, 2]])), "application/x-npy"), 422,
        "the array must have the shape [rows, 3], got rows of 2; a single row is reshape(1, 3)"),
    "npy cut short": (
        Sent(forms.npy(pd.DataFrame([[1, 2, 3]]))[:-1], "application/x-npy"), 400,
        "the body is not a whole .npy file: its data do not fill its shape"),
    "npy with more after it": (
        Sent(forms.npy(pd.DataFrame([[1, 2, 3]])) + b"x", "application/x-npy"), 400,
        "the body is not a whole .npy file: its data do not fill its shape"),
    "npy that is none": (
        Sent(b"PAR1" * 9, "application/x-npy"), 400, "the body is not a .npy file: its header is damaged"),
    "npy of complex numbers": (
        Sent(forms.npy(pd.DataFrame([[1, 2, 3]]), "<c8"), "application/x-npy"), 422,
        "the array's type is not supported; send booleans, integers or floats of at most 8 bytes"),
    "LIBSVM counted from 1": (
        Sent("0 1:1 2:2 3:3\n", "text/libsvm"), 422,
        "line 1 has an index beyond 2: the features are counted from 0 to 2"),
    "LIBSVM with an index twice": (
        Sent("0 0:1 1:2 1:3 2:4\n", "text/libsvm"), 422, "line 1 has the index 1 twice"),
    "LIBSVM with a weight": (
        Sent("0:1 1:2 2:3\n1:0.5 0:1 2:2\n", "text/libsvm"), 400,
        "line 2 begins with a pair out of order; leave out a label's weight, or the label"),
    "LIBSVM of words": (
        Sent("0 0:1 1:2 2:nan\n", "text/libsvm"), 400, "line 1 is not LIBSVM's text: a value is not a decimal number"),
    "LIBSVM with a name": (
        Sent("0 0:1\n0 age:2\n", "text/libsvm"), 400, "line 2 is not LIBSVM's text: an index is not a whole number"),
    "LIBSVM of nothing": (
        Sent("\n", "text/libsvm"), 422, "the body holds no rows; send at least one line of index:value pairs"),
    "a broken line of JSON": (
        Sent('{"length": 1}\n{"length"\n', "application/jsonlines"), 400,
        "line 2: the body is not valid JSON at line 1, column 10"),
    "an empty line among lines of JSON": (
        Sent("{}\n\n{}\n", "application/jsonlines"), 400, "line 2: the body is not valid JSON at line 1, column 1"),
    "dataframe_split that is no object": (
        Sent('{"dataframe_split": []}'), 422,
        '"dataframe_split" must be an object with columns and data, got an array'),
    "dataframe_split without data": (
        Sent('{"dataframe_split": {"columns": []}}'), 422,
        '"columns" must be an array of names and "data" an array of rows'),
    "dataframe_split with parameters": (
        Sent('{"dataframe_split": {}, "params": {"x": 1}}'), 422,
        "the body has members beside dataframe_split; leave them out"),
    "dataframe_records as an object": (
        Sent('{"dataframe_records": {}}'), 422, '"dataframe_records" must be an array of records, got an object'),
    "instances with another signature": (
        Sent('{"instances": [], "signature_name": "classify"}'), 422,
        "the body has members beside instances, base_margin; leave them out"),
    "inputs as a number": (
        Sent('{"inputs": 3}'), 422, '"inputs" must be an object of columns or an array of rows, got a number'),
    "columns of which one is none": (
        Sent('{"length": [1], "width": 2, "a: b": [3]}'), 422,
        'the columns must all be arrays; the column "width" is a number'),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_what_was_got_and_what_to_send(
    name: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    sent, status, detail = REFUSED[name]
    response = ask(case("numbers").endpoint, url_event, sent)
    problem = json.loads(response["body"])
    assert (response["statusCode"], problem["detail"]) == (status, detail)


@pytest.mark.parametrize("form", [*forms.NAMED, *forms.POSITIONAL, *forms.BINARY, "LIBSVM"])
def test_a_value_that_may_not_miss_is_refused_by_row_and_field_in_every_form(
    form: str, case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    served = case("numbers")
    rows = served.rows.head(9).copy()
    rows.loc[7, "width"] = np.nan
    sent = forms.libsvm(rows) if form == "LIBSVM" else (FORMS | forms.BINARY)[form](rows)
    response = ask(served.endpoint, url_event, sent)
    errors = json.loads(response["body"])["errors"]
    assert response["statusCode"] == 422
    setting = "ALLOW_ABSENT" if form == "LIBSVM" else "ALLOW_MISSING"
    assert [(error["row"], error["field"]) for error in errors] == [(7, "width")]
    assert setting in errors[0]["message"]


def test_booleans_are_refused_for_a_feature_that_is_no_indicator(
    case: Callable[[str], Case], url_event: MakeEvent
) -> None:
    body = '[{"length": true, "width": 1, "a: b": 1, "old": true, "new": 0}]'
    response = ask(case("indicators").endpoint, url_event, Sent(body))
    errors = json.loads(response["body"])["errors"]
    assert [(error["field"], error["message"]) for error in errors] == [("length", "must be a number, got a boolean")]


@pytest.mark.parametrize("spelling", ["True,False", "true,false", "TRUE,FALSE", "1,0", " True ,0.0"])
def test_csv_may_spell_booleans_as_people_do(spelling: str, case: Callable[[str], Case], url_event: MakeEvent) -> None:
    endpoint = case("indicators").endpoint
    by_record = ask(endpoint, url_event, Sent('[{"length": 1, "width": 1, "a: b": 1, "old": true, "new": false}]'))
    assert ask(endpoint, url_event, Sent(f"1,1,1,{spelling}\n", "text/csv"))["body"] == by_record["body"]
