"""A JSON model that the image build rewrites as UBJSON answers as before, under the same name and version."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import booster
import model_file
import model_reader
import pandas as pd
import pytest
import repack
import xgboost
from endpoint import Endpoint

from tests.function.forms import columns
from tests.function.protocols import MakeEvent
from tests.function.test_model_file import stage
from tests.function.test_model_kinds import (
    KINDS,
    TRAINED,
    assert_bit_identical,
    learnt,
    numbers,
    targets,
    with_categories,
)

FUNCTION = Path(repack.__file__).parent
ROWS = 1_000
STAGED = 315532800  # the time that staging gives every file
Files = dict[str, tuple[bytes, int, int]]


def files(folder: Path) -> Files:
    """Everything in a folder: content, mode and time of each file."""
    return {path.name: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in folder.iterdir()}


def stage_json(folder: Path, model: Path) -> Path:
    """Stage a model, with a mode and a time that a new file would not have."""
    folder.mkdir(exist_ok=True)
    stage(folder, model)
    for path in folder.iterdir():
        path.chmod(0o600)
        os.utime(path, (STAGED, STAGED))
    return folder


def served(folder: Path) -> Endpoint:
    """Serve what the folder's manifest names."""
    entry = json.loads((folder / "manifest.json").read_text())["model"]
    return Endpoint({"MODEL_PATH": str(folder / entry["file"]), "METRICS_NAMESPACE": ""})


@functools.cache
def body(table: Callable[[int, int], pd.DataFrame], rows: int) -> str:
    return json.dumps(columns(table(rows, 2)))


def answers(folder: Path, table: Callable[[int, int], pd.DataFrame], event: MakeEvent) -> list[dict[str, Any]]:
    """What a client sees of a model, but for what is said of its file."""
    endpoint = served(folder)
    card = json.loads(endpoint(event(method="GET"), None)["body"])
    del card["sha256"]
    return [
        endpoint(event(body(table, ROWS)), None),
        endpoint(event(body(table, 100), path="/explain"), None),
        endpoint(event(method="GET", path="/openapi.json"), None),
        card,
    ]


def saved(folder: Path, data: xgboost.DMatrix, **parameters: Any) -> Path:
    """Train a model and save it as JSON."""
    model = folder / "trained.json"
    xgboost.train({"max_depth": 4, "nthread": 1, "seed": 1, **parameters}, data, 12).save_model(model)
    return model


def assert_that_answers_stay(
    tmp_path: Path, model: Path, table: Callable[[int, int], pd.DataFrame], event: MakeEvent
) -> None:
    folder = stage_json(tmp_path / "staged", model)
    before = answers(folder, table, event)
    assert before[0]["statusCode"] == 200, before[0]["body"]
    repack.repack(folder)
    assert set(files(folder)) == {"manifest.json", "model.ubj"}
    assert answers(folder, table, event) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_any_kind_answers_as_before(tmp_path: Path, kind: str, url_event: MakeEvent) -> None:
    learnt(kind).save_model(tmp_path / "trained.json")
    assert_that_answers_stay(tmp_path, tmp_path / "trained.json", numbers, url_event)


def test_a_model_with_category_names_answers_as_before(tmp_path: Path, url_event: MakeEvent) -> None:
    training = with_categories(TRAINED, seed=1)
    score = targets("", training) + 3 * (training["colour"] == "rose") - 2 * (training["year"] == 2004)
    model = saved(tmp_path, xgboost.DMatrix(training, score, enable_categorical=True), max_cat_to_onehot=2)
    assert_that_answers_stay(tmp_path, model, with_categories, url_event)


def test_the_rounds_that_early_stopping_kept_stay(tmp_path: Path, small_model: Path, url_event: MakeEvent) -> None:
    booster = xgboost.Booster(model_file=small_model)
    booster.set_attr(best_iteration="4")
    booster.save_model(tmp_path / "stopped.json")
    rows = pd.DataFrame(numbers(ROWS, seed=2).to_numpy()[:, :3], columns=["income", "age", "height: cm"])
    folder = stage_json(tmp_path / "staged", tmp_path / "stopped.json")
    repack.repack(folder)
    answer = served(folder)(url_event(json.dumps(columns(rows))), None)
    assert_bit_identical(answer["body"], booster.predict(xgboost.DMatrix(rows), iteration_range=(0, 5)))


def test_name_and_version_are_those_of_the_staged_file(
    tmp_path: Path, small_model: Path, url_event: MakeEvent, capsys: pytest.CaptureFixture[str]
) -> None:
    model = small_model.with_suffix(".json")
    version = hashlib.sha256(model.read_bytes()).hexdigest()[:12]
    folder = stage_json(tmp_path, model)
    repack.repack(folder)
    response = served(folder)(url_event(method="GET"), None)
    card = json.loads(response["body"])
    assert (response["headers"]["x-model-name"], response["headers"]["x-model-version"]) == ("staged", version)
    assert (card["name"], card["version"]) == ("staged", version)
    assert json.loads(capsys.readouterr().out)["model_version"] == version


