"""Rows that are unlike those of training: counted in every form, against numpy, and nothing of them kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from components.training_ranges import training_ranges, write_ranges
from tests.function import forms
from tests.function.forms import Sent, ask, predictions
from tests.function.protocols import MakeEvent, Serve

ROWS = 400
NUMBERS = ["size", "weight", "count"]
Logged = list[dict[str, Any]]


def numbers(seed: int, scale: float) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(0.1, scale, size=(ROWS, 3)), columns=NUMBERS).round(3)
    frame.loc[random.random(ROWS) < 0.05, "weight"] = np.nan
    return frame


def mixed(seed: int, scale: float, kinds: str) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = numbers(seed, scale)
    frame["kind"] = pd.Categorical(random.choice(list(kinds), ROWS))
    frame["flag"] = random.random(ROWS) < 0.5
    return frame


def outside(training: pd.DataFrame, rows: pd.DataFrame) -> int:
    """How many rows hold a value that training did not see, in numpy's words."""
    found = np.zeros(len(rows), dtype=bool)
    for name in training:
        seen, values = training[name], rows[name]
        gap = values.isna().to_numpy()
        if isinstance(seen.dtype, pd.CategoricalDtype):
            strange = ~values.isin(seen.dropna().unique()).to_numpy()
        else:
            low, high = seen.astype("float32").min(), seen.astype("float32").max()
            compared = values.astype("float32").to_numpy()
            strange = (compared < low) | (compared > high)
        found |= np.where(gap, not seen.isna().any(), strange)
    return int(found.sum())


def watched(
    training: pd.DataFrame, folder: Path, serve: Serve, missing: float = np.nan, classes: int = 0, **environment: str
) -> tuple[Endpoint, xgboost.Booster]:
    """An endpoint with the training's ranges beside its model, and the model."""
    filled = training["size"].fillna(0).to_numpy()
    target = np.searchsorted(np.quantile(filled, np.arange(1, classes) / classes), filled) if classes else filled
    data = xgboost.DMatrix(training, target, missing=missing, enable_categorical=True)
    parameters: dict[str, object] = {"objective": "multi:softprob", "num_class": classes} if classes else {}
    booster = xgboost.train({"nthread": 1, **parameters}, data, 8)
    booster.save_model(folder / "m.ubj")
    write_ranges(folder / "m.ubj", training, missing).rename(folder / "model.ranges.json")
    return serve(folder / "m.ubj", DRIFT_METRICS="true", **environment), booster


def lines(capsys: pytest.CaptureFixture[str]) -> Logged:
    """What was logged as drift; every metric that a line names is in it, and CloudWatch can read all of them."""
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = [line for line in found if "RowsWatched" in line]
    for line in found:
        (definition,) = line["_aws"]["CloudWatchMetrics"]
        assert definition["Dimensions"] == [["FunctionName"]]
        for metric in definition["Metrics"]:
            values = line[metric["Name"]]
            assert all(isinstance(value, float | int) for value in (values if isinstance(values, list) else [values]))
            assert not isinstance(values, list) or 0 < len(values) <= 100
    return found


class Case(NamedTuple):
    """What all forms are sent to, the rows that they hold, and how many of these training did not see."""

    endpoint: Endpoint
    rows: pd.DataFrame
    outside: int


