"""What the endpoint says of itself, and how it explains a prediction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import explain
import numpy as np
import pytest
import xgboost
from booster import Booster
from endpoint import Endpoint

from tests.function.protocols import MakeEvent, Serve


def get(endpoint: Endpoint, url_event: MakeEvent, path: str) -> Any:
    response = endpoint(url_event(method="GET", path=path), None)
    assert response["statusCode"] == 200, response["body"]
    return json.loads(response["body"])


def test_the_card_names_the_model_and_its_features(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    card = get(wine_endpoint, url_event, "/")
    assert wine_endpoint.contract is not None
    assert [feature["name"] for feature in card["features"]] == list(wine_endpoint.contract.features)
    assert (card["objective"], card["outputs"], card["booster"]) == ("reg:squarederror", 1, "gbtree")


def test_the_card_says_between_which_values_a_feature_decides(
    tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    rows = np.random.default_rng(5).normal(size=(300, 5)).astype(np.float32)
    rows[:, 1], rows[:, 2] = np.arange(300) % 3, rows[:, 2] > 0
    label = rows[:, 0] + 3 * (rows[:, 1] == 2) + rows[:, 2] + rows[:, 3]
    rows[:, 3] = np.round(rows[:, 3] * 10)
    names, kinds = ['a "quoted" one', "category", "yes or no", "whole", "never asked"], ["q", "c", "i", "int", "q"]
    rows[:, 4] = 0
    data = xgboost.DMatrix(rows, label, feature_names=names, feature_types=kinds, enable_categorical=True)
    booster = xgboost.train({"nthread": 1, "max_depth": 4}, data, 10)
    booster.save_model(tmp_path / "model.ubj")
    features = get(serve(tmp_path / "model.ubj"), url_event, "/")["features"]
    trees = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    decided: dict[int, list[float]] = {0: [], 3: []}
    for tree in trees:
        for left, index, threshold in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], strict=True
        ):
            if left != -1 and index in decided:
                decided[index].append(threshold)
    expected = {names[index]: pytest.approx([min(values), max(values)]) for index, values in decided.items()}
    assert {each["name"]: each["thresholds"] for each in features if "thresholds" in each} == expected


def test_the_trees_are_read_for_the_first_card_alone(
    wine_endpoint: Endpoint, url_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = get(wine_endpoint, url_event, "/")
    monkeypatch.delattr(Booster, "dump")
    assert get(wine_endpoint, url_event, "/") == first


def test_ping_is_answered_while_the_model_is_served(
    wine_endpoint: Endpoint, url_event: MakeEvent, tmp_path: Path, serve: Serve
) -> None:
    assert get(wine_endpoint, url_event, "/ping") == {"status": "ok"}
    assert serve(tmp_path / "none.ubj")(url_event(method="GET", path="/ping"), None)["statusCode"] == 503


def test_the_open_inference_protocol_describes_the_model(wine_endpoint: Endpoint, url_event: MakeEvent) -> None:
    contract = wine_endpoint.contract
    assert contract is not None
    metadata = get(wine_endpoint, url_event, f"/v2/models/{contract.name}")
    assert metadata == get(wine_endpoint, url_event, f"/v2/models/{contract.name}/versions/{contract.version}")
    assert [tensor["name"] for tensor in metadata["inputs"]] == list(contract.features)
    assert metadata["outputs"] == [{"name": "predict", "datatype": "FP32", "shape": [-1]}]
    assert get(wine_endpoint, url_event, "/v2/health/live")["live"] is True
    assert get(wine_endpoint, url_event, "/v2/health/ready")["ready"] is True
    assert get(wine_endpoint, url_event, f"/v2/models/{contract.name}/ready")["ready"] is True
    assert get(wine_endpoint, url_event, "/v2")["name"] == contract.name


@pytest.mark.parametrize("path", ["/v2/models/other", "/v2/models", "/v2x", "/v2/models/other/infer", "/v2/"])
def test_another_model_is_not_found(wine_endpoint: Endpoint, url_event: MakeEvent, path: str) -> None:
    assert wine_endpoint(url_event(method="GET", path=path), None)["statusCode"] == 404


EXPLAINED: dict[str, tuple[dict[str, Any], bool]] = {
    "regression": ({}, True),
    "dart": ({"booster": "dart", "rate_drop": 0.2}, True),
    "binary": ({"objective": "binary:logistic"}, False),
    "classes": ({"objective": "multi:softprob", "num_class": 3}, False),
    "count": ({"objective": "count:poisson"}, False),
}


@pytest.mark.parametrize("kind", EXPLAINED)
def test_contributions_and_base_sum_to_the_margin(
    kind: str, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    parameters, margin_is_prediction = EXPLAINED[kind]
    values = np.random.default_rng(1).normal(size=(400, 3)).astype(np.float32)
    label = {"binary": values[:, 0] > 0, "classes": np.digitize(values[:, 0], [-1, 1])}.get(kind, np.abs(values[:, 0]))
    model = tmp_path / "m.ubj"
    data = xgboost.DMatrix(values, label)
    booster = xgboost.train({"nthread": 1, "max_depth": 3, **parameters}, data, 10)
    booster.save_model(model)
    columns = {f"f{i}": values[:20, i].astype(float).tolist() for i in range(3)}
    response = serve(model)(url_event(json.dumps(columns), path="/explain"), None)
    rows = json.loads(response["body"])
    assert response["statusCode"] == 200, response["body"]
    shown = data.slice(list(range(20)))
    summed = [np.add(row["base"], np.sum([row["contributions"][f] for f in columns], axis=0)) for row in rows]
    assert np.allclose(summed, booster.predict(shown, output_margin=True), atol=1e-5)
    predicted = np.array([row["prediction"] for row in rows])
    assert np.array_equal(predicted, booster.predict(shown).astype(np.float64))
    assert margin_is_prediction == np.allclose(summed, predicted, atol=1e-5)


def test_contributions_are_the_librarys_own(
    wine_endpoint: Endpoint, wine_model: Path, url_event: MakeEvent, wine_records: list[dict[str, float]]
) -> None:
    booster = xgboost.Booster(model_file=wine_model)
    names = booster.feature_names
    assert names is not None
    some = wine_records[::200]
    data = xgboost.DMatrix(np.array([[r[n] for n in names] for r in some]), feature_names=names)
    best = booster.attr("best_iteration")
    end = int(best) + 1 if best else 0
    expected = booster.predict(data, pred_contribs=True, iteration_range=(0, end)).astype(np.float64)
    rows = json.loads(wine_endpoint(url_event(json.dumps(some), path="/explain"), None)["body"])
    got = [[*(row["contributions"][name] for name in names), row["base"]] for row in rows]
    assert np.array_equal(got, expected)


TOO_LARGE: dict[str, tuple[dict[str, Any], int, int]] = {
    "many classes and features": ({"objective": "multi:softprob", "num_class": 40, "max_depth": 1}, 400, 1),
    "many deep leaves": ({"max_depth": 12, "min_child_weight": 0, "num_parallel_tree": 40, "max_bin": 32}, 3, 1),
}


@pytest.mark.parametrize("kind", TOO_LARGE)
def test_more_rows_than_can_be_explained_are_refused_before_any_is(
    kind: str, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    parameters, width, rounds = TOO_LARGE[kind]
    random = np.random.default_rng(1)
    count = 400 if "num_class" in parameters else 4_000
    values = random.normal(size=(count, width)).astype(np.float32)
    label = random.integers(0, 40, size=count)
    model = tmp_path / "m.ubj"
    xgboost.train({"nthread": 1, **parameters}, xgboost.DMatrix(values, label), rounds).save_model(model)
    endpoint = serve(model)
    assert endpoint.contract is not None
    numbers = parameters.get("num_class", 1) * (width + 1)
    allowed = min(explain.MAX_NUMBERS // numbers, explain.MAX_SPLITS // endpoint.contract.path_length)
    assert 1 < allowed < 200
    columns = {f"f{at}": values[: allowed + 1, at].astype(float).tolist() for at in range(width)}
    too_many = endpoint(url_event(json.dumps(columns), path="/explain"), None)
    assert json.loads(too_many["body"])["detail"] == (
        f"this model is explained for at most {allowed} row(s) at a time, got {allowed + 1}"
    )
    fewer = {name: column[:1] for name, column in columns.items()}
    assert endpoint(url_event(json.dumps(fewer), path="/explain"), None)["statusCode"] == 200


def test_a_model_that_is_too_large_for_one_explanation_is_said_to_be_so(
    wine_model: Path, serve: Serve, url_event: MakeEvent, two_wines: list[dict[str, float]]
) -> None:
    endpoint = serve(wine_model)
    assert endpoint.contract is not None
    endpoint.contract.path_length = explain.MAX_SPLITS + 1
    response = endpoint(url_event(json.dumps(two_wines), path="/explain"), None)
    assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
        413,
        "the model is too large to be explained within a request; explain it where it was trained",
    )


def test_trees_of_vectors_are_explained_where_the_library_can(
    tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    values = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32)
    model = tmp_path / "m.ubj"
    data = xgboost.DMatrix(values, values)
    trained = xgboost.train({"multi_strategy": "multi_output_tree", "nthread": 1}, data, 3)
    trained.save_model(model)
    response = serve(model)(url_event('[{"f0": 1, "f1": 2}]', path="/explain"), None)
    try:
        expected = trained.predict(xgboost.DMatrix([[1, 2]]), pred_contribs=True)[0].astype(np.float64)
    except xgboost.core.XGBoostError:  # until 3.2
        assert (response["statusCode"], "cannot explain" in response["body"]) == (422, True)
        return
    (row,) = json.loads(response["body"])
    assert np.array_equal([row["contributions"]["f0"], row["contributions"]["f1"], row["base"]], expected.T)


@pytest.mark.parametrize(("objective", "outputs"), [("reg:squarederror", 1), ("multi:softprob", 3)])
def test_a_model_without_a_tree_is_explained_by_its_base(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, objective: str, outputs: int
) -> None:
    model = tmp_path / "m.ubj"
    classes = {"num_class": outputs} if outputs > 1 else {}
    data = xgboost.DMatrix(np.eye(3), [0, 1, 2])
    xgboost.train({"objective": objective, **classes, "nthread": 1}, data, 0).save_model(model)
    response = serve(model)(url_event('[{"f0": 1, "f1": 2, "f2": 3}]', path="/explain"), None)
    (row,) = json.loads(response["body"])
    expected = xgboost.Booster(model_file=model).predict(xgboost.DMatrix([[1, 2, 3]]), pred_contribs=True)
    assert np.array_equal(np.ravel(row["base"]), expected[..., -1].ravel())
    assert not np.any(list(row["contributions"].values()))
