"""Answers that people need: binary ones, classes and names, and predictions from a base margin."""

from __future__ import annotations

import base64
import functools
import io
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from endpoint import Endpoint

from tests.function.forms import Sent, ask, predictions
from tests.function.protocols import MakeEvent, Serve

ROWS = 1_000
NAMES = ["f0", "f1", "f2"]

LEARNT: dict[str, dict[str, Any]] = {
    "regression": {},
    "several targets": {"objective": "reg:squarederror"},
    "binary": {"objective": "binary:logistic"},
    "binary hinge": {"objective": "binary:hinge"},
    "raw binary": {"objective": "binary:logitraw"},
    "probabilities": {"objective": "multi:softprob", "num_class": 3},
    "labels": {"objective": "multi:softmax", "num_class": 3},
    "several labels": {"objective": "binary:logistic"},
    "dart": {"booster": "dart", "objective": "multi:softprob", "num_class": 3},
    "counts": {"objective": "count:poisson"},
}


@functools.cache
def values(seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=(ROWS, 3)).astype(np.float32)


def label(kind: str, rows: Any) -> Any:
    score = rows @ [1, 2, -1]
    return {
        "several targets": np.column_stack([score, -score]),
        "several labels": np.column_stack([score > 0, score > 1]).astype(int),
        "counts": np.abs(score).round(),
    }.get(kind, np.digitize(score, [-1, 1]) if LEARNT[kind].get("num_class") else
          (score > 0).astype(int) if "binary" in kind else score)  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("answers")
    made = {}
    for kind, parameters in LEARNT.items():
        made[kind] = folder / f"{kind.replace(' ', '_')}.ubj"
        data = xgboost.DMatrix(values(1), label(kind, values(1)))
        xgboost.train({"nthread": 1, "max_depth": 3, **parameters}, data, 6).save_model(made[kind])
    return made


@pytest.fixture(scope="module")
def served(models: dict[str, Path], serve: Serve) -> Callable[[str], Endpoint]:
    """The endpoint of a kind of model, as it is without settings."""
    return functools.cache(lambda kind: serve(models[kind]))


@functools.cache
def loaded(model: Path) -> xgboost.Booster:
    return xgboost.Booster(model_file=model)


@functools.cache
def margins(outputs: int) -> Any:
    return np.random.default_rng(7).normal(size=(ROWS, outputs)).astype(np.float32)


@functools.cache
def oracle(model: Path, margins_for: int = 0) -> Any:
    """What XGBoost predicts, from the margins for a number of outputs if there is one."""
    return loaded(model).predict(xgboost.DMatrix(values(2), base_margin=margins(margins_for) if margins_for else None))


@functools.cache
def columns() -> dict[str, list[float]]:
    return {name: values(2)[:, at].astype(float).tolist() for at, name in enumerate(NAMES)}


@functools.cache
def body() -> Sent:
    return Sent(json.dumps(columns()))


def tensors() -> list[dict[str, Any]]:
    return [{"name": n, "shape": [ROWS], "datatype": "FP32", "data": v} for n, v in columns().items()]


def content(response: dict[str, Any]) -> bytes:
    assert (response["statusCode"], response["isBase64Encoded"]) == (200, True), response["body"]
    return base64.b64decode(response["body"])


@pytest.mark.parametrize("kind", LEARNT)
def test_a_binary_answer_is_xgboosts_own_floats(
    kind: str, models: dict[str, Path], served: Callable[[str], Endpoint], url_event: MakeEvent
) -> None:
    endpoint, expected = served(kind), oracle(models[kind])
    npy = np.load(io.BytesIO(content(ask(endpoint, url_event, body(), accept="application/x-npy"))))
    assert (npy.dtype, npy.shape, npy.tobytes()) == (np.dtype("<f4"), expected.shape, expected.tobytes())
    raw = ask(endpoint, url_event, body(), accept="application/x-float32")
    assert content(raw) == expected.astype("<f4").tobytes()
    assert raw["headers"]["content-type"] == "application/x-float32"


