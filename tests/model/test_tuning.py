"""The search: what it may see, where it stops, and that stopping half-way changes nothing."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model.distillation import transfer_set
from model.fit import Parameters, TrainingSet, fit, observed
from model.splits import RAREST_GRADES, Part, folds
from model.study import tuning
from model.study.candidates import SIZE_LIMITS_BYTES, Trial
from model.study.tuning import best_below, error_by_round, mean_curve, rounds_worth_trying, tune
from tests.model.conftest import distil_a_moment


def search_a_moment(patch: pytest.MonkeyPatch) -> None:
    """Short boosting; one random trial, then learning."""
    distil_a_moment(patch)
    patch.setattr(tuning, "MAX_ROUNDS", 6)
    patch.setattr(tuning, "STARTUP_TRIALS", 1)


@pytest.fixture(scope="module")
def few_rows(parts: tuple[Part, Part]) -> Part:
    train, _ = parts
    return Part(train.features[:150], train.target[:150])


@pytest.fixture
def few(few_rows: Part, monkeypatch: pytest.MonkeyPatch) -> Part:
    """Few rows, and a search in which a trial takes a moment."""
    search_a_moment(monkeypatch)
    return few_rows


@pytest.fixture(scope="module")
def searched(few_rows: Part, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequence[Trial]]:
    """The study of a search of three trials that ended, and the trials."""
    study = tmp_path_factory.mktemp("searched") / "study.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        search_a_moment(patch)
        return study, tune(few_rows, 3, study, progress=False)


@pytest.fixture
def study(searched: tuple[Path, Sequence[Trial]], tmp_path: Path) -> Path:
    """A copy of it, to go on with."""
    return Path(shutil.copy(searched[0], tmp_path))


def test_an_interrupted_search_ends_as_if_it_had_never_stopped(
    few: Part, searched: tuple[Path, Sequence[Trial]], tmp_path: Path
) -> None:
    _, at_once = searched
    tune(few, 2, tmp_path / "study.jsonl", progress=False)
    assert tune(few, 3, tmp_path / "study.jsonl", progress=False) == at_once
    assert [trial.number for trial in at_once] == [0, 1, 2]


def test_a_search_that_is_done_tries_nothing_more(
    few: Part, searched: tuple[Path, Sequence[Trial]], study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        pytest.fail("nothing was left to try")

    monkeypatch.setattr(tuning, "_objective", fail)
    assert tune(few, 3, study, progress=False) == searched[1]


def test_other_rows_start_another_study(few: Part, searched: tuple[Path, Sequence[Trial]], study: Path) -> None:
    fewer = Part(few.features[:-1], few.target[:-1])
    (trial,) = tune(fewer, 1, study, progress=False)
    assert trial.number == 0
    assert trial.rmse != searched[1][0].rmse


def test_every_trial_offers_one_candidate_below_each_size_limit(searched: tuple[Path, Sequence[Trial]]) -> None:
    tried = [trial for trial in searched[1] if not trial.pruned]
    assert tried
    for trial in tried:
        assert len(trial.candidates) == len(SIZE_LIMITS_BYTES)
        assert all(found.size_bytes <= limit for found, limit in zip(trial.candidates, SIZE_LIMITS_BYTES, strict=True))
        assert trial.rmse == trial.candidates[0].rmse


def test_boosting_stops_when_a_fold_gains_no_more(parts: tuple[Part, Part]) -> None:
    train, judges = (Part(parts[0].features[rows], parts[0].target[rows]) for rows in (slice(450), slice(450, 500)))
    curve = error_by_round({"learning_rate": 0.5}, observed(train), judges, max_rounds=300, seed=0)
    assert len(curve) == int(curve.argmin()) + 1 + tuning.PATIENCE_ROUNDS < 300


@pytest.mark.usefixtures("small_distillation")
def test_boosting_goes_beyond_the_largest_size_but_not_far(
    parts: tuple[Part, Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = 100_000
    monkeypatch.setattr(tuning, "SIZE_LIMITS_BYTES", (largest,))
    training = transfer_set(Part(parts[0].features[:800], parts[0].target[:800]))
    booster = {"max_depth": 0, "grow_policy": "lossguide", "max_leaves": 100}
    whole = fit(Parameters(booster, rounds_worth_trying(booster, training), 0), training)
    assert largest < len(whole.save_raw("ubj")) < 2 * largest


def test_one_curve_is_made_of_all_folds_as_far_as_all_went() -> None:
    curves = [np.array([0.9, 0.5, 0.6, 0.7]), np.array([0.9, 0.8, 0.4])]
    assert mean_curve(curves) == pytest.approx([0.9, 0.65, 0.5])


@pytest.mark.parametrize("rounds", [1, 7, 20])
def test_a_size_limit_cuts_rounds_and_no_more_than_needed(parts: tuple[Part, Part], rounds: int) -> None:
    whole = fit(Parameters({"max_leaves": 8}, 20, 0), observed(Part(parts[0].features[:500], parts[0].target[:500])))
    errors = np.linspace(0.9, 0.7, 20)
    limit = len(whole[:rounds].save_raw("ubj"))
    found = best_below(limit, whole, errors)
    assert found["size_bytes"] <= limit
    assert rounds - 1 <= found["rounds"] <= rounds
    assert found["rmse"] == errors[found["rounds"] - 1]


def test_the_folds_score_every_row_once_and_mix_the_grades(
    parts: tuple[Part, Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.splits.FOLDS", 5)
    train = Part(parts[0].features[:300], parts[0].target[:300])
    cuts = folds(train, seed=0)
    scored = np.concatenate([cut.validation.features.index for cut in cuts])
    assert len(cuts) == 5
    assert sorted(scored) == sorted(train.features.index)
    for grade in range(RAREST_GRADES[0], RAREST_GRADES[1] + 1):
        wines = [(cut.validation.target.clip(*RAREST_GRADES) == grade).sum() for cut in cuts]
        assert max(wines) - min(wines) <= 1


def test_no_teacher_sees_the_rows_that_judge_its_pupil(
    few: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[set[int]] = []
    judged: list[set[int]] = []

    def watched_transfer_set(part: Part) -> TrainingSet:
        taught.append(set(part.features.index))
        return transfer_set(part)

    def watched_error(booster: dict[str, Any], training: TrainingSet, judges: Part, max_rounds: int, seed: int) -> Any:
        judged.append(set(judges.features.index))
        return error_by_round(booster, training, judges, max_rounds, seed)

    monkeypatch.setattr(tuning, "transfer_set", watched_transfer_set)
    monkeypatch.setattr(tuning, "error_by_round", watched_error)
    tune(few, 1, tmp_path / "study.jsonl", progress=False)
    whole, *of_folds = taught
    assert whole == set(few.features.index)
    assert len(of_folds) == len(judged) > 1
    assert not any(seen & judges for seen, judges in zip(of_folds, judged, strict=True))


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_equal_measurements_never_stand_on_both_sides_of_a_fold(parts: tuple[Part, Part]) -> None:
    """Every wine twice, with another score the second time: as in data that were not de-duplicated."""
    features, target = parts[0].features[:100], parts[0].target[:100]
    twice = Part(
        pd.concat([features, features], ignore_index=True), pd.concat([target, target.clip(upper=5)], ignore_index=True)
    )
    for cut in folds(twice, seed=0):
        assert cut.train.features.merge(cut.validation.features).empty
