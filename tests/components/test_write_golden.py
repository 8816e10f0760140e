"""Golden files of any model: missing values, categories, several outputs, early stopping."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from components.golden import GOLDEN_FILE, Golden
from components.write_golden import golden_predictions, write_golden

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(
    {
        "size": RNG.normal(0, 1, 200),
        "count": RNG.integers(0, 9, 200),
        "kind": pd.Categorical(RNG.choice(["a", "b"], 200)),
    }
)
ROWS.loc[ROWS.index[::3], "size"] = np.nan
CLASSES = (ROWS["count"] + 3 * (ROWS["kind"] == "a")) % 3


def golden(booster: xgb.Booster, rows: pd.DataFrame) -> Golden:
    return golden_predictions(bytes(booster.save_raw("ubj")), rows)


def trained(rounds: int = 5, **parameters: object) -> xgb.Booster:
    rows = xgb.DMatrix(ROWS, CLASSES, enable_categorical=True, nthread=1)
    return xgb.train({"nthread": 1, **parameters}, rows, rounds)


def test_missing_values_are_null_and_categories_are_their_names() -> None:
    first = golden(trained(), ROWS.head(20)).records[0]
    assert first == {"size": None, "count": int(ROWS["count"][0]), "kind": ROWS["kind"][0]}
    assert isinstance(first["count"], int)


@pytest.mark.parametrize("kinds", [["a", "b"], [1998, 2004]])
def test_a_category_of_a_model_that_knows_codes_only_is_its_code(kinds: Any) -> None:
    codes = ROWS["kind"].cat.codes.to_numpy()
    types = ["float", "int", "c"]
    coded = xgb.DMatrix(ROWS.assign(kind=codes), CLASSES, feature_types=types, enable_categorical=True, nthread=1)
    rows = ROWS.assign(kind=pd.Categorical.from_codes([-1, *codes[1:]], kinds))
    records = golden(xgb.train({"nthread": 1}, coded, 5), rows).records
    assert json.dumps([record["kind"] for record in records]) == json.dumps([None, *codes[1:].tolist()])


def test_several_outputs_make_lists() -> None:
    content = golden(trained(objective="multi:softprob", num_class=3), ROWS.head(20))
    assert np.shape(content.predictions) == (20, 3)


def test_a_model_stopped_early_answers_with_its_best_round() -> None:
    booster = trained(rounds=9)
    booster.set_attr(best_iteration="3")
    shorter = trained(rounds=4)
    assert golden(booster, ROWS).predictions == golden(shorter, ROWS).predictions


def test_a_number_that_is_missing_is_so_for_golden_predictions_too() -> None:
    booster = trained()
    expected = golden(booster, ROWS.assign(count=ROWS["count"].replace(3, np.nan))).predictions
    assert golden(booster, ROWS).predictions != expected
    assert golden_predictions(bytes(booster.save_raw("ubj")), ROWS, missing=3).predictions == expected
    booster.set_attr(scikit_learn='{"missing": 3}')
    assert golden(booster, ROWS).predictions == expected


def test_the_file_stands_beside_the_model_and_names_it(tmp_path: Path) -> None:
    model = tmp_path / "any.json"
    trained().save_model(model)
    file = write_golden(model, ROWS.head(20), tolerance=1e-4)
    content = json.loads(file.read_text("utf-8"))
    assert file == tmp_path / GOLDEN_FILE
    assert list(content) == ["model_sha256", "tolerance", "records", "predictions"]
    assert content["model_sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert content["tolerance"] == 1e-4


def test_rows_that_do_not_fit_the_model_are_refused(tmp_path: Path) -> None:
    model = tmp_path / "any.ubj"
    trained().save_model(model)
    with pytest.raises(ValueError, match="size"):
        write_golden(model, ROWS.drop(columns="size"))


def test_a_number_without_a_name_in_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Golden("", float("nan"), [], []).write(tmp_path / GOLDEN_FILE)
