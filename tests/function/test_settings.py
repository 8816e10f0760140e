"""Missing values as training meant them: what a deployment may allow, against XGBoost, and what it may not."""

from __future__ import annotations

import functools
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

from tests.function import forms
from tests.function.forms import Sent, ask, predictions
from tests.function.protocols import MakeEvent, Serve

ROWS = 1_000


@pytest.fixture(scope="module")
def serve(serve_once: Serve) -> Serve:
    """All tests here only ask, many of them the same endpoint."""
    return serve_once


@functools.cache
def numbers(count: int, seed: int) -> pd.DataFrame:
    """Rows of which each value is one of a few whole numbers, 0 and -999 among them."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(random.choice([-999.0, -1.0, 0.0, 1.0, 2.0], size=(count, 3)), columns=["a", "b", "c"])


Trained = Callable[..., tuple[Path, list[float]]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model for which a number is missing, and what it predicts."""

    @functools.cache
    def train(missing: float, booster: str = "gbtree") -> tuple[Path, list[float]]:
        training, rows = numbers(600, 1), numbers(ROWS, 2)
        data = xgboost.DMatrix(training, training["a"] * training["b"] + training["c"], missing=missing)
        model = tmp_path_factory.mktemp("missing") / "m.ubj"
        xgboost.train({"nthread": 1, "booster": booster}, data, 12).save_model(model)
        expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(rows, missing=missing))
        return model, expected.astype(np.float64).tolist()

    return train


@functools.cache
def with_numbers(form: str) -> Sent:
    return (forms.NAMED | forms.POSITIONAL | forms.BINARY)[form](numbers(ROWS, 2))


@pytest.mark.parametrize("form", [*forms.NAMED, *forms.POSITIONAL, *forms.BINARY])
@pytest.mark.parametrize("missing", [-999, 0])
def test_a_number_is_missing_where_training_took_it_for_missing(
    missing: float, form: str, trained: Trained, serve: Serve, url_event: MakeEvent
) -> None:
    model, expected = trained(missing)
    assert predictions(ask(serve(model, MISSING_VALUE=str(missing)), url_event, with_numbers(form))) == expected
    assert predictions(ask(serve(model), url_event, with_numbers(form))) != expected


def saved_by_an_estimator(model: Path, **parameters: object) -> Path:
    """A copy of a model with the attribute that the scikit-learn estimators of XGBoost 1.6 and 1.7 write."""
    booster = xgboost.Booster(model_file=model)
    booster.set_attr(scikit_learn=json.dumps({"n_estimators": 12, **parameters, "_estimator_type": "regressor"}))
    copy = model.with_name(f"estimator-{parameters['missing']}.ubj")
    booster.save_model(copy)
    return copy


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
@pytest.mark.parametrize("missing", [-999, 0])
def test_a_number_is_missing_if_the_estimator_that_was_saved_says_so_and_no_setting_does(
    missing: float, booster: str, trained: Trained, serve: Serve, url_event: MakeEvent
) -> None:
    model, expected = trained(missing, booster)
    saved = saved_by_an_estimator(model, missing=missing)
    sent = with_numbers("records")
    as_a_number = predictions(ask(serve(model), url_event, sent))
    assert predictions(ask(serve(saved), url_event, sent)) == expected != as_a_number
    assert predictions(ask(serve(saved, MISSING_VALUE="nan"), url_event, sent)) == as_a_number
    assert predictions(ask(serve(saved, ALLOW_MISSING="true"), url_event, sent)) == expected
    card = json.loads(serve(saved)(url_event(method="GET"), None)["body"])
    assert card["missing_value"] == missing


