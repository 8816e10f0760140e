"""Does `score` give what XGBoost predicts, for models of several kinds? The handler answers in this process."""

import asyncio
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint
from ml_inference_client.client import JSON
from ml_inference_client.retry import Retry
from ml_inference_client.score import command, npy
from ml_inference_client.score.paths import Paths
from ml_inference_client.settings import Settings

from tests.clients.handler_client import Handler

ROWS = 400
SETTINGS = Settings("http://127.0.0.1:1/", "eu-central-1")


@pytest.fixture
def frame() -> pd.DataFrame:
    """Rows with numbers that may be missing, booleans and categories."""
    choose = np.random.default_rng(3)
    size = choose.normal(size=ROWS).round(4)
    size[::50] = np.nan
    colours = np.array(["red", "white", "rose, dry"])[choose.integers(3, size=ROWS)]
    return pd.DataFrame({"size": size, "old": choose.random(ROWS) < 0.5, "colour": pd.Categorical(colours)})


def scored(
    frame: pd.DataFrame,
    folder: Path,
    ending: str,
    monkeypatch: pytest.MonkeyPatch,
    booster: xgboost.Booster,
    **environment: str,
) -> tuple[int, pd.DataFrame, set[str]]:
    """Status, the output and the media types of the requests."""
    booster.save_model(folder / "model.ubj")
    table, output = folder / f"in.{ending}", folder / "out.csv"
    if ending == "csv":
        frame.astype({"old": int}).to_csv(table, index=False)
    else:
        frame.to_parquet(table)
    handler = Handler(Endpoint({"MODEL_PATH": str(folder / "model.ubj"), "ALLOW_MISSING": '["size"]', **environment}))
    monkeypatch.setattr(command, "AsyncClient", lambda _settings, retry: handler)  # noqa: ARG005
    job, paths = command.Job(table, output, chunk_rows=70), Paths(output)
    with paths.claimed(table):
        status = asyncio.run(command._score(job, paths, SETTINGS, Retry()))
    return status, pd.read_csv(output), handler.media_types


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("columns", "media_type"),
    [(["size", "old"], npy.MEDIA_TYPE), (["size", "old", "colour"], JSON)],
    ids=["numbers", "with categories"],
)
@pytest.mark.parametrize("classes", [0, 3], ids=["regression", "classes"])
def test_each_row_gets_what_xgboost_predicts(
    frame: pd.DataFrame,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    columns: list[str],
    media_type: str,
    classes: int,
) -> None:
    matrix = xgboost.DMatrix(frame[columns], np.arange(ROWS) % 3, enable_categorical=True)
    objective = {"objective": "multi:softprob", "num_class": classes} if classes else {"objective": "reg:squarederror"}
    booster = xgboost.train(objective, matrix, num_boost_round=4)
    names = {"OUTPUT_NAMES": '["poor", "fair", "good"]'} if classes else {}
    status, output, sent = scored(frame[columns], tmp_path, ending, monkeypatch, booster, **names)
    assert status == 0
    assert sent == {media_type}
    assert list(output) == ["row", *(["poor", "fair", "good"] if classes else ["prediction"])]
    expected = booster.predict(matrix).astype(float).reshape(ROWS, -1)
    assert output.drop(columns="row").to_numpy().tolist() == expected.tolist()


def test_a_category_that_training_never_saw_is_set_aside_with_those_that_it_did(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    booster = xgboost.train({}, xgboost.DMatrix(frame, np.arange(ROWS) % 3, enable_categorical=True), num_boost_round=4)
    strange = frame.assign(colour=["blue", *frame["colour"][1:]])
    status, output, _ = scored(strange, tmp_path, "csv", monkeypatch, booster)
    assert status == command.SOME_ROWS_FAILED
    assert output["prediction"].isna().tolist() == [True] + [False] * (ROWS - 1)
    fault = (tmp_path / "out.csv.failed.csv").read_text().splitlines()[1]
    assert fault == "0,colour,unknown_category,\"must be a category of training: 'red', 'rose, dry', 'white'\""
