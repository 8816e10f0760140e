"""Ranges of the training data: staged with their model, watched by an alarm and a dashboard, else refused."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xgboost

from components import RefusedError, staging
from components.training_ranges import write_ranges
from tests import fake_engine
from tests.components.conftest import MODEL, small_model

RANGES = MODEL.with_name("ranges.json")
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
FUNCTION = "aws:lambda/function:Function"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"
ALARMED = {"training_ranges_path": RANGES, "alarms": {"topic_arn": TOPIC, "out_of_range_percent": 2.5}}
Deploy = Callable[..., fake_engine.Deployment]
Content = dict[str, Any]


@pytest.fixture(autouse=True)
def in_a_project_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


@pytest.fixture(scope="module")
def unwatched(deploy: Deploy, project: Path) -> fake_engine.Deployment:
    """One without ranges, to look at."""
    with contextlib.chdir(project):
        return deploy({"dashboard": True})


@pytest.fixture(scope="module")
def watched(deploy: Deploy, project: Path) -> fake_engine.Deployment:
    """One with ranges and all that looks at them."""
    with contextlib.chdir(project):
        return deploy({"dashboard": True, **ALARMED})


def test_nothing_is_staged_or_set_unless_it_is_asked_for(unwatched: fake_engine.Deployment) -> None:
    assert "environment" not in unwatched.one(FUNCTION).inputs
    context = Path(unwatched.one("docker:index/image:Image").inputs["build"]["context"])
    assert not (context / staging.STAGED_RANGES).exists()


def test_the_ranges_are_staged_where_the_handler_looks_for_them(watched: fake_engine.Deployment) -> None:
    assert watched.one(FUNCTION).inputs["environment"] == {"variables": {"DRIFT_METRICS": "true"}}
    context = Path(watched.one("docker:index/image:Image").inputs["build"]["context"])
    assert json.loads((context / staging.STAGED_RANGES).read_text()) == json.loads(RANGES.read_text())
    handler = (context / "drift.py").read_text()
    assert f'RANGES = "{staging.STAGED_RANGES}"' in handler


def test_other_ranges_are_another_image(tmp_path: Path) -> None:
    model = small_model(tmp_path / "model.ubj")
    without = staging.stage("small", model).path
    narrow = write_ranges(model, pd.DataFrame({"a": [0.0, 1.0], "b": [0.0, 1.0]}))
    first = staging.stage("small", model, ranges_path=narrow).path
    wide = write_ranges(model, pd.DataFrame({"a": [0.0, 9.0], "b": [0.0, 1.0]}))
    assert len({without, first, staging.stage("small", model, ranges_path=wide).path}) == 3


@pytest.mark.parametrize("namespace", ["MLInference", "Wines"])
def test_an_alarm_watches_the_share_that_the_handler_counts(
    deploy: Deploy, watched: fake_engine.Deployment, namespace: str
) -> None:
    named = {**ALARMED, "environment": {"METRICS_NAMESPACE": namespace}}
    deployed = watched if namespace == "MLInference" else deploy(named)
    alarm = deployed.one(ALARM, "drift").inputs
    share, *counts = alarm["metricQueries"]
    assert (alarm["threshold"], alarm["alarmActions"], alarm["okActions"]) == (2.5, [TOPIC], [TOPIC])
    assert share["returnData"]
    assert share["expression"] == "100 * outside / rows"
    assert {count["id"]: count["metric"]["metricName"] for count in counts} == {
        "outside": "RowsOutOfRange",
        "rows": "RowsWatched",
    }
    for count in counts:
        assert count["metric"]["namespace"] == namespace
        assert count["metric"]["dimensions"].keys() == {"FunctionName"}


def test_alarm_and_graphs_are_there_only_where_they_are_asked_for(
    deploy: Deploy, unwatched: fake_engine.Deployment, watched: fake_engine.Deployment
) -> None:
    def graphs(deployed: fake_engine.Deployment) -> set[str]:
        (board,) = deployed.all("aws:cloudwatch/dashboard:Dashboard")
        widgets = json.loads(board.inputs["dashboardBody"])["widgets"]
        cells = [
            (x, y)
            for widget in widgets
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        ]
        assert len(cells) == len(set(cells)) == 24 * (max(y for _, y in cells) + 1)
        return {widget["properties"].get("title", "") for widget in widgets}

    drift = {"Rows out of the range of training", "Predictions"}
    assert not graphs(unwatched) & drift
    assert graphs(watched) >= drift
    assert not deploy({"alarms": {}, "training_ranges_path": RANGES}).all(ALARM)[4:]


def other_model(content: Content) -> None:
    content["model_sha256"] = "0" * 64


def feature_short(content: Content) -> None:
    del content["features"]["alcohol"]


def turned_round(content: Content) -> None:
    content["features"]["alcohol"] |= {"lowest": 9, "highest": 8}


def a_text(content: Content) -> None:
    content["features"]["alcohol"]["lowest"] = "8"


def category(content: Content) -> None:
    content["features"]["alcohol"] = {"categories": ["a"], "missing": 0}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (other_model, "were written for the model with SHA-256 000000000000…, but the model has"),
        (feature_short, r"differ in the features \['alcohol'\]"),
        (turned_round, "do not have the form"),
        (a_text, "do not have the form"),
        (category, "differ in the categories of 'alcohol'"),
    ],
)
def test_ranges_that_cannot_be_used_are_refused_with_the_way_out(
    deploy: Deploy, change: Callable[[Content], None], sentence: str
) -> None:
    content = json.loads(RANGES.read_text())
    change(content)
    Path("ranges.json").write_text(json.dumps(content))
    with pytest.raises(RefusedError, match=f"^wine: training ranges ranges.json .*{sentence}.*write_ranges"):
        deploy({"training_ranges_path": "ranges.json"})


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_sha256": "", "rows": 1, "features": []}', "\x80"])
def test_a_file_of_another_form_is_refused(deploy: Deploy, text: str) -> None:
    Path("ranges.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(RefusedError, match="do not have the form that is needed"):
        deploy({"training_ranges_path": "ranges.json"})


def own_context() -> dict[str, Any]:
    Path("own").mkdir()
    Path("own", "Dockerfile").write_text("FROM scratch\n")
    return {"context_path": "own", "training_ranges_path": RANGES}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (lambda: {"alarms": {"out_of_range_percent": 5}}, "alarms.out_of_range_percent needs training_ranges_path"),
        (own_context, "training_ranges_path is for the bundled handler; with context_path"),
        (
            lambda: {"training_ranges_path": RANGES, "environment": {"METRICS_NAMESPACE": ""}},
            r"training_ranges_path asks for metrics, and environment\['METRICS_NAMESPACE'\] '' for none",
        ),
        (
            lambda: {"training_ranges_path": RANGES, "alarms": {"out_of_range_percent": 101}},
            "alarms.out_of_range_percent must be percent above 0 and at most 100, got 101",
        ),
        (lambda: {"training_ranges_path": "no.json"}, "training_ranges_path no.json must be the JSON file that"),
    ],
)
def test_what_would_measure_nothing_is_refused(
    deploy: Deploy, args: Callable[[], dict[str, Any]], sentence: str
) -> None:
    with pytest.raises(RefusedError, match=sentence):
        deploy(args)


def test_categories_of_an_old_model_are_their_codes(tmp_path: Path) -> None:
    rows = pd.DataFrame({"kind": pd.Categorical(["b", "a", "b", None], categories=["a", "b", "c"])})
    model = tmp_path / "model.json"
    xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, [1, 2, 3, 4], enable_categorical=True), 1).save_model(model)
    assert json.loads(write_ranges(model, rows).read_text())["features"]["kind"]["categories"] == ["a", "b"]
    document = json.loads(model.read_text())
    document["version"] = [3, 0, 5]
    del document["learner"]["gradient_booster"]["model"]["cats"]
    model.write_text(json.dumps(document))
    assert json.loads(write_ranges(model, rows).read_text())["features"]["kind"] == {"categories": [0, 1], "missing": 1}
