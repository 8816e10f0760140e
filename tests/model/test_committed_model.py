"""The committed files agree with each other, with the data and with what training writes."""

import contextlib
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from model.evaluation import metrics
from model.fit import matrix
from model.parameters import PARAMETERS_FILE, read_search
from model.schema import FEATURE_NAMES, FEATURES
from model.sources import SHA256
from model.splits import Part
from model.study.candidates import SIZE_LIMITS_BYTES
from model.study.record import TRIALS_FILE
from model.study.stability import over_splits, served
from model.train import main

MODEL = Path(__file__).resolve().parents[2] / "model" / "wine_quality.ubj"

OTHER_CPU_TOLERANCE = 1e-6
"""Two float32 steps near six: what another order of rounding may change."""


def load(path: Path) -> xgb.Booster:
    return xgb.Booster(model_file=path)


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((MODEL.parent / name).read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def predictions(parts: tuple[Part, Part]) -> np.ndarray:
    return load(MODEL).predict(matrix(parts[1].features))


@pytest.fixture(scope="module")
def retrained(tmp_path_factory: pytest.TempPathFactory, raw_cache: Path) -> Path:
    """A folder with what training writes now, and with what it showed as `shown.txt`."""
    output = tmp_path_factory.mktemp("retrained")
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        assert main(["--output", str(output), "--cache", str(raw_cache)]) == 0
    (output / "shown.txt").write_text(shown.getvalue(), "utf-8")
    return output


def test_progress_says_where_the_data_came_from_and_how_good_the_model_is(retrained: Path) -> None:
    shown = (retrained / "shown.txt").read_text("utf-8")
    for expected in ("raw files from the cache", "5,320 wines", "no leak found", "RMSE 0.", "interval", MODEL.name):
        assert expected in shown


def test_training_again_gives_the_committed_model(retrained: Path, parts: tuple[Part, Part]) -> None:
    if (retrained / MODEL.name).read_bytes() == MODEL.read_bytes():
        return
    warnings.warn("this CPU rounds otherwise: comparing predictions instead of bytes", stacklevel=1)
    rows = matrix(parts[1].features)
    difference = np.abs(load(retrained / MODEL.name).predict(rows) - load(MODEL).predict(rows)).max()
    assert difference <= OTHER_CPU_TOLERANCE


@pytest.mark.parametrize("name", ["golden.json", "ranges.json", "card.json"])
def test_training_again_gives_the_committed_descriptions(retrained: Path, name: str) -> None:
    if (retrained / MODEL.name).read_bytes() != MODEL.read_bytes():
        pytest.skip("this CPU rounds otherwise, so hash and figures differ in their last digits")
    assert (retrained / name).read_text("utf-8") == (MODEL.parent / name).read_text("utf-8")


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names an x86-64 processor")
def test_the_linear_algebra_of_an_older_processor_gives_the_same_bytes(
    retrained: Path, raw_cache: Path, tmp_path: Path
) -> None:
    """The teacher's sums end in other bits there, and rounding its estimates and the leaves hides them."""
    command = [sys.executable, "-m", "model.train", "--output", str(tmp_path), "--cache", str(raw_cache)]
    older = {**os.environ, "OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(command, cwd=MODEL.parents[1], env=older, check=True, capture_output=True)
    assert (tmp_path / MODEL.name).read_bytes() == (retrained / MODEL.name).read_bytes()


def test_the_model_names_its_features_in_order() -> None:
    booster = load(MODEL)
    assert booster.feature_names == FEATURE_NAMES
    assert booster.feature_types == ["float" if column.dtype == "float64" else "int" for column in FEATURES]


def test_the_model_keeps_no_round_behind() -> None:
    """Every tree in the file counts: no server needs to know of a best iteration."""
    booster = load(MODEL)
    assert booster.attr("best_iteration") is None
    assert booster.num_boosted_rounds() == read("card.json")["model"]["trees"]


def test_golden_predictions_are_what_the_model_gives() -> None:
    golden = read("golden.json")
    rows = pd.DataFrame(golden["records"])[FEATURE_NAMES]
    given = load(MODEL).predict(xgb.DMatrix(rows))
    assert np.abs(given.astype(float) - golden["predictions"]).max() <= golden["tolerance"]


def test_a_changed_model_misses_its_golden_predictions() -> None:
    """The golden file can fail: the model without its last tenth is told apart."""
    golden = read("golden.json")
    booster = load(MODEL)
    shorter = booster[: booster.num_boosted_rounds() * 9 // 10]
    given = shorter.predict(xgb.DMatrix(pd.DataFrame(golden["records"])[FEATURE_NAMES]))
    assert np.abs(given.astype(float) - golden["predictions"]).max() > golden["tolerance"]


def test_golden_records_are_wines_the_model_has_not_seen(parts: tuple[Part, Part]) -> None:
    records = read("golden.json")["records"]
    unseen = {tuple(row) for row in parts[1].features.itertuples(index=False)}
    assert 20 <= len(records) <= 50
    assert all(tuple(record[name] for name in FEATURE_NAMES) in unseen for record in records)
    assert [(record["color_white"], record["color_red"]) for record in records[:2]] == [(1, 0), (0, 1)]


@pytest.mark.parametrize("given", [read("golden.json")["model_sha256"], read("card.json")["model"]["sha256"]])
def test_golden_file_and_card_belong_to_this_model(given: str) -> None:
    assert given == hashlib.sha256(MODEL.read_bytes()).hexdigest()


def test_the_card_gives_the_real_figures(parts: tuple[Part, Part], predictions: np.ndarray) -> None:
    card = read("card.json")
    ours = {name: value for name, value in card["evaluation"]["test"][0].items() if name in ("rmse", "mae", "r2")}
    assert ours == pytest.approx(metrics(parts[1].target, predictions), abs=1e-5)
    assert card["split"] == {"train_rows": len(parts[0]), "test_rows": len(parts[1]), "seed": 2}
    assert card["model"]["bytes"] == MODEL.stat().st_size
    assert card["data"]["sha256"] == SHA256


def test_the_card_describes_every_feature(parts: tuple[Part, Part]) -> None:
    described = {feature["name"]: feature for feature in read("card.json")["features"]}
    assert list(described) == FEATURE_NAMES
    for name, feature in described.items():
        assert feature["minimum"] == parts[0].features[name].min()
        assert feature["maximum"] == parts[0].features[name].max()


def test_the_error_is_within_the_target(parts: tuple[Part, Part], predictions: np.ndarray) -> None:
    assert metrics(parts[1].target, predictions)["rmse"] <= 0.670


def test_the_model_is_small_enough_to_start_fast() -> None:
    assert MODEL.stat().st_size <= SIZE_LIMITS_BYTES[0] <= 1_000_000


def test_keeping_duplicates_would_flatter_the_figures(raw_files: dict[str, bytes], table: pd.DataFrame) -> None:
    """Why preparation drops them: of the raw rows, more than a thousand stand in the files twice."""
    raw_rows = sum(content.count(b"\n") - 1 for content in raw_files.values())
    assert raw_rows - len(table) == 1177


@pytest.mark.slow
def test_the_error_is_not_the_luck_of_one_split(table: pd.DataFrame) -> None:
    """Over twenty splits: at most .690 on average, where the published parameters give .705."""
    assert np.mean(over_splits(served, table)) <= 0.690


def test_the_recorded_search_explains_the_parameters() -> None:
    recorded = read_search()
    chosen = recorded["search"]["chosen"]
    assert chosen in recorded["finalists"]
    assert (recorded["rounds"], MODEL.stat().st_size) == (chosen["rounds"], chosen["size_bytes"])
    assert read("card.json")["training"]["search"] == recorded["search"]
    trials = pd.read_csv(PARAMETERS_FILE.with_name(TRIALS_FILE))
    (row,) = trials[(trials["trial"] == chosen["trial"]) & (trials["rounds"] == chosen["rounds"])].to_dict("records")
    assert {name: row[name] for name in recorded["booster"]} == recorded["booster"]


def test_the_gain_over_the_published_parameters_is_more_than_noise() -> None:
    gain = read("card.json")["evaluation"]["against_published_parameters"]
    assert gain["low"] < gain["rmse"] < gain["high"] < 0
