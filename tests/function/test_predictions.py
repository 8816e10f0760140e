"""The endpoint predicts what XGBoost's own Python package predicts, to the last bit."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from tests.function.protocols import MakeEvent, Serve


def oracle(model: Path, rows: pd.DataFrame) -> list[float]:
    booster = xgboost.Booster(model_file=model)
    best = booster.attr("best_iteration")
    end = int(best) + 1 if best is not None else 0
    names = booster.feature_names
    predicted = booster.predict(xgboost.DMatrix(rows[names] if names else rows), iteration_range=(0, end))
    widened: list[float] = predicted.astype(np.float64).tolist()
    return widened


def test_the_whole_wine_data_is_predicted_bit_for_bit(
    wine_endpoint: Endpoint,
    wine_records: list[dict[str, float]],
    wine: pd.DataFrame,
    wine_model: Path,
    url_event: MakeEvent,
) -> None:
    response = wine_endpoint(url_event(json.dumps(wine_records)), None)
    assert response["statusCode"] == 200
    assert json.loads(response["body"]) == oracle(wine_model, wine)


def test_small_bodies_are_predicted_like_large_ones(
    wine_endpoint: Endpoint,
    wine_records: list[dict[str, float]],
    wine: pd.DataFrame,
    wine_model: Path,
    url_event: MakeEvent,
) -> None:
    singly = [json.loads(wine_endpoint(url_event(json.dumps([r])), None)["body"])[0] for r in wine_records[:200]]
    assert singly == oracle(wine_model, wine.head(200))


def test_a_direct_invocation_takes_the_bare_list(
    wine_endpoint: Endpoint, two_wines: list[dict[str, float]], wine_model: Path
) -> None:
    assert wine_endpoint(two_wines, None) == oracle(wine_model, pd.DataFrame(two_wines))


@pytest.mark.parametrize("base64_encoded", [False, True])
def test_both_values_of_is_base64_encoded_are_understood(
    wine_endpoint: Endpoint,
    two_wines: list[dict[str, float]],
    wine_model: Path,
    url_event: MakeEvent,
    base64_encoded: bool,
) -> None:
    event = url_event(json.dumps(two_wines), base64_encoded=base64_encoded)
    assert json.loads(wine_endpoint(event, None)["body"]) == oracle(wine_model, pd.DataFrame(two_wines))


def test_the_order_of_keys_does_not_matter(
    wine_endpoint: Endpoint, two_wines: list[dict[str, float]], url_event: MakeEvent
) -> None:
    shuffled: list[dict[str, Any]] = []
    for record in two_wines:
        pairs = list(record.items())
        random.Random(5).shuffle(pairs)
        shuffled.append(dict(pairs))
    assert list(shuffled[0]) != list(two_wines[0])
    assert (
        wine_endpoint(url_event(json.dumps(shuffled)), None)["body"]
        == (wine_endpoint(url_event(json.dumps(two_wines)), None)["body"])
    )


def test_no_records_give_no_predictions(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    assert wine_endpoint(url_event("[]"), None)["body"] == "[]"


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
def test_another_model_with_other_features_is_served_without_a_change(
    serve: Serve, small_model: Path, url_event: MakeEvent, suffix: str
) -> None:
    model = small_model.with_suffix(suffix)
    rows = pd.DataFrame({"income": [0.5, 1.5], "age": [1.0, -2.0], "height: cm": [2.0, 0.1]})
    response = serve(model)(url_event(json.dumps(rows.to_dict("records"))), None)
    assert json.loads(response["body"]) == oracle(model, rows)


def test_only_the_rounds_that_early_stopping_kept_are_used(
    tmp_path: Path, wine: pd.DataFrame, serve: Serve, url_event: MakeEvent
) -> None:
    shuffled = wine.sample(frac=1, random_state=1)
    data = xgboost.DMatrix(shuffled.drop(columns="quality"), shuffled["quality"])
    booster = xgboost.train(
        {"max_depth": 6, "learning_rate": 0.9, "nthread": 1},
        data.slice(list(range(2000))),
        60,
        evals=[(data.slice(list(range(2000, 3000))), "held_out")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )
    assert booster.best_iteration + 1 < booster.num_boosted_rounds()
    model = tmp_path / "stopped.ubj"
    booster.save_model(model)
    rows = wine.head(100).drop(columns="quality")
    response = serve(model)(url_event(rows.to_json(orient="records", double_precision=15)), None)
    assert json.loads(response["body"]) == oracle(model, rows)


def test_a_model_without_feature_names_takes_the_names_that_xgboost_gives(
    tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    rows = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32)
    model = tmp_path / "nameless.ubj"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, rows.sum(axis=1)), 5).save_model(model)
    response = serve(model)(url_event('[{"f1": 0.25, "f0": 1}]'), None)
    expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix(np.array([[1, 0.25]])))
    assert json.loads(response["body"]) == expected.astype(np.float64).tolist()


def test_headers_name_the_model_and_its_version(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    assert wine_endpoint.contract is not None
    headers = wine_endpoint(url_event("[]"), None)["headers"]
    assert headers["x-model-name"] == wine_endpoint.contract.name
    assert headers["x-model-version"] == wine_endpoint.contract.sha256[:12]
