"""Does the outline of a model say what XGBoost says, and is a damaged file refused?"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import xgboost

from components import model_summary
from components.model_summary import ModelSummary, UnreadableModelError
from tests.components.conftest import MODEL, small_model

KINDS: dict[str, dict[str, Any]] = {
    "regression": {},
    "binary": {"objective": "binary:logistic"},
    "classes": {"objective": "multi:softprob", "num_class": 3},
    "class": {"objective": "multi:softmax", "num_class": 3},
    "counts": {"objective": "count:poisson"},
    "dart": {"booster": "dart"},
    "linear": {"booster": "gblinear", "max_depth": None},
    "lossguide": {"tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 6, "max_depth": 0},
}


def summary(path: Path) -> ModelSummary:
    content = path.read_bytes()
    return model_summary.summarize(content, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_outline_agrees_with_xgboost(tmp_path: Path, kind: str, suffix: str) -> None:
    path = small_model(tmp_path / f"model{suffix}", **KINDS[kind])
    found = summary(path)
    booster = xgboost.Booster(model_file=path)
    assert found.objective == KINDS[kind].get("objective", "reg:squarederror")
    assert found.booster == KINDS[kind].get("booster", "gbtree")
    assert found.features == booster.feature_names == ["a", "b"]
    assert found.xgboost == xgboost.__version__
    rows = xgboost.DMatrix([[0.1, 0.2]], feature_names=["a", "b"])
    assert found.outputs == booster.predict(rows).size
    if found.booster != "gblinear":
        dump = booster.get_dump(dump_format="json")
        assert found.trees == len(dump)
        assert found.depth == max(depth(json.loads(tree)) for tree in dump)


def depth(node: dict[str, Any]) -> int:
    return 1 + max(map(depth, node["children"])) if "children" in node else 0


def test_a_model_without_feature_names_gets_those_that_xgboost_prints(tmp_path: Path) -> None:
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix([[1.0, 2.0], [3.0, 4.0]], [0, 1]), 1)
    booster.save_model(tmp_path / "bare.ubj")
    assert summary(tmp_path / "bare.ubj").features == ["f0", "f1"]


def test_a_sentence_fits_the_description_of_a_function() -> None:
    wine = summary(MODEL)
    assert len(wine.sentence()) <= 256
    assert wine.sha256 in wine.sentence()


@pytest.mark.parametrize("suffix", [".ubj", ".json"])
def test_a_model_that_is_cut_short_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    content = small_model(tmp_path / f"model{suffix}").read_bytes()
    cuts = range(0, len(content), 7)
    assert len(cuts) > 100
    for cut in cuts:
        with pytest.raises(UnreadableModelError, match="is not a whole XGBoost model"):
            model_summary.summarize(content[:cut], "")


def test_changed_bytes_are_read_or_refused_but_never_anything_else(tmp_path: Path) -> None:
    content = small_model(tmp_path / "model.ubj").read_bytes()
    refused = 0
    for at in range(0, len(content), 3):
        changed = bytearray(content)
        changed[at] ^= 0x55
        try:
            model_summary.summarize(bytes(changed), "")
        except UnreadableModelError:
            refused += 1
    assert refused > 100
