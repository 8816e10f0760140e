"""Every kind of model is served bit for bit as `xgboost.Booster.predict` serves it, on 10,000 rows each."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import booster
import json_text
import numpy as np
import orjson
import pandas as pd
import pytest
import xgboost

from tests.function import saved_models
from tests.function.forms import columns, records
from tests.function.protocols import MakeEvent, Serve

ROWS = 10_000
TRAINED = 1_500
NAMES = ["length", "width", "height", "weight"]

KINDS: dict[str, dict[str, Any]] = {
    "squared error": {},
    "absolute error": {"objective": "reg:absoluteerror"},
    "squared log error": {"objective": "reg:squaredlogerror"},
    "pseudo huber": {"objective": "reg:pseudohubererror"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie"},
    "logistic regression": {"objective": "reg:logistic"},
    "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]},
    "binary": {"objective": "binary:logistic"},
    "binary margin": {"objective": "binary:logitraw"},
    "binary hinge": {"objective": "binary:hinge"},
    "classes": {"objective": "multi:softprob", "num_class": 4},
    "best class": {"objective": "multi:softmax", "num_class": 4},
    "count": {"objective": "count:poisson"},
    "survival": {"objective": "survival:cox"},
    "ranking": {"objective": "rank:ndcg"},
    "unbiased ranking": {"objective": "rank:ndcg", "lambdarank_unbiased": True},
    "dart": {"booster": "dart", "rate_drop": 0.3, "one_drop": True},
    "forest": {"num_parallel_tree": 4, "subsample": 0.7, "colsample_bynode": 0.8},
    "leaf-wise": {"grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0},
    "monotone": {"monotone_constraints": "(1,-1,0,0)"},
    "trees of vectors": {"multi_strategy": "multi_output_tree"},
    "several targets": {},
}
WITH_SEVERAL_TARGETS = ("trees of vectors", "several targets")
WITH_CLASSES = ("classes", "best class")
WITH_A_SHARE = ("logistic regression", "binary", "binary margin", "binary hinge", "ranking", "unbiased ranking")


def numbers(rows: int, seed: int) -> pd.DataFrame:
    """Rows whose values are exactly float32, as a client that wants bit-identical answers sends them."""
    values = np.random.default_rng(seed).normal(size=(rows, len(NAMES))).astype(np.float32)
    return pd.DataFrame(values, columns=NAMES)


def targets(kind: str, rows: pd.DataFrame) -> Any:
    score = (rows["length"] - 2 * rows["width"] + rows["height"] * rows["weight"]).to_numpy()
    if kind in WITH_SEVERAL_TARGETS:
        return np.column_stack([score, -score, np.abs(score)])
    if kind in WITH_CLASSES:
        return np.digitize(score, [-2, 0, 2])
    if kind in WITH_A_SHARE:
        return (score > 0).astype(int)
    positive = kind in ("gamma", "tweedie", "count", "squared log error", "survival")
    return np.round(np.abs(score)) + 1 if positive else score


def train(folder: Path, parameters: dict[str, Any], data: xgboost.DMatrix, rounds: int = 12) -> Path:
    model = folder / "model.ubj"
    xgboost.train({"max_depth": 4, "nthread": 1, "seed": 1, **parameters}, data, rounds).save_model(model)
    return model


def assert_bit_identical(answer: str, expected: np.ndarray[Any, Any]) -> None:
    got = np.array(orjson.loads(answer), dtype=np.float64)
    assert got.shape == (expected.shape if expected.ndim == 1 or expected.shape[1] > 1 else expected.shape[:1])
    assert np.array_equal(got.astype(np.float32).view(np.uint32).ravel(), expected.view(np.uint32).ravel())
    assert np.array_equal(got, got.astype(np.float32).astype(np.float64)), "a float32 must be widened, not rounded"


@functools.cache
def learnt(kind: str, rows: int = TRAINED, rounds: int = 12) -> xgboost.Booster:
    """A model of a kind, trained once; who changes it takes a copy."""
    training = numbers(rows, seed=1)
    data = xgboost.DMatrix(training, targets(kind, training))
    if "ranking" in kind:
        data.set_group([30] * (rows // 30))
    return xgboost.train({"max_depth": 4, "nthread": 1, "seed": 1, **KINDS[kind]}, data, rounds)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The file of a model of a kind."""

    @functools.cache
    def save(kind: str) -> Path:
        model = tmp_path_factory.mktemp("kinds") / "model.ubj"
        learnt(kind).save_model(model)
        return model

    return save


