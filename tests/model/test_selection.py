"""How the model is chosen among what a search found, and what is recorded of it."""

import csv
from pathlib import Path

import pandas as pd
import pytest
import xgboost

from model.distillation import transfer_set
from model.fit import TrainingSet, matrix
from model.parameters import read_parameters, read_search
from model.splits import Part
from model.study import selection
from model.study.candidates import SIZE_LIMITS_BYTES, Candidate, Trial
from model.study.record import TRIALS_FILE, write_search
from model.study.selection import FINALISTS_PER_LIMIT, INDISTINGUISHABLE_RMSE, Finalist, choose, score_again, shortlist

BOOSTER = {"learning_rate": 0.3, "max_leaves": 4}
LARGEST, SMALLER = SIZE_LIMITS_BYTES[:2]


def candidate(trial: int = 0, rmse: float = 0.7, size_bytes: int = LARGEST, rounds: int = 10) -> Candidate:
    return Candidate(trial, BOOSTER, rounds, rmse, size_bytes)


def finalist(fresh_rmse: float, size_bytes: int, trial: int = 0) -> Finalist:
    return Finalist(candidate(trial, size_bytes=size_bytes), fresh_rmse)


def test_the_shortlist_holds_the_best_of_each_size_class() -> None:
    large = [candidate(trial, 0.69 + trial / 1000, LARGEST) for trial in range(FINALISTS_PER_LIMIT + 3)]
    small = candidate(99, 0.8, SIZE_LIMITS_BYTES[-1])
    trials = [Trial(found.trial, BOOSTER, found.rmse, (found,)) for found in reversed([*large, small])]
    assert shortlist(trials) == [*large[:FINALISTS_PER_LIMIT], small]


def test_a_candidate_that_meets_several_limits_is_listed_once() -> None:
    same = candidate(size_bytes=SIZE_LIMITS_BYTES[-1])
    assert shortlist([Trial(0, BOOSTER, 0.7, (same,) * len(SIZE_LIMITS_BYTES))]) == [same]


def test_a_pruned_trial_has_no_finalist() -> None:
    assert shortlist([Trial(0, BOOSTER, 0.9, ())]) == []


@pytest.mark.parametrize(
    ("finalists", "expected"),
    [
        ([finalist(0.690, LARGEST), finalist(0.690 + INDISTINGUISHABLE_RMSE / 2, SMALLER)], 1),
        ([finalist(0.690, LARGEST), finalist(0.690 + INDISTINGUISHABLE_RMSE * 2, SMALLER)], 0),
        ([finalist(0.680, LARGEST + 1), finalist(0.690, LARGEST)], 1),
        ([finalist(0.691, SMALLER), finalist(0.690, SMALLER)], 1),
        ([finalist(0.6905, LARGEST - 10), finalist(0.690, LARGEST)], 1),
    ],
    ids=[
        "smaller and as good",
        "smaller but worse",
        "better but too large",
        "same size and better",
        "smaller by a hair",
    ],
)
def test_the_smallest_of_the_indistinguishable_wins(finalists: list[Finalist], expected: int) -> None:
    assert choose(finalists) is finalists[expected]


def test_without_a_model_that_fits_the_error_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="run more trials"):
        choose([finalist(0.69, SIZE_LIMITS_BYTES[0] + 1)])


@pytest.mark.usefixtures("small_distillation")
def test_finalists_are_scored_on_rows_held_back(parts: tuple[Part, Part], monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[set[int]] = []
    judged: list[set[int]] = []

    def watched_transfer_set(part: Part) -> TrainingSet:
        taught.append(set(part.features.index))
        return transfer_set(part)

    def watched_matrix(features: pd.DataFrame) -> xgboost.DMatrix:
        judged.append(set(features.index))
        return matrix(features)

    monkeypatch.setattr(selection, "transfer_set", watched_transfer_set)
    monkeypatch.setattr(selection, "matrix", watched_matrix)
    few = Part(parts[0].features[:300], parts[0].target[:300])
    weak, strong = score_again([candidate(rounds=1), candidate(rounds=12)], few)
    assert strong.fresh_rmse < weak.fresh_rmse
    assert not any(seen & judges for seen, judges in zip(taught * 2, judged, strict=True))


def test_what_is_recorded_is_enough_to_fit_the_model_again(tmp_path: Path) -> None:
    chosen = finalist(0.69, 400_000, trial=1)
    trials = [Trial(0, BOOSTER, 0.9, ()), Trial(1, BOOSTER, 0.7, (candidate(1), candidate(1), candidate(1, rounds=5)))]
    file = tmp_path / "new" / "parameters.json"
    write_search(file, chosen, [chosen], trials)
    assert read_parameters(file) == chosen.parameters
    assert read_search(file)["search"]["pruned"] == 1
    rows = list(csv.DictReader(file.with_name(TRIALS_FILE).open()))
    assert [(row["trial"], row["pruned"], row["rounds"]) for row in rows] == [
        ("0", "1", ""),
        ("1", "0", "10"),
        ("1", "0", "5"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "is not JSON"), ("[]", "is not a JSON object"), ('{"booster": {}, "rounds": 5}', "'seed'")],
)
def test_a_damaged_record_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "parameters.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"parameters\.json") as raised:
        read_parameters(file)
    assert complaint in str(raised.value)
