"""Weighing all leaves together changes their weights and nothing else."""

import json
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from sklearn.metrics import mean_squared_error

from model import refit as refitting
from model.fit import Parameters, TrainingSet, fit, matrix, observed
from model.refit import refit
from model.splits import Part

PARAMETERS = Parameters({"max_depth": 4, "learning_rate": 0.3}, 20, 0)


@pytest.fixture(scope="module")
def training(parts: tuple[Part, Part]) -> TrainingSet:
    return observed(Part(parts[0].features[:1000], parts[0].target[:1000]))


@pytest.fixture(scope="module")
def boosted(training: TrainingSet) -> xgb.Booster:
    return fit(PARAMETERS, training)


def trees(booster: xgb.Booster) -> list[dict[str, Any]]:
    model = json.loads(bytes(booster.save_raw("json")))
    found: list[dict[str, Any]] = model["learner"]["gradient_booster"]["model"]["trees"]
    return found


def test_the_trees_keep_their_shape_and_their_questions(boosted: xgb.Booster, training: TrainingSet) -> None:
    for before, after in zip(trees(boosted), trees(refit(boosted, training)), strict=True):
        assert after["left_children"] == before["left_children"]
        assert after["split_indices"] == before["split_indices"]
        inner = [node for node, child in enumerate(before["left_children"]) if child != -1]
        assert [after["split_conditions"][node] for node in inner] == [before["split_conditions"][n] for n in inner]


def test_the_training_set_is_fitted_better(boosted: xgb.Booster, training: TrainingSet) -> None:
    rows = matrix(training.features)
    before, after = (
        mean_squared_error(training.target, one.predict(rows)) for one in (boosted, refit(boosted, training))
    )
    assert after < before


def test_the_larger_the_damping_the_less_moves(
    boosted: xgb.Booster, training: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = matrix(training.features)
    moved = []
    for damping in (1.0, 10.0, 1e6):
        monkeypatch.setattr(refitting, "DAMPING", damping)
        moved.append(np.abs(refit(boosted, training).predict(rows) - boosted.predict(rows)).max())
    assert moved[0] > moved[1] > moved[2]
    assert moved[2] < 1e-4


def test_names_types_and_size_stay(boosted: xgb.Booster, training: TrainingSet) -> None:
    after = refit(boosted, training)
    assert (after.feature_names, after.feature_types) == (boosted.feature_names, boosted.feature_types)
    assert len(after.save_raw("ubj")) == len(boosted.save_raw("ubj"))
    assert after.num_boosted_rounds() == boosted.num_boosted_rounds()


def test_rows_that_weigh_more_are_fitted_better(boosted: xgb.Booster, training: TrainingSet) -> None:
    half = len(training) // 2
    errors = []
    for heavy in (slice(0, half), slice(half, None)):
        weight = np.ones(len(training))
        weight[heavy] = 100.0
        predicted = refit(boosted, TrainingSet(training.features, training.target, weight)).predict(
            matrix(training.features)
        )
        errors.append(mean_squared_error(training.target[:half], predicted[:half]))
    assert errors[0] < errors[1]