@pytest.mark.parametrize("missing", [-999, 0, -1.5e-3])
def test_a_number_is_missing_for_dart_and_for_explanations_too(
    missing: float, trained: Trained, serve: Serve, url_event: MakeEvent
) -> None:
    model, expected = trained(missing, "dart")
    endpoint = serve(model, MISSING_VALUE=str(missing))
    assert predictions(ask(endpoint, url_event, with_numbers("records"))) == expected
    rows = numbers(50, 2)
    by_oracle = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(rows, missing=missing), pred_contribs=True)
    response = ask(endpoint, url_event, Sent(json.dumps(forms.records(rows)), path="/explain"))
    got = [[*row["contributions"].values(), row["base"]] for row in json.loads(response["body"])]
    assert np.array_equal(got, by_oracle.astype(np.float64))


@functools.cache
def with_gaps(count: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(random.normal(size=(count, 2)).astype(np.float32), columns=["size", "a: b"])
    rows["colour"] = pd.Categorical(random.choice(["red", "white"], count))
    return rows.mask(random.random(rows.shape) < 0.3)


@pytest.fixture(scope="module")
def gaps_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    training = with_gaps(600, 1)
    score = training["size"].fillna(0) + (training["colour"] == "red")
    model = tmp_path_factory.mktemp("gaps") / "m.ubj"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(training, score, enable_categorical=True), 12).save_model(model)
    return model


def by_xgboost(model: Path, rows: pd.DataFrame) -> list[float]:
    predicted = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(rows, enable_categorical=True))
    answer: list[float] = predicted.astype(np.float64).tolist()
    return answer


@functools.cache
def bare_records() -> list[dict[str, Any]]:
    """Records that leave out what they have no value for."""
    return [
        {key: value for key, value in record.items() if value is not None}
        for record in forms.records(with_gaps(ROWS, 2))
    ]


@pytest.fixture(scope="module")
def with_absent_keys(gaps_model: Path) -> list[float]:
    return by_xgboost(gaps_model, with_gaps(ROWS, 2))


