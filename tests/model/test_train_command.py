"""`python -m model.train` as a person meets it: the search on request, and one plain line when something is wrong."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model import train
from model.evaluation import metrics
from model.fit import Parameters
from model.sources import DataUnavailableError
from model.splits import Part
from model.study import selection, tuning


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, small_distillation: None) -> None:  # noqa: ARG001
    """A search, baselines and a comparison with them that take a moment."""
    monkeypatch.setattr(tuning, "MAX_ROUNDS", 5)
    monkeypatch.setattr(selection, "FRESH_FOLD_SEEDS", (10,))
    monkeypatch.setattr("model.study.baselines.FOREST_TREES", 2)
    for parameters in ("XGBOOST_DEFAULTS", "PUBLISHED"):
        monkeypatch.setattr(f"model.study.baselines.{parameters}", Parameters({}, 2, 0))
    monkeypatch.setattr("model.evaluation.RESAMPLES", 50)


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch, table: pd.DataFrame) -> None:
    """Every sixteenth wine."""
    monkeypatch.setattr(train, "prepare", lambda _: table[::16].reset_index(drop=True))


@pytest.mark.usefixtures("quick", "small_table")
def test_a_search_sees_the_training_part_alone_and_its_choice_is_judged_once(
    tmp_path: Path, raw_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[Part] = []
    judged: list[pd.Series] = []
    tune = tuning.tune

    def watched_tune(part: Part, trials: int, storage: Path) -> Any:
        assert not judged, "the test part was looked at before the search ended"
        searched.append(part)
        return tune(part, trials, storage, progress=False)

    def watched_metrics(actual: pd.Series, predicted: Any) -> dict[str, float]:
        judged.append(actual)
        return metrics(actual, predicted)

    monkeypatch.setattr(tuning, "tune", watched_tune)
    monkeypatch.setattr(train, "metrics", watched_metrics)
    cache = tmp_path / "cache"
    cache.mkdir()
    for file in raw_cache.iterdir():
        (cache / file.name).write_bytes(file.read_bytes())
    record = tmp_path / "parameters.json"
    arguments = ["--trials", "1", "--parameters", str(record), "--output", str(tmp_path), "--cache", str(cache)]
    assert train.main(arguments) == 0

    (seen,) = searched
    models = 6
    assert len(judged) == models
    assert not set(seen.features.index) & set(judged[0].index)
    assert {path.name for path in tmp_path.iterdir()} >= {
        "parameters.json",
        "trials.csv",
        "wine_quality.ubj",
        "card.json",
    }

    first = (tmp_path / "wine_quality.ubj").read_bytes()
    assert train.main(["--parameters", str(record), "--output", str(tmp_path), "--cache", str(cache)]) == 0
    assert (tmp_path / "wine_quality.ubj").read_bytes() == first


def test_missing_data_is_one_line_and_a_failing_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch(*_: object, **__: object) -> dict[str, bytes]:
        raise DataUnavailableError("no source gave the wine data")

    monkeypatch.setattr(train, "fetch", fetch)
    assert train.main(["--output", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: no source gave the wine data\n"
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_a_file_is_one_line_and_a_failing_exit_code(
    tmp_path: Path, raw_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    assert train.main(["--output", str(tmp_path / "taken"), "--cache", str(raw_cache)]) == 1
    shown, complaint = capsys.readouterr()
    assert not shown, "the work began before the place for its result was looked at"
    assert complaint.startswith("error: ")
    assert "taken" in complaint
    assert complaint.count("\n") == 1


@pytest.mark.usefixtures("small_table")
def test_a_missing_record_is_one_line_and_a_failing_exit_code(
    tmp_path: Path, raw_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "nowhere.json"
    assert train.main(["--parameters", str(missing), "--output", str(tmp_path), "--cache", str(raw_cache)]) == 1
    assert str(missing) in capsys.readouterr().err


@pytest.mark.parametrize("trials", ["-1", "many"])
def test_a_number_of_trials_that_is_none_is_refused(trials: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        train.main(["--trials", trials])
    assert "--trials" in capsys.readouterr().err


def test_stopping_a_search_says_that_it_can_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "train", interrupted)
    assert train.main([]) == 130
    assert "goes on" in capsys.readouterr().err