def test_lines_of_json_are_answered_in_kind(
    models: dict[str, Path], served: Callable[[str], Endpoint], url_event: MakeEvent
) -> None:
    response = ask(served("probabilities"), url_event, body(), accept="application/jsonlines")
    expected = oracle(models["probabilities"]).astype(np.float64).tolist()
    assert [json.loads(line) for line in response["body"].splitlines()] == expected


def classes(kind: str, predicted: Any) -> Any:
    if kind in ("probabilities", "dart"):
        return predicted.argmax(axis=1)
    return predicted.astype(int) if kind == "labels" else (predicted > 0.5).astype(int)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("kind", ["binary", "binary hinge", "probabilities", "labels", "dart"])
def test_a_classifier_names_the_class_that_it_predicts(
    kind: str, named: bool, models: dict[str, Path], serve: Serve, url_event: MakeEvent
) -> None:
    names = ["no", "yes, \"maybe\"", "rosé"][: 3 if LEARNT[kind].get("num_class") else 2]  # fmt: skip
    endpoint = serve(models[kind], **({"OUTPUT_NAMES": json.dumps(names)} if named else {}))
    predicted = oracle(models[kind])
    expected = [names[at] if named else int(at) for at in classes(kind, predicted)]
    asked = ask(endpoint, url_event, body(), query="answer=class")
    assert json.loads(asked["body"]) == expected
    rows = json.loads(ask(endpoint, url_event, body(), query="answer=named")["body"])
    assert [row["class"] for row in rows] == expected
    if kind in ("binary", "probabilities", "dart"):
        estimator = xgboost.XGBClassifier()
        estimator.load_model(models[kind])
        # Of DART, XGBoost's estimators add the trees in place, in another order than its Booster.
        chances = (predicted if kind == "dart" else estimator.predict_proba(values(2))).astype(np.float64)
        assert [list(row["probabilities"].values()) for row in rows] == chances.tolist()
        assert list(rows[0]["probabilities"]) == (names if named else list(map(str, range(len(names)))))
    else:
        assert all(list(row) == ["class"] for row in rows)
    sent = Sent(json.dumps({"inputs": tensors(), "outputs": [{"name": "class"}]}), path="/v2/models/{model}/infer")
    (output,) = json.loads(ask(endpoint, url_event, sent)["body"])["outputs"]
    assert output == {"name": "class", "datatype": "BYTES" if named else "INT64", "shape": [ROWS], "data": expected}
    lines = ask(endpoint, url_event, body(), query="answer=named", accept="text/csv")["body"].splitlines()
    assert (len(lines), lines[0].partition(",")[0]) == (ROWS + 1, "class")


@pytest.mark.parametrize(
    ("kind", "setting", "names"),
    [
        ("regression", "", ["prediction"]),
        ("regression", '["cost"]', ["cost"]),
        ("several targets", "", ["output_0", "output_1"]),
        ("several targets", '["height", "weight"]', ["height", "weight"]),
        ("several labels", '["old", "new"]', ["old", "new"]),
        ("raw binary", "", ["prediction"]),
        ("counts", "", ["prediction"]),
    ],
)
def test_outputs_are_named(
    kind: str, setting: str, names: list[str], models: dict[str, Path], serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(models[kind], OUTPUT_NAMES=setting)
    rows = json.loads(ask(endpoint, url_event, body(), query="x=1&answer=named")["body"])
    expected = oracle(models[kind]).astype(np.float64).reshape(ROWS, -1).tolist()
    assert [list(row.values()) for row in rows] == expected
    assert list(rows[0]) == names
    table = ask(endpoint, url_event, body(), query="answer=named", accept="text/csv")["body"].splitlines()
    assert table[0].split(",") == names
    assert [[float(cell) for cell in line.split(",")] for line in table[1:]] == expected


@pytest.mark.parametrize("kind", ["regression", "several targets", "raw binary", "several labels"])
def test_a_model_that_is_no_classifier_says_that_it_has_no_class(
    kind: str, served: Callable[[str], Endpoint], url_event: MakeEvent
) -> None:
    response = ask(served(kind), url_event, body(), query="answer=class")
    assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
        400, "the model is no classifier and predicts no class; leave out answer=class"
    )  # fmt: skip