@pytest.mark.parametrize("form", ["records", "instances", "dataframe_records", "lines", "inputs", "direct"])
def test_an_absent_key_is_missing_where_the_deployment_says_so(
    form: str, gaps_model: Path, with_absent_keys: list[float], serve: Serve, url_event: MakeEvent
) -> None:
    found = bare_records()
    endpoint = serve(gaps_model, ALLOW_ABSENT="true")
    if form == "direct":
        assert endpoint(found, None) == with_absent_keys
        return
    sent = {
        "records": Sent(json.dumps(found)),
        "lines": Sent("\n".join(map(json.dumps, found)), "application/jsonlines"),
    }.get(form, Sent(json.dumps({form: found})))
    assert predictions(ask(endpoint, url_event, sent)) == with_absent_keys


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A model of each booster."""

    @functools.cache
    def train(booster: str) -> Path:
        training = with_gaps(600, 1)
        data = xgboost.DMatrix(training, training["size"].fillna(0), enable_categorical=True)
        model = tmp_path_factory.mktemp("margins") / "m.ubj"
        xgboost.train({"nthread": 1, "booster": booster}, data, 9).save_model(model)
        return model

    return train


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
@pytest.mark.parametrize("form", ["records", "direct", "beside", "table", "columns"])
def test_rows_without_every_feature_may_have_base_margins(
    form: str, booster: str, learnt: Callable[[str], Path], serve: Serve, url_event: MakeEvent
) -> None:
    model, rows = learnt(booster), with_gaps(ROWS, 2)
    margin = np.random.default_rng(7).normal(size=ROWS).astype(np.float32)
    if form in ("table", "columns"):
        rows = rows.assign(**{"a: b": np.nan})
    data = xgboost.DMatrix(rows, enable_categorical=True, base_margin=margin)
    expected = xgboost.Booster(model_file=model).predict(data).astype(np.float64).tolist()
    endpoint = serve(model, ALLOW_ABSENT="true", ALLOW_MISSING="true")
    bare, starts = bare_records(), margin.astype(float).tolist()
    found = [{**record, "base_margin": start} for record, start in zip(bare, starts, strict=True)]
    if form == "direct":
        assert endpoint(found, None) == expected
        return
    columns = {"base_margin": starts, **forms.columns(rows.drop(columns="a: b"))}
    sent: dict[str, Any] = {
        "records": found,
        "beside": {"instances": bare, "base_margin": starts},
        "table": {"columns": list(columns), "data": list(map(list, zip(*columns.values(), strict=True)))},
        "columns": columns,
    }
    assert predictions(ask(endpoint, url_event, Sent(json.dumps(sent[form])))) == expected


WIDE = 10_000


@pytest.fixture(scope="module")
def wide_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = xgboost.DMatrix(np.eye(3, WIDE, dtype=np.float32), [1, 2, 3])
    model = tmp_path_factory.mktemp("wide") / "m.ubj"
    xgboost.train({"nthread": 1, "min_child_weight": 0}, data, 2).save_model(model)
    return model


@pytest.fixture(scope="module")
def of_nothing(wide_model: Path) -> list[float]:
    """What XGBoost predicts for a row of which everything is missing."""
    rows = xgboost.DMatrix(np.full((1, WIDE), np.nan))
    predicted: list[float] = xgboost.Booster(model_file=wide_model).predict(rows).tolist()
    return predicted


SHORT_ROWS: dict[str, Callable[[int], Sent]] = {
    "records": lambda rows: Sent(json.dumps([{}] * rows)),
    "instances": lambda rows: Sent(json.dumps({"instances": [{}] * rows})),
    "lines": lambda rows: Sent("{}\n" * rows, "application/jsonlines"),
    "split": lambda rows: Sent(json.dumps({"columns": ["f1"], "data": [[None]] * rows})),
    "columns": lambda rows: Sent(json.dumps({"f1": [None] * rows})),
    "CSV": lambda rows: Sent("f1\n" + '""\n' * rows, "text/csv"),
    "LIBSVM": lambda rows: Sent("0\n" * rows, "text/libsvm"),
}
"""Forms in which a row of any model may be a few characters."""


@pytest.mark.parametrize("form", SHORT_ROWS)
def test_short_rows_of_a_wide_model_take_memory_for_what_they_give(
    form: str, wide_model: Path, of_nothing: list[float], serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(wide_model, ALLOW_ABSENT="true", ALLOW_MISSING="true")
    tracemalloc.start()
    response = ask(endpoint, url_event, SHORT_ROWS[form](100))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert predictions(response) == of_nothing * 100
    assert peak < 2 * 4 * 100 * WIDE  # twice the float32 of all values; lists of Python's numbers take eight times more
    for rows in (1_678, 20_000):
        refused = ask(endpoint, url_event, SHORT_ROWS[form](rows))
        assert (refused["statusCode"], json.loads(refused["body"])["detail"]) == (
            413, f"the model has 10000 features: send at most 1677 row(s) at a time, got {rows}"
        )  # fmt: skip


@pytest.mark.parametrize("last", ['{"x": 1}', '{"f1": "x"}', "[]", '{"f1": 1, "f1": 2}'])
def test_a_fault_among_short_rows_of_a_wide_model_is_found_by_what_they_give(
    last: str, wide_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(wide_model, ALLOW_ABSENT="true")
    response = ask(endpoint, url_event, Sent("[" + "{}," * 1_600 + last + "]"))
    assert [error["row"] for error in json.loads(response["body"])["errors"]] == [1_600]


@pytest.fixture(scope="module")
def with_an_absent_column(gaps_model: Path) -> list[float]:
    return by_xgboost(gaps_model, with_gaps(ROWS, 2).assign(**{"a: b": np.nan}))


@pytest.mark.parametrize("form", [name for name in forms.NAMED if name not in ("records", "lines of JSON")])
def test_an_absent_column_is_missing_where_the_deployment_says_so(
    form: str, gaps_model: Path, with_an_absent_column: list[float], serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(gaps_model, ALLOW_ABSENT='["a: b"]', ALLOW_MISSING="true")
    response = ask(endpoint, url_event, forms.NAMED[form](with_gaps(ROWS, 2).drop(columns="a: b")))
    assert predictions(response) == with_an_absent_column


def test_an_unnamed_index_of_libsvm_is_missing_where_absence_is(
    tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    rows = with_gaps(ROWS, 2)[["size", "a: b"]].astype(float)
    model = tmp_path / "m.ubj"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, rows["size"].fillna(0)), 9).save_model(model)
    for setting in ("ALLOW_ABSENT", "ALLOW_MISSING"):
        response = ask(serve(model, **{setting: "true"}), url_event, forms.libsvm(rows))
        assert predictions(response) == by_xgboost(model, rows)


@pytest.fixture(scope="module")
def unseen(gaps_model: Path) -> tuple[pd.DataFrame, list[float]]:
    """Rows of which some have a category that training did not see, and what XGBoost predicts without it."""
    rows = with_gaps(ROWS, 2).fillna({"size": 0, "a: b": 0, "colour": "red"})
    places = np.random.default_rng(5).random(ROWS) < 0.3
    sent = rows.assign(colour=rows["colour"].astype(object).mask(places, "blue"))
    return sent, by_xgboost(gaps_model, rows.assign(colour=rows["colour"].mask(places)))


@pytest.mark.parametrize("form", [*forms.NAMED, "CSV without a header", "instances as arrays"])
def test_an_unseen_category_is_missing_where_the_deployment_says_so(
    form: str, gaps_model: Path, unseen: tuple[pd.DataFrame, list[float]], serve: Serve, url_event: MakeEvent
) -> None:
    sent, expected = unseen
    endpoint = serve(gaps_model, ALLOW_UNSEEN='["colour"]')
    assert predictions(ask(endpoint, url_event, (forms.NAMED | forms.POSITIONAL)[form](sent))) == expected


MESSAGES: dict[str, tuple[str, str]] = {
    "null": (
        '[{"size": null, "a: b": 1, "colour": "red"}]',
        "must not be null or NaN; the endpoint's setting ALLOW_MISSING would allow a missing value"),
    "an absent key": (
        '[{"a: b": 1, "colour": "red"}]',
        'the feature "size" is missing; the endpoint\'s setting ALLOW_ABSENT would take that for a missing value'),
    "an absent column": (
        '{"a: b": [1], "colour": ["red"]}',
        'the feature "size" is missing; the endpoint\'s setting ALLOW_ABSENT would take that for a missing value'),
    "an unseen category": (
        '[{"size": 1, "a: b": 1, "colour": "blue"}]',
        ('is none of the categories that training saw ("red", "white"); the endpoint\'s setting ALLOW_UNSEEN would '
        "take it for a missing value")),
}  # fmt: skip


@pytest.mark.parametrize("case", MESSAGES)
def test_a_refusal_names_the_setting_that_would_allow_it(
    case: str, gaps_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    body, message = MESSAGES[case]
    response = ask(serve(gaps_model), url_event, Sent(body))
    assert response["statusCode"] == 422
    assert [error["message"] for error in json.loads(response["body"])["errors"]] == [message]


ALL = {"ALLOW_MISSING": "true", "ALLOW_ABSENT": "true", "ALLOW_UNSEEN": "true", "MISSING_VALUE": "-999"}


@pytest.mark.parametrize(
    "body",
    [
        '[{"size": 1, "a: b": 1, "color": "red"}]',
        '[{"size": 1, "a: b": 1, "colour": 7}]',
        '[{"size": 1, "a: b": 1, "colour": true}]',
        '[{"size": 1, "a: b": 1, "colour": ["red"]}]',
        '[{"size": "", "a: b": 1, "colour": "red"}]',
        '[{"size": NaN, "a: b": 1, "colour": "red"}]',
        '[{"size": 1, "size": 2}]',
        '{"size": [1], "weight": [2]}',
        '{"columns": ["size", "size"], "data": [[1, 2]]}',
        "[[1, 2, 3]]",
        "[null]",
    ],
)
def test_what_no_setting_allows_is_refused_under_all_of_them(
    body: str, gaps_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    assert ask(serve(gaps_model, **ALL), url_event, Sent(body))["statusCode"] == 422


def test_a_record_may_be_empty_where_every_feature_may_be_absent(
    gaps_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(gaps_model, **ALL)
    nothing = by_xgboost(gaps_model, with_gaps(1, 1).mask(np.ones((1, 3), dtype=bool)))
    assert endpoint([{}], None) == nothing == endpoint({}, None)
    assert json.loads(ask(endpoint, url_event, Sent("[{}]"))["body"]) == nothing


@pytest.mark.parametrize("setting", ["ALLOW_MISSING", "ALLOW_ABSENT", "ALLOW_UNSEEN"])
@pytest.mark.parametrize("value", ["yes", "[", '["weight"]', "{}", "1", "[1]"])
def test_a_wrong_list_of_features_is_refused_at_the_start(
    setting: str, value: str, gaps_model: Path, serve: Serve
) -> None:
    failure = serve(gaps_model, **{setting: value}).failure
    assert failure == f"{setting} must be true, false, or a JSON array of names of the model's features"


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "missing value": ({"MISSING_VALUE": "none"}, "MISSING_VALUE must be a finite number within float32, such as -999"),
    "infinity": ({"MISSING_VALUE": "inf"}, "MISSING_VALUE must be a finite number within float32, such as -999"),
    "unseen numbers": (
        {"ALLOW_UNSEEN": '["size"]'},
        "ALLOW_UNSEEN names a feature of which the model knows no categories by name; leave it out"),
    "names that are none": ({"OUTPUT_NAMES": "cost"}, "OUTPUT_NAMES must be a JSON array of different names"),
    "a name twice": ({"OUTPUT_NAMES": '["a", "a"]'}, "OUTPUT_NAMES must be a JSON array of different names"),
    "too many names": (
        {"OUTPUT_NAMES": '["a", "b"]'}, "OUTPUT_NAMES has 2 name(s), and the model has 1 class(es) or output(s)"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_refused_at_the_start(case: str, gaps_model: Path, serve: Serve) -> None:
    environment, failure = WRONG[case]
    assert serve(gaps_model, **environment).failure == failure


@pytest.mark.parametrize("value", ["", " ", "false", "False"])
def test_a_setting_may_be_empty_or_false(value: str, gaps_model: Path, serve: Serve) -> None:
    endpoint = serve(gaps_model, ALLOW_MISSING=value, ALLOW_ABSENT=value, ALLOW_UNSEEN=value)
    assert endpoint.contract is not None
    assert endpoint.contract.may_miss == endpoint.contract.may_be_absent == frozenset()


def test_card_and_openapi_tell_the_settings(gaps_model: Path, serve: Serve, url_event: MakeEvent) -> None:
    settings = {"ALLOW_MISSING": '["size"]', "ALLOW_ABSENT": '["a: b"]', "ALLOW_UNSEEN": "true", "MISSING_VALUE": "-9"}
    endpoint = serve(gaps_model, **settings)

    def get(path: str) -> Any:
        return json.loads(endpoint(url_event(method="GET", path=path), None)["body"])

    card, record = get("/"), get("/openapi.json")["components"]["schemas"]["Record"]
    features = {feature.pop("name"): feature for feature in card["features"]}
    assert card["missing_value"] == -9
    assert (features["size"]["may_be_null"], features["a: b"]["may_be_absent"]) == (True, True)
    assert features["colour"]["may_be_unseen"]
    assert set(record["required"]) == {"size", "colour"}
    assert {"type": "null"} in record["properties"]["size"]["anyOf"]
    assert record["properties"]["colour"] == {"type": ["string", "number"], "description": "-9.0 is a missing value"}