@pytest.fixture(scope="module")
def of_numbers(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Case:
    training, rows = numbers(1, 1.0), numbers(2, 1.4)
    endpoint, _ = watched(training, tmp_path_factory.mktemp("numbers"), serve, ALLOW_MISSING="true")
    return Case(endpoint, rows, outside(training, rows))


@pytest.mark.parametrize("form", [*forms.NAMED, *forms.POSITIONAL, *forms.BINARY])
def test_rows_out_of_range_are_counted_in_every_form(
    form: str, of_numbers: Case, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = (forms.NAMED | forms.POSITIONAL | forms.BINARY)[form](of_numbers.rows)
    got = predictions(ask(of_numbers.endpoint, url_event, sent))
    (line,) = lines(capsys)
    assert 0 < of_numbers.outside < ROWS
    assert (line["RowsWatched"], line["RowsOutOfRange"]) == (ROWS, of_numbers.outside)
    assert np.allclose([line["Prediction"][0], line["Prediction"][-1]], [min(got), max(got)], rtol=1e-5)


@pytest.fixture(scope="module")
def of_all_kinds(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Case:
    """As `of_numbers`, with categories and booleans."""
    training, rows = mixed(1, 1.0, "abc"), mixed(2, 1.0, "abcxy")
    training.loc[:9, "kind"] = None  # so that a gap was seen, and an unknown category was not
    rows.loc[::7, "kind"] = None
    rows.loc[::50, "size"] = np.nan
    folder = tmp_path_factory.mktemp("kinds")
    endpoint, _ = watched(training, folder, serve, ALLOW_MISSING="true", ALLOW_UNSEEN="true")
    return Case(endpoint, rows, outside(training, rows))


@pytest.mark.parametrize("form", forms.NAMED)
def test_categories_booleans_and_gaps_are_counted(
    form: str, of_all_kinds: Case, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(of_all_kinds.endpoint, url_event, forms.NAMED[form](of_all_kinds.rows))
    (line,) = lines(capsys)
    unknown = int(of_all_kinds.rows["kind"].isin(["x", "y"]).sum())
    assert line["RowsOutOfRange"] == of_all_kinds.outside > unknown > 0


@pytest.mark.parametrize("missing", [-999, 0])
def test_a_number_that_is_missing_is_none_out_of_range(
    missing: float, tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    training, rows = numbers(1, 1.0), numbers(2, 1.4)
    rows.loc[::9, "count"] = np.nan  # of which training saw none
    endpoint, _ = watched(training.fillna(missing), tmp_path, serve, missing, MISSING_VALUE=str(missing))
    ask(endpoint, url_event, forms.NAMED["records"](rows.fillna(missing)))
    (line,) = lines(capsys)
    without = training.where(training != missing), rows.where(rows != missing)
    assert line["RowsOutOfRange"] == outside(*without)


def test_each_class_has_a_distribution_of_its_own(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["low", "middle", "high"]
    training, rows = numbers(1, 1.0), numbers(2, 1.0).head(90)
    endpoint, booster = watched(
        training, tmp_path, serve, classes=3, ALLOW_MISSING="true", OUTPUT_NAMES=json.dumps(names)
    )
    ask(endpoint, url_event, forms.NAMED["records"](rows))
    (line,) = lines(capsys)
    expected = booster.predict(xgboost.DMatrix(rows))
    for at, name in enumerate(names):
        assert np.allclose(line[f"Prediction {name}"], expected[:, at], rtol=1e-5)


def test_of_a_class_that_is_predicted_as_a_number_the_share_is_told(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    training, rows = numbers(1, 1.0), numbers(2, 1.0)
    _, booster = watched(training, tmp_path, serve, classes=3)
    booster.set_param({"objective": "multi:softmax"})
    booster.save_model(tmp_path / "m.ubj")
    write_ranges(tmp_path / "m.ubj", training).rename(tmp_path / "model.ranges.json")
    endpoint = serve(tmp_path / "m.ubj", DRIFT_METRICS="true", ALLOW_MISSING="true")
    ask(endpoint, url_event, forms.NAMED["records"](rows))
    (line,) = lines(capsys)
    expected = np.bincount(booster.predict(xgboost.DMatrix(rows)).astype(int), minlength=3) / ROWS
    assert [line[f"Prediction {at}"] for at in range(3)] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("at", ["lowest", "highest"])
def test_the_extremes_of_training_are_inside_and_the_next_float32_is_not(
    at: str, tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    training = numbers(1, 1.0)
    endpoint, _ = watched(training, tmp_path, serve, ALLOW_MISSING="true")
    column = training["size"]
    extreme = np.float32(column.min() if at == "lowest" else column.max())
    beyond = np.nextafter(extreme, np.float32(-9 if at == "lowest" else 9))
    rows = training.dropna().head(2).assign(size=[float(extreme), float(beyond)])
    ask(endpoint, url_event, forms.NAMED["records"](rows))
    assert [line["RowsOutOfRange"] for line in lines(capsys)] == [1]


def test_a_large_batch_is_told_by_a_hundred_of_its_predictions(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    training = numbers(1, 1.0)
    rows = pd.concat([numbers(seed, 1.0) for seed in range(2, 7)], ignore_index=True)
    endpoint, booster = watched(training, tmp_path, serve, ALLOW_MISSING="true")
    ask(endpoint, url_event, forms.BINARY["raw float32"](rows))
    (line,) = lines(capsys)
    expected = booster.predict(xgboost.DMatrix(rows))
    assert len(line["Prediction"]) == 100
    for share in (0.0, 0.05, 0.5, 0.95, 1.0):
        low, high = np.quantile(expected, [max(0.0, share - 0.02), min(1.0, share + 0.02)])
        assert low - 1e-5 <= np.quantile(line["Prediction"], share) <= high + 1e-5


def test_what_is_refused_or_not_asked_for_is_not_counted(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    training = numbers(1, 1.0)
    endpoint, _ = watched(training, tmp_path, serve)
    assert ask(endpoint, url_event, Sent('[{"size": 1}]'))["statusCode"] == 422
    assert ask(endpoint, url_event, Sent("[]"))["statusCode"] == 200
    assert not lines(capsys)
    ask(serve(tmp_path / "m.ubj", ALLOW_MISSING="true"), url_event, forms.NAMED["records"](training))
    silent = serve(tmp_path / "m.ubj", ALLOW_MISSING="true", DRIFT_METRICS="true", METRICS_NAMESPACE="")
    ask(silent, url_event, forms.NAMED["records"](training))
    assert not lines(capsys)


def test_no_value_of_a_row_is_logged(
    tmp_path: Path, serve: Serve, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint, _ = watched(mixed(1, 1.0, "abc"), tmp_path, serve, ALLOW_MISSING="true", ALLOW_UNSEEN="true")
    row = {"size": 4711471.5, "weight": 8158157.5, "count": None, "kind": "canary", "flag": True}
    ask(endpoint, url_event, Sent(json.dumps([row])))
    logged = capsys.readouterr()
    assert '"RowsOutOfRange":1' in logged.out
    assert not [value for value in ("4711471", "8158157", "canary") if value in logged.out + logged.err]


@pytest.mark.parametrize(
    "damaged",
    ["", "{", "[]", '{"model_sha256": "0"}', "other model", "a feature short"],
)
def test_ranges_that_do_not_fit_are_said_and_nothing_is_served(
    damaged: str, tmp_path: Path, serve: Serve, url_event: MakeEvent
) -> None:
    training = numbers(1, 1.0)
    watched(training, tmp_path, serve)
    file = tmp_path / "model.ranges.json"
    content = json.loads(file.read_text())
    if damaged == "other model":
        damaged = json.dumps({**content, "model_sha256": "0" * 64})
    if damaged == "a feature short":
        damaged = json.dumps({**content, "features": {"size": content["features"]["size"]}})
    file.write_text(damaged)
    endpoint = serve(tmp_path / "m.ubj", DRIFT_METRICS="true")
    assert "model.ranges.json" in str(endpoint.failure)
    assert endpoint(url_event("[]"), None)["statusCode"] == 503


def test_nothing_of_it_is_opened_where_nobody_asked() -> None:
    code = (
        "import sys, json; sys.path.insert(0, 'function'); from endpoint import Endpoint\n"
        "endpoint = Endpoint({'MODEL_PATH': 'model/wine_quality.ubj'})\n"
        "endpoint(json.load(open('model/golden.json'))['records'], None)\n"
        "assert endpoint.contract.watch is None and endpoint.failure is None\n"
        "print([name for name in ('drift', 'settings') if name in sys.modules], file=sys.stderr)"
    )
    repository = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=repository, check=True, capture_output=True, text=True)
    assert ran.stderr.strip() == "[]"


def test_ranges_are_the_training_datas_own() -> None:
    training = mixed(1, 1.0, "abc")
    data = xgboost.DMatrix(training, training["size"], enable_categorical=True)
    content = bytes(xgboost.train({"nthread": 1}, data, 2).save_raw("ubj"))
    ranges = training_ranges(content, training)
    assert ranges.rows == ROWS
    assert ranges.features["kind"] == {"categories": ["a", "b", "c"], "missing": 0}
    assert ranges.features["flag"] == {"lowest": 0.0, "highest": 1.0, "missing": 0}
    weight = training["weight"]
    assert ranges.features["weight"] == {
        "lowest": float(np.float32(weight.min())),
        "highest": float(np.float32(weight.max())),
        "missing": int(weight.isna().sum()),
    }
    with pytest.raises(ValueError, match="the columns are"):
        training_ranges(content, training[list(reversed(training.columns))])
    with pytest.raises(ValueError, match="infinite"):
        training_ranges(content, training.assign(size=np.inf))


def test_the_card_names_the_ranges_of_the_numbers(tmp_path: Path, serve: Serve, url_event: MakeEvent) -> None:
    training = mixed(1, 2.0, "abc")
    endpoint, _ = watched(training, tmp_path, serve)
    card = json.loads(endpoint(url_event(method="GET"), None)["body"])
    expected = {name: pytest.approx([training[name].min(), training[name].max()], rel=1e-6) for name in NUMBERS}
    ranges = {each["name"]: each["training_range"] for each in card["features"] if "training_range" in each}
    assert {name: ranges[name] for name in NUMBERS} == expected
    assert "kind" not in ranges