@pytest.mark.parametrize("query", ["answer=", "answer=Class", "answer=class&answer=named", "answer=%63lass"])
def test_another_kind_of_answer_is_refused(query: str, served: Callable[[str], Endpoint], url_event: MakeEvent) -> None:
    response = ask(served("binary"), url_event, body(), query=query)
    assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
        400, "the parameter answer must be one of plain, class, named"
    )  # fmt: skip


def test_names_have_no_place_in_a_binary_answer(served: Callable[[str], Endpoint], url_event: MakeEvent) -> None:
    response = ask(served("binary"), url_event, body(), query="answer=class", accept="application/x-npy")
    assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
        406, "application/x-npy holds numbers without names; leave out answer=, or accept application/json"
    )  # fmt: skip


def test_a_tensor_that_the_model_does_not_give_is_refused(
    served: Callable[[str], Endpoint], url_event: MakeEvent
) -> None:
    tensor = {"name": "all", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}
    sent = Sent(json.dumps({"inputs": [tensor], "outputs": [{"name": "class"}]}), path="/v2/models/{model}/infer")
    response = ask(served("regression"), url_event, sent)
    assert json.loads(response["body"])["detail"] == "the model has no such output; ask for predict"


@pytest.mark.parametrize("query", ["", "answer=named"])
@pytest.mark.parametrize("accept", ["application/json", "application/x-float32"])
def test_more_outputs_than_an_answer_can_carry_are_refused_before_they_are_computed(
    accept: str, query: str, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    rows = np.random.default_rng(1).normal(size=(300, 1)).astype(np.float32)
    parameters = {"objective": "multi:softprob", "num_class": 100, "max_depth": 1, "nthread": 1}
    model = tmp_path / "m.ubj"
    xgboost.train(parameters, xgboost.DMatrix(rows, np.arange(300) % 100), 1).save_model(model)
    endpoint = serve(model)
    for count in (10_486, 262_144):
        sent = Sent(bytes(4 * count), "application/x-float32")
        response = ask(endpoint, url_event, sent, query, accept=accept)
        assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
            413, f"a row has 100 predictions: send at most 10485 row(s) at a time, got {count}"
        )  # fmt: skip


MARGIN_FORMS = ("records", "columns", "split", "dataframe_split", "instances", "beside", "lines", "tensors", "direct")


@functools.cache
def with_margins(form: str, outputs: int) -> Any:
    """The rows with their base margins as a form has them, which is the same for all models of as many outputs."""
    given: list[Any] = (margins(outputs) if outputs > 1 else margins(1)[:, 0]).astype(float).tolist()
    names, rows = ["base_margin", *NAMES], values(2).astype(float).tolist()
    table = [[start, *row] for start, row in zip(given, rows, strict=True)]
    found = [dict(zip(names, row, strict=True)) for row in table]
    match form:
        case "direct":
            return found
        case "records":
            return Sent(json.dumps(found))
        case "columns":
            return Sent(json.dumps({**columns(), "base_margin": given}))
        case "split":
            return Sent(json.dumps({"columns": names, "data": table}))
        case "dataframe_split":
            return Sent(json.dumps({"dataframe_split": {"columns": names, "data": table}}))
        case "instances":
            return Sent(json.dumps({"instances": found}))
        case "beside":
            bare = [dict(zip(NAMES, row, strict=True)) for row in rows]
            return Sent(json.dumps({"instances": bare, "base_margin": given}))
        case "csv":
            return Sent("\n".join(",".join(map(str, row)) for row in (names, *table)), "text/csv")
        case "lines":
            return Sent("\n".join(map(json.dumps, found)), "application/jsonlines")
    start = {"name": "base_margin", "shape": list(margins(outputs).shape), "datatype": "FP32", "data": given}
    return Sent(json.dumps({"inputs": [*tensors(), start]}), path="/v2/models/{model}/infer")