def test_the_hash_is_that_of_the_new_file(tmp_path: Path, small_model: Path, url_event: MakeEvent) -> None:
    folder = stage_json(tmp_path, small_model.with_suffix(".json"))
    repack.repack(folder)
    card = json.loads(served(folder)(url_event(method="GET"), None)["body"])
    assert card["sha256"] == hashlib.sha256((folder / "model.ubj").read_bytes()).hexdigest()
    (folder / "model.ubj").write_bytes((folder / "model.ubj").read_bytes().replace(b"income", b"incame"))
    assert "not the one that was staged" in str(served(folder).failure)


def test_the_new_file_is_what_xgboost_itself_saves(tmp_path: Path, small_model: Path) -> None:
    model = small_model.with_suffix(".json")
    folder = stage_json(tmp_path, model)
    repack.repack(folder)
    assert (folder / "model.ubj").read_bytes() == xgboost.Booster(model_file=model).save_raw("ubj")


def test_a_ubjson_model_is_left_as_it_is(tmp_path: Path, small_model: Path) -> None:
    before = files(stage_json(tmp_path, small_model))
    assert "left as it is" in repack.repack(tmp_path)
    assert files(tmp_path) == before


def test_a_second_run_changes_nothing(tmp_path: Path, small_model: Path) -> None:
    folder = stage_json(tmp_path, small_model.with_suffix(".json"))
    assert "model.json" in repack.repack(folder)
    once = files(folder)
    assert "left as it is" in repack.repack(folder)
    assert files(folder) == once


def test_json_under_the_name_of_the_other_format_is_rewritten_too(tmp_path: Path, small_model: Path) -> None:
    misnamed = tmp_path / "misnamed.ubj"
    misnamed.write_bytes(small_model.with_suffix(".json").read_bytes())
    folder = stage_json(tmp_path / "staged", misnamed)
    repack.repack(folder)
    assert model_reader.is_ubjson((folder / "model.ubj").read_bytes())
    assert served(folder).failure is None


def test_a_swapped_model_is_refused_and_left(tmp_path: Path, small_model: Path) -> None:
    folder = stage_json(tmp_path, small_model.with_suffix(".json"))
    (folder / "model.json").write_bytes((folder / "model.json").read_bytes().replace(b"income", b"incame"))
    before = files(folder)
    with pytest.raises(model_file.ModelError, match="not the one that was staged"):
        repack.repack(folder)
    assert files(folder) == before


def test_a_model_of_a_newer_xgboost_does_not_become_one_of_this(
    tmp_path: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stage_json(tmp_path / "staged", small_model.with_suffix(".json"))
    with monkeypatch.context() as patch:
        patch.setattr(booster, "library_version", lambda: (3, 0, 0))
        with pytest.raises(model_file.ModelError, match=r"newer than the 3\.0\.0 that would predict"):
            repack.repack(folder)
    assert set(files(folder)) == {"manifest.json", "model.json"}


# --- as the image build runs it ---


def build_step(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script beside a staged model."""
    for path in FUNCTION.glob("*.py"):
        shutil.copy(path, folder)
    return subprocess.run(
        [sys.executable, "-B", "repack.py"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_two_builds_make_the_same_files_with_the_modes_and_times_of_the_staged_ones(
    tmp_path: Path, small_model: Path
) -> None:
    made = []
    for seed in ("1", "2"):
        folder = stage_json(tmp_path / seed, small_model.with_suffix(".json"))
        mode = (folder / "model.json").stat().st_mode
        run = build_step(folder, PYTHONHASHSEED=seed, MODEL_PATH="/another/model.ubj")
        assert (run.returncode, run.stderr, run.stdout.count("\n")) == (0, "", 1)
        made.append({name: file for name, file in files(folder).items() if not name.endswith(".py")})
        assert set(made[-1]) == {"manifest.json", "model.ubj"}
        assert {file[1:] for file in made[-1].values()} == {(mode, STAGED * 10**9)}
    assert made[0] == made[1]


def test_what_cannot_be_rewritten_stays_as_it_is_with_the_reason_in_one_line(tmp_path: Path, small_model: Path) -> None:
    folder = stage_json(tmp_path, small_model.with_suffix(".json"))
    (folder / "manifest.json").write_text("{}")
    run = build_step(folder)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == "model left as it is: manifest.json beside the model is damaged; stage and deploy it again\n"
    assert (folder / "model.json").exists()
