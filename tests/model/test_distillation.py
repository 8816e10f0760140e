"""What the model learns from: a teacher's estimates of the rows it may see, and of no others."""

import numpy as np
import pytest
from sklearn.metrics import root_mean_squared_error

from model import distillation
from model.distillation import REAL_WEIGHT, Teacher, synthetic_wines, teacher, transfer_set
from model.fit import Parameters, fit, matrix, observed
from model.schema import FEATURE_NAMES
from model.splits import Part


@pytest.fixture
def few(parts: tuple[Part, Part], small_distillation: None) -> Part:  # noqa: ARG001
    return Part(parts[0].features[:600], parts[0].target[:600])


def test_what_was_observed_is_the_rows_and_their_scores(few: Part) -> None:
    made = observed(few)
    assert made.features.equals(few.features)
    assert made.target.tolist() == few.target.tolist()
    assert made.weight is None


def test_synthetic_wines_look_like_real_ones(few: Part) -> None:
    made = synthetic_wines(few.features)
    assert len(made) == distillation.SYNTHETIC_ROWS
    assert made.dtypes.equals(few.features.dtypes)
    for name in FEATURE_NAMES:
        assert set(made[name]) <= set(few.features[name])


def test_most_synthetic_wines_are_no_real_ones(few: Part) -> None:
    real = set(few.features.itertuples(index=False, name=None))
    new = [row not in real for row in synthetic_wines(few.features).itertuples(index=False, name=None)]
    assert np.mean(new) > 0.9


def test_a_transfer_set_begins_with_the_real_wines_and_weighs_them_more(few: Part) -> None:
    made = transfer_set(few)
    assert len(made) == len(few) + distillation.SYNTHETIC_ROWS
    assert made.features[: len(few)].to_numpy().tolist() == few.features.to_numpy().tolist()
    assert made.weight is not None
    assert set(made.weight[: len(few)]) == {REAL_WEIGHT}
    assert set(made.weight[len(few) :]) == {1.0}


def test_the_same_rows_give_the_same_transfer_set(few: Part) -> None:
    one, other = transfer_set(few), transfer_set(few)
    assert one.features.equals(other.features)
    assert one.target.tolist() == other.target.tolist()


def test_a_transfer_set_depends_on_no_row_but_those_given(few: Part) -> None:
    """The scores of two wines exchanged change it; rows that are not given cannot."""
    swapped = few.target.copy()
    low, high = int(np.argmin(swapped)), int(np.argmax(swapped))
    swapped.iloc[[low, high]] = swapped.iloc[[high, low]].to_numpy()
    assert transfer_set(Part(few.features, swapped)).target.tolist() != transfer_set(few).target.tolist()


@pytest.fixture(scope="module")
def seen(parts: tuple[Part, Part]) -> Part:
    return Part(parts[0].features[:1500], parts[0].target[:1500])


@pytest.fixture(scope="module")
def both(seen: Part) -> Teacher:
    """The teacher of these wines, with a third of the trees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distillation, "FOREST_TREES", 100)
        return teacher(seen)


def test_the_teacher_errs_less_on_unseen_wines_than_either_of_its_halves(
    parts: tuple[Part, Part], both: Teacher
) -> None:
    unseen = Part(parts[0].features[1500:], parts[0].target[1500:])
    rows = unseen.features.to_numpy(np.float64)
    halves = [half.predict(rows) for half in (both.forest, both.surface)]
    estimates = both.predict(unseen.features)
    assert np.allclose(estimates, np.mean(halves, axis=0))
    errors = [root_mean_squared_error(unseen.target, half) for half in halves]
    assert root_mean_squared_error(unseen.target, estimates) < min(errors)


def test_a_taught_model_errs_less_than_one_of_the_same_size_that_was_not(
    parts: tuple[Part, Part], seen: Part, both: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known_teacher(taught: Part) -> Teacher:
        assert taught is seen
        return both

    monkeypatch.setattr(distillation, "teacher", known_teacher)
    monkeypatch.setattr(distillation, "SYNTHETIC_ROWS", 2000)
    unseen = matrix(parts[0].features[1500:])
    parameters = Parameters({"max_depth": 5, "learning_rate": 0.15, "subsample": 0.8}, 60, 0)
    taught, not_taught = (fit(parameters, made).predict(unseen) for made in (transfer_set(seen), observed(seen)))
    actual = parts[0].target[1500:]
    assert root_mean_squared_error(actual, taught) < root_mean_squared_error(actual, not_taught)