@functools.cache
def loaded(model: Path) -> xgboost.Booster:
    return xgboost.Booster(model_file=model)


@functools.cache
def sent(table: Callable[[int, int], pd.DataFrame], rows: int = ROWS) -> tuple[str, xgboost.DMatrix]:
    """Rows as a client sends them, and as XGBoost takes them."""
    made = table(rows, 2)
    return json.dumps(columns(made)), xgboost.DMatrix(made, enable_categorical=True)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_model_is_served_bit_for_bit(
    kind: str, trained: Callable[[str], Path], serve: Serve, url_event: MakeEvent
) -> None:
    body, rows = sent(numbers)
    response = serve(trained(kind))(url_event(body), None)
    assert response["statusCode"] == 200, response["body"]
    assert_bit_identical(response["body"], loaded(trained(kind)).predict(rows))


@functools.cache
def as_records(rows: int) -> str:
    return json.dumps(records(numbers(rows, seed=2)))


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is predicted by itself, as a few are of most models."""
    monkeypatch.setattr("booster.few_rows", lambda *_: ROWS)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("kind", KINDS)
def test_rows_predicted_one_by_one_get_the_same_bits(
    kind: str, trained: Callable[[str], Path], serve: Serve, url_event: MakeEvent
) -> None:
    served = serve(trained(kind))
    as_columns, rows = sent(numbers, 300)
    expected = loaded(trained(kind)).predict(rows)
    for body in (as_columns, as_records(300)):
        assert_bit_identical(served(url_event(body), None)["body"], expected)


@pytest.mark.usefixtures("one_by_one")
def test_categories_and_missing_values_predicted_one_by_one_get_the_same_bits(
    categorical_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    rows = with_categories(300, seed=2)
    rows[np.random.default_rng(4).random(rows.shape) < 0.3] = np.nan
    response = serve(categorical_model, ALLOW_MISSING="true")(url_event(json.dumps(columns(rows))), None)
    expected = xgboost.Booster(model_file=categorical_model).predict(xgboost.DMatrix(rows, enable_categorical=True))
    assert_bit_identical(response["body"], expected)


@pytest.mark.parametrize(
    ("trees", "path_length", "rows"),
    [(0, 0, 0), (1, 2, 0), (74, 17_271, 2), (1_000, 8_000, 1), (1_000, 380_000, 6), (100_000, 800_000, 1)],
)
def test_few_rows_are_the_more_the_larger_and_deeper_the_trees(trees: int, path_length: int, rows: int) -> None:
    assert max(0, booster.few_rows(trees, path_length)) == rows


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
def test_missing_values_are_predicted_where_they_are_allowed(
    booster: str, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    training, rows = numbers(TRAINED, seed=1), numbers(ROWS, seed=2)
    for table, seed in ((training, 3), (rows, 4)):
        table[np.random.default_rng(seed).random(table.shape) < 0.3] = np.nan
    data = xgboost.DMatrix(training, targets("", training.fillna(0)))
    model = train(tmp_path, {"booster": booster}, data)
    response = serve(model, ALLOW_MISSING="true")(url_event(json.dumps(columns(rows))), None)
    assert_bit_identical(response["body"], xgboost.Booster(model_file=model).predict(xgboost.DMatrix(rows)))


def with_categories(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    table = numbers(rows, seed)
    table["colour"] = pd.Categorical(random.choice(["red", "white", "rose", "a: true"], rows))
    table["year"] = pd.Categorical(random.choice([1998, 2004, 2021], rows))
    return table


@pytest.fixture(scope="module")
def categorical_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    training = with_categories(TRAINED, seed=1)
    score = targets("", training) + 3 * (training["colour"] == "rose") - 2 * (training["year"] == 2004)
    data = xgboost.DMatrix(training, score, enable_categorical=True)
    return train(tmp_path_factory.mktemp("categories"), {"max_cat_to_onehot": 2}, data)


def test_category_names_are_mapped_as_training_saw_them(
    categorical_model: Path, serve: Serve, url_event: MakeEvent
) -> None:
    rows = with_categories(ROWS, seed=2)
    response = serve(categorical_model)(url_event(json.dumps(records(rows))), None)
    assert response["statusCode"] == 200, response["body"]
    expected = xgboost.Booster(model_file=categorical_model).predict(xgboost.DMatrix(rows, enable_categorical=True))
    assert_bit_identical(response["body"], expected)


@pytest.mark.parametrize("parsed_much", [False, True])
def test_categories_whose_names_are_numbers_are_mapped_too(
    parsed_much: bool, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    training, rows = (with_categories(size, seed)[["length", "year"]] for size, seed in ((TRAINED, 1), (ROWS, 2)))
    score = training["length"] - 2 * (training["year"] == 2004)
    model = train(tmp_path, {}, xgboost.DMatrix(training, score, enable_categorical=True))
    if parsed_much:
        json_text.ORJSON.load()
    response = serve(model)(url_event(json.dumps(columns(rows))), None)
    expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(rows, enable_categorical=True))
    assert_bit_identical(response["body"], expected)


def test_categories_may_miss_where_it_is_allowed(categorical_model: Path, serve: Serve, url_event: MakeEvent) -> None:
    rows = with_categories(ROWS, seed=2)
    rows.loc[rows.index % 3 == 0, "colour"] = np.nan
    response = serve(categorical_model, ALLOW_MISSING='["colour"]')(url_event(json.dumps(columns(rows))), None)
    expected = xgboost.Booster(model_file=categorical_model).predict(xgboost.DMatrix(rows, enable_categorical=True))
    assert_bit_identical(response["body"], expected)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("colour", "blue", "unknown_category"),
        ("colour", "", "unknown_category"),
        ("colour", 1998, "unknown_category"),
        ("colour", None, "missing_value"),
        ("colour", True, "not_a_category"),
        ("colour", ["red"], "not_a_category"),
        ("year", 1999, "unknown_category"),
        ("year", "2004", "unknown_category"),
        ("year", True, "not_a_category"),
        ("length", "red", "not_a_number"),
    ],
)
def test_a_category_that_training_did_not_see_is_refused(
    categorical_model: Path, serve: Serve, url_event: MakeEvent, field: str, value: Any, code: str
) -> None:
    sent = columns(with_categories(3, seed=2))
    sent[field][1] = value
    response = serve(categorical_model)(url_event(json.dumps(sent)), None)
    errors = json.loads(response["body"])["errors"]
    assert response["statusCode"] == 422
    assert [(e["row"], e["field"], e["code"]) for e in errors] == [(1, field, code)]


def test_only_the_features_that_may_miss_may_miss(small_model: Path, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(small_model, ALLOW_MISSING='["age"]')
    body = '[{"income": %s, "age": %s, "height: cm": 1}]'
    assert endpoint(url_event(body % ("1", "null")), None)["statusCode"] == 200
    refused = endpoint(url_event(body % ("null", "1")), None)
    assert json.loads(refused["body"])["errors"][0]["field"] == "income"
    assert endpoint(url_event(body % ("1", "NaN")), None)["statusCode"] == 422
    assert endpoint(url_event('[{"income": 1, "height: cm": 1}]'), None)["statusCode"] == 422


@pytest.mark.parametrize("setting", ["yes", "[", '["weight"]', "{}", "1"])
def test_a_wrong_setting_of_allow_missing_is_refused_at_the_start(
    small_model: Path, serve: Serve, setting: str
) -> None:
    assert "ALLOW_MISSING" in str(serve(small_model, ALLOW_MISSING=setting).failure)


@pytest.mark.parametrize("code", ["-1", "0.5", "16777216", "1e30", '"red"', "true", "NaN"])
def test_a_category_code_of_an_older_model_must_be_a_small_integer(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, code: str
) -> None:
    body = f'[{{"length": 1, "width": 2, "height": 3, "kind": {code}}}]'
    response = serve(saved_models.unpacked(tmp_path, "2.1", "partitioned.json"))(url_event(body), None)
    assert (response["statusCode"], json.loads(response["body"])["errors"][0]["field"]) == (422, "kind")
