"""What a model without golden file is asked: records that fit it, whatever its features are."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from local.errors import LocalError
from local.expectation import expectation
from tests.function import saved_models


@pytest.fixture(scope="module")
def customers() -> xgboost.Booster:
    """A classifier with named categories, numbered categories and a number."""
    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "plan": pd.Categorical(draw.choice(["basic", "plus", "pro"], 400)),
            "level": pd.Categorical(draw.choice([10, 20, 30], 400)),
            "income": draw.normal(size=400),
        }
    )
    left = ((rows["plan"] == "pro") ^ (rows["level"] == 20) ^ (rows["income"] > 0.5)).astype(int)
    data = xgboost.DMatrix(rows, left, enable_categorical=True)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, 10)


def assert_served_as_expected(model: Path) -> None:
    expected = expectation(model)
    answered = Endpoint({"MODEL_PATH": str(model)})(expected.records, None)
    assert np.abs(np.subtract(answered, expected.predictions)).max() <= expected.tolerance


@pytest.mark.parametrize("suffix", ["ubj", "json"])
def test_categories_are_sent_by_name(customers: xgboost.Booster, tmp_path: Path, suffix: str) -> None:
    model = tmp_path / f"customers.{suffix}"
    customers.save_model(model)
    for record in expectation(model).records:
        assert record["plan"] in {"basic", "plus", "pro"}
        assert record["level"] in {10, 20, 30}
    assert_served_as_expected(model)


@pytest.mark.parametrize("name", ["classes.ubj", "dart.json", "partitioned.json", "stopped.ubj", "targets.ubj"])
@pytest.mark.parametrize("version", ["1.6", "2.1", "3.1"])
def test_models_of_older_libraries_are_asked_what_they_take(version: str, name: str, tmp_path: Path) -> None:
    assert_served_as_expected(saved_models.unpacked(tmp_path, version, name))


def refusal(model: Path) -> str:
    with pytest.raises(LocalError) as refused:
        expectation(model)
    message = str(refused.value)
    assert str(model) in message
    assert "\n" not in message
    return message


def test_other_json_is_refused_by_name_with_what_to_do(tmp_path: Path) -> None:
    model = tmp_path / "other.json"
    model.write_text('{"predictions": [1, 2]}')
    assert "save" in refusal(model)


def test_a_pickle_is_refused_by_name_with_what_to_do(customers: xgboost.Booster, tmp_path: Path) -> None:
    model = tmp_path / "customers.ubj"
    model.write_bytes(pickle.dumps(customers))
    assert "save" in refusal(model)


def test_a_model_cut_short_is_refused_by_name_with_what_to_do(customers: xgboost.Booster, tmp_path: Path) -> None:
    model = tmp_path / "customers.ubj"
    model.write_bytes(bytes(customers.save_raw("ubj"))[:-100])
    assert "save" in refusal(model)
