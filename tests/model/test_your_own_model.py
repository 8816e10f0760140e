"""`docs/your-own-model.md`, followed to the letter: its code runs, and the endpoint serves what it makes."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb
from endpoint import Endpoint, RequestRefusedError

from components.golden import load

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "your-own-model.md"


def block(language: str, number: int = 0) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    return str(found[number])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that the guide's program saves."""
    folder = tmp_path_factory.mktemp("guide")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(block("python"), str(GUIDE), "exec"), {})  # noqa: S102 - the guide's own program
    return folder / "my-model" / "churn.ubj"


def endpoint(model: Path, **environment: str) -> Endpoint:
    return Endpoint({"MODEL_PATH": str(model), **environment})


def test_the_golden_file_of_the_guide_belongs_to_its_model_and_can_be_used(model: Path) -> None:
    golden = load(model.with_name("golden.json"))
    assert 20 <= len(golden.records) <= 50
    golden.check(endpoint(model)(golden.records, None))


def test_the_record_of_the_guide_is_answered_with_a_probability(model: Path) -> None:
    (answer,) = endpoint(model)(json.loads(block("json")), None)
    assert 0 < answer < 1


def test_a_missing_value_is_refused_unless_the_setting_of_the_guide_allows_it(model: Path) -> None:
    setting = re.search(r"\"ALLOW_MISSING\": '(.*)'", block("python", 1))
    assert setting
    record: dict[str, Any] = json.loads(block("json"))[0] | {"income": None}
    with pytest.raises(RequestRefusedError):
        endpoint(model)([record], None)
    row = pd.DataFrame([record | {"income": np.nan}])
    row["plan"] = pd.Categorical(row["plan"], categories=["basic", "family", "premium"])
    expected = xgb.Booster(model_file=model).predict(xgb.DMatrix(row, enable_categorical=True))
    assert endpoint(model, ALLOW_MISSING=setting[1])([record], None) == expected.tolist()


def test_a_category_that_training_did_not_see_is_refused(model: Path) -> None:
    record = json.loads(block("json"))[0] | {"plan": "gold"}
    with pytest.raises(RequestRefusedError):
        endpoint(model)([record], None)
