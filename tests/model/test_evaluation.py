"""Error measures, the paired interval, and the models to compare with."""

import numpy as np
import pytest

from model.evaluation import difference, metrics
from model.splits import Part
from model.study.baselines import FOREST_TREES, PUBLISHED_NAME, Baseline, baselines

ACTUAL = np.array([5.0, 6.0, 7.0, 6.0])


def test_the_measures_are_right_by_hand() -> None:
    assert metrics(ACTUAL, [5, 6, 7, 4]) == {"rmse": 1.0, "mae": 0.5, "r2": -1.0}


def test_a_model_does_not_differ_from_itself() -> None:
    assert difference(ACTUAL, ACTUAL + 0.5, ACTUAL + 0.5) == {"rmse": 0, "low": 0, "high": 0, "confidence": 0.95}


def test_the_interval_excludes_zero_for_a_clear_difference_and_holds_it_for_none() -> None:
    rng = np.random.default_rng(1)
    actual = rng.normal(6, 1, 800)
    errors = rng.normal(0, 0.7, (2, 800))
    clear = difference(actual, actual + 0.8 * errors[0], actual + errors[0])
    none = difference(actual, actual + errors[0], actual + errors[1])
    assert clear["low"] <= clear["rmse"] <= clear["high"] < 0
    assert none["low"] < 0 < none["high"]


def test_pairing_narrows_the_interval() -> None:
    """Errors that both models share cancel: the same errors, dealt to other wines, give a wider interval."""
    rng = np.random.default_rng(2)
    actual = rng.normal(6, 1, 800)
    error = rng.normal(0, 0.7, 800)
    paired = difference(actual, actual + 0.95 * error, actual + error)
    dealt = difference(actual, actual + 0.95 * rng.permutation(error), actual + error)
    assert paired["high"] - paired["low"] < 0.5 * (dealt["high"] - dealt["low"])


@pytest.fixture(scope="module")
def small(parts: tuple[Part, Part]) -> Part:
    return Part(parts[0].features[:300], parts[0].target[:300])


@pytest.fixture(scope="module")
def fitted(small: Part) -> dict[str, Baseline]:
    return baselines(small)


def test_the_baselines_stand_in_the_order_of_what_is_known_of_them(
    fitted: dict[str, Baseline], parts: tuple[Part, Part]
) -> None:
    _, test = parts
    errors = {name: metrics(test.target, model.predict(test.features))["rmse"] for name, model in fitted.items()}
    assert list(errors) == [
        "mean of the training part",
        "linear regression",
        "XGBoost, default parameters",
        f"random forest, {FOREST_TREES} trees",
        PUBLISHED_NAME,
    ]
    assert min(errors, key=lambda name: errors[name]) == f"random forest, {FOREST_TREES} trees"
    assert max(errors, key=lambda name: errors[name]) == "mean of the training part"


def test_the_mean_predicts_the_mean(fitted: dict[str, Baseline], small: Part, parts: tuple[Part, Part]) -> None:
    mean = fitted["mean of the training part"]
    assert mean.predict(parts[1].features) == pytest.approx(small.target.mean())
