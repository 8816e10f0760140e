"""Does a golden file hold what it must, and is a wrong answer found?"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from components import golden
from components.golden import Golden, GoldenError, MadeUp

TWO = Golden("0" * 64, 0.01, [{"x": 1}, {"x": 2}], [5.0, 6.0])


def written(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "golden.json"
    path.write_text(json.dumps(dataclasses.asdict(TWO) | changes))
    return path


def test_an_answer_within_the_tolerance_passes() -> None:
    TWO.check([5.01, 5.99])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([5.0, 6.02], "record 1: expected 6.0, got 6.02, tolerance 0.01 (1 of 2 records are off)"),
        ([6.0, 5.0], "record 0: expected 5.0, got 6.0, tolerance 0.01 (2 of 2 records are off)"),
        ([5.0, float("nan")], "record 1: expected 6.0, got nan"),
        ([5.0, None], "record 1: expected 6.0, got None"),
        ([5.0, "6.0"], "record 1: expected 6.0, got '6.0'"),
        ([5.0, [6.0]], "record 1: expected 6.0, got [6.0]"),
        ([5.0], "expected a list of 2 predictions, got a list of 1"),
        ({"status": 503}, "expected a list of 2 predictions, got a dict"),
        (None, "expected a list of 2 predictions, got a NoneType"),
    ],
)
def test_another_answer_fails_naming_record_expected_actual_and_tolerance(answer: object, message: str) -> None:
    with pytest.raises(GoldenError, match=re.escape(message)):
        TWO.check(answer)


def test_predictions_of_several_numbers_are_compared_number_by_number() -> None:
    classes = dataclasses.replace(TWO, predictions=[[0.1, 0.9], [0.6, 0.4]])
    classes.check([[0.1, 0.9], [0.6, 0.4]])
    with pytest.raises(GoldenError, match="record 1"):
        classes.check([[0.1, 0.9], [0.4, 0.6]])
    with pytest.raises(GoldenError, match="record 0"):
        classes.check([[0.1], [0.6, 0.4]])


@pytest.mark.parametrize(("outputs", "answer"), [(1, [0.5]), (1, [7]), (3, [[0.1, 0.2, 0.7]])])
def test_a_made_up_record_passes_with_any_finite_numbers(outputs: int, answer: object) -> None:
    MadeUp({"x": 0.0}, outputs).check(answer)


@pytest.mark.parametrize(
    ("outputs", "answer", "message"),
    [
        (1, [float("inf")], "a made-up record: expected a finite number, got inf"),
        (1, [[0.1, 0.9]], "a made-up record: expected a finite number, got [0.1, 0.9]"),
        (1, ["0.5"], "a made-up record: expected a finite number, got '0.5'"),
        (3, [0.5], "a made-up record: expected a list of 3 finite numbers, got 0.5"),
        (3, [[0.1, 0.9, float("nan")]], "a made-up record: expected a list of 3 finite numbers, got [0.1, 0.9, nan]"),
        (1, [0.5, 0.5], "expected a list of 1 predictions, got a list of 2"),
        (1, {"statusCode": 503}, "expected a list of 1 predictions, got a dict"),
    ],
)
def test_a_made_up_record_needs_finite_numbers_of_the_right_form(outputs: int, answer: object, message: str) -> None:
    with pytest.raises(GoldenError, match=re.escape(message)):
        MadeUp({"x": 0.0}, outputs).check(answer)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"records": []}, "at least one element"),
        ({"records": [{"x": 1}]}, "1 records but 2 predictions"),
        ({"tolerance": -1}, "tolerance must be a number ≥ 0, got -1"),
        ({"tolerance": True}, "tolerance must be a number ≥ 0, got True"),
        ({"tolerance": float("inf")}, "tolerance must be a number ≥ 0"),
        ({"records": [[1], [2]]}, "every record must be an object"),
        ({"predictions": [5.0, None]}, "every prediction must be a finite number"),
        ({"predictions": [5.0, float("nan")]}, "every prediction must be a finite number"),
        ({"predictions": [5.0, []]}, "every prediction must be a finite number"),
        ({"model_sha256": 5}, "model_sha256 must be a string"),
        ({"surplus": 1}, "not a JSON object with exactly the keys"),
        ({"records": [{"x": "y" * golden.MAX_PAYLOAD_BYTES}, {}]}, "Lambda takes at most 6291456"),
    ],
)
def test_a_golden_file_that_proves_nothing_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(GoldenError, match=re.escape(message)):
        golden.load(written(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b"\xff\xfe"])
def test_a_file_of_another_kind_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "golden.json"
    path.write_bytes(content)
    with pytest.raises(GoldenError) as refusal:
        golden.load(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_golden_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"nowhere\.json cannot be read"):
        golden.load(tmp_path / "nowhere.json")