@pytest.mark.parametrize(
    ("kind", "form"),
    # A line of CSV holds one number for a row.
    [*product(LEARNT, MARGIN_FORMS), *product(("regression", "binary", "raw binary", "counts"), ("csv",))],
)
def test_predictions_start_from_a_base_margin(
    kind: str, form: str, models: dict[str, Path], served: Callable[[str], Endpoint], url_event: MakeEvent
) -> None:
    outputs = oracle(models[kind]).reshape(ROWS, -1).shape[1] if kind != "labels" else 3
    expected = oracle(models[kind], outputs).astype(np.float64).tolist()
    endpoint, sent = served(kind), with_margins(form, outputs)
    answer = endpoint(sent, None) if form == "direct" else predictions(ask(endpoint, url_event, sent))
    assert answer == expected


@pytest.mark.parametrize(
    ("margins", "row"), [("[1, null]", 1), ('["1", 1]', 0), ("[true, 1]", 0), ("[1, NaN]", 1), ("[1, [1, 2]]", 1),
                         ("[1e39, 1]", 0), ("[{}, 1]", 0)],
)  # fmt: skip
def test_a_base_margin_that_is_no_number_is_refused_by_row(
    margins: str, row: int, served: Callable[[str], Endpoint], url_event: MakeEvent
) -> None:
    sent = Sent(f'{{"f0": [1, 2], "f1": [1, 2], "f2": [1, 2], "base_margin": {margins}}}')
    response = ask(served("regression"), url_event, sent)
    problem = json.loads(response["body"])
    assert (response["statusCode"], problem["detail"]) == (
        422, "a base margin cannot be used; give every row one, or none of them"
    )  # fmt: skip
    assert problem["errors"] == [
        {"row": row, "field": "base_margin", "code": "not_a_base_margin", "message": "must be a finite number"}
    ]


def test_a_base_margin_in_some_rows_alone_is_refused(served: Callable[[str], Endpoint], url_event: MakeEvent) -> None:
    sent = Sent('[{"f0": 1, "f1": 1, "f2": 1, "base_margin": 1}, {"f0": 1, "f1": 1, "f2": 1}]')
    response = ask(served("regression"), url_event, sent)
    assert json.loads(response["body"])["errors"][0]["row"] == 1


@pytest.fixture(scope="module")
def cox(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Endpoint:
    """A survival model: its prediction is the exponential of a margin, which a row may drive beyond float32."""
    rows = values(1)
    model = tmp_path_factory.mktemp("cox") / "cox.ubj"
    data = xgboost.DMatrix(rows, np.abs(rows[:, 0]) + 0.1)
    xgboost.train({"objective": "survival:cox", "nthread": 1}, data, 5).save_model(model)
    return serve(model)


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "application/x-npy", "application/x-float32"])
@pytest.mark.parametrize("path", ["/", "/invocations", "/v1/models/{model}:predict"])
def test_a_row_whose_prediction_is_infinite_is_named_and_is_no_fault_of_the_endpoint(
    accept: str, path: str, cox: Endpoint, url_event: MakeEvent
) -> None:
    record = {"f0": 1, "f1": 1, "f2": 1}
    found = [{**record, "base_margin": margin} for margin in (0, 200, 1, 300)]
    response = ask(cox, url_event, Sent(json.dumps(found), path=path), accept=accept)
    problem = json.loads(response["body"])
    message = "the model predicts NaN or infinity for this row, which no answer can carry; leave it out"
    assert (response["statusCode"], problem["detail"]) == (422, "2 row(s) have no finite prediction")
    assert problem["errors"] == [{"row": row, "code": "not_finite", "message": message} for row in (1, 3)]
