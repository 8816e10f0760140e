"""Does a preview say of a model what its reader says, and is a golden file of another model noticed?"""

import hashlib
from pathlib import Path

from components import model_summary
from components.bundled_handler import model_reader
from components.model_summary import ModelSummary
from tests.components.conftest import MODEL, small_model
from tests.function import saved_models


def summary(path: Path) -> ModelSummary:
    content = path.read_bytes()
    return model_summary.summarize(model_reader.read(content), hashlib.sha256(content).hexdigest())


def test_the_summary_says_what_the_reader_found(tmp_path: Path) -> None:
    found = summary(small_model(tmp_path / "model.ubj", objective="binary:logistic")).as_dict()
    assert (found["objective"], found["booster"], found["outputs"]) == ("binary:logistic", "gbtree", 1)
    assert (found["trees"], found["rounds"], found["rounds_used"]) == (5, 5, 5)
    assert found["features"] == ["a", "b"]


def test_a_sentence_fits_the_description_of_a_function() -> None:
    wine = summary(MODEL)
    assert len(wine.sentence()) <= 256
    assert wine.sha256 in wine.sentence()


def test_a_sentence_tells_of_rounds_that_do_not_predict(tmp_path: Path) -> None:
    stopped = saved_models.unpacked(tmp_path, "2.1", "stopped.ubj")
    assert "3 trees of depth 2 (1 of 3 rounds predict)" in summary(stopped).sentence()
