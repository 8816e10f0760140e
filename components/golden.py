"""What must the model answer? Golden predictions: reading and writing them, and comparing an answer with them.

A golden file holds records of the test part of the data and the predictions that training saw for them. The
component compares them with what the newly published Lambda version answers before the alias moves. Numbers of a
golden file are shown in errors: they are the project's own, not a client's.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

#: One record's prediction: a number, or a list of them where the model gives several (classes, targets).
Prediction: TypeAlias = "float | list[Prediction]"

#: Beside the model, where the deployment looks for it.
GOLDEN_FILE = "golden.json"

#: Absolute, in the unit of the target: for the wines about twenty times the spacing of float32 numbers near six, and
#: far below the difference that a wrong library, a swapped column or a damaged model makes.
TOLERANCE = 1e-5

#: Lambda takes at most 6 MB for a synchronous invocation, and the records are sent in one.
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024


class GoldenError(ValueError):
    """A golden file cannot be used, or an answer differs from it. The message is one line, for people."""


@dataclass(frozen=True)
class Golden:
    """Records, the predictions they must give, and how far an answer may be off.

    Attributes:
        model_sha256: SHA-256 of the model file that made the predictions, 64 hexadecimal digits.
        tolerance: Largest allowed absolute difference of a prediction, in the unit of the target.
        records: Feature name to value, one mapping for each record.
        predictions: One prediction for each record, in the order of `records`.
    """

    model_sha256: str
    tolerance: float
    records: Sequence[dict[str, Any]]
    predictions: Sequence[Prediction]

    def payload(self) -> str:
        """The records as the JSON text of a direct invocation."""
        return json.dumps(self.records, separators=(",", ":"))

    def write(self, path: Path) -> None:
        """Writes the golden file, the same bytes for the same content.

        Raises:
            OSError: It cannot be written.
            ValueError: A number is not finite: JSON has no name for it.
        """
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False)
        path.write_bytes(f"{text}\n".encode())

    def check(self, answer: object) -> None:
        """Compares an endpoint's answer with the golden predictions.

        Args:
            answer: What the model answered: should be a list with a prediction for each record.

        Raises:
            GoldenError: The answer is not such a list, or a prediction is off by more than the tolerance; the message
                names the first such record's index, the expected and the actual value and the tolerance.
        """
        answers = _list(answer, len(self.predictions))
        off = [
            index
            for index, (expected, actual) in enumerate(zip(self.predictions, answers, strict=True))
            if not _close(expected, actual, self.tolerance)
        ]
        if off:
            first = off[0]
            raise GoldenError(
                f"golden check failed: record {first}: expected {self.predictions[first]!r}, got {answers[first]!r}, "
                f"tolerance {self.tolerance!r} ({len(off)} of {len(answers)} records are off)"
            )


@dataclass(frozen=True)
class MadeUp:
    """What a model without a golden file is asked: one made-up record, to see that it answers at all.

    Attributes:
        record: Feature name to value; see `model_reader.Model.example`.
        outputs: How many numbers the prediction must have.
    """

    record: dict[str, Any]
    outputs: int

    def payload(self) -> str:
        """The record as the JSON text of a direct invocation."""
        return json.dumps([self.record], separators=(",", ":"))

    def check(self, answer: object) -> None:
        """Checks that an endpoint's answer has the form of a prediction.

        Args:
            answer: What the model answered: should be a list with one prediction.

        Raises:
            GoldenError: The answer is not such a list, or has too many or too few numbers, or one that is not finite.
        """
        (prediction,) = _list(answer, 1)
        numbers = _flat(prediction)
        if len(numbers) != self.outputs or not all(map(math.isfinite, numbers)):
            wanted = "a finite number" if self.outputs == 1 else f"a list of {self.outputs} finite numbers"
            raise GoldenError(f"golden check failed: a made-up record: expected {wanted}, got {prediction!r}")


def load(path: Path, model_sha256: str | None = None) -> Golden:
    """Reads a golden file.

    Args:
        path: The JSON file.
        model_sha256: SHA-256 of the model it has to belong to; not compared when None.

    Raises:
        GoldenError: It is missing, not of the form above, empty, too large, or made for another model.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GoldenError(f"golden file {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise GoldenError(f"golden file {path} is not UTF-8 text") from None
    try:
        golden = Golden(**json.loads(text))
    except (ValueError, TypeError):
        raise GoldenError(
            f"golden file {path} is not a JSON object with exactly the keys "
            "model_sha256, tolerance, records and predictions; write it again with write_golden"
        ) from None
    _check_form(golden, path)
    if model_sha256 is not None and golden.model_sha256 != model_sha256:
        raise GoldenError(
            f"golden file {path} was made for the model with SHA-256 {golden.model_sha256[:12]}…, but the model "
            f"has {model_sha256[:12]}…; train again so that both are written together, or name another golden file"
        )
    return golden


def _check_form(golden: Golden, path: Path) -> None:
    """Raises GoldenError for contents with which nothing could be proved."""
    records, predictions = golden.records, golden.predictions
    if not isinstance(golden.model_sha256, str):
        raise GoldenError(f"golden file {path}: model_sha256 must be a string of 64 hexadecimal digits")
    if not isinstance(records, list) or not isinstance(predictions, list) or not records:
        raise GoldenError(f"golden file {path}: records and predictions must be lists of at least one element")
    if len(records) != len(predictions):
        raise GoldenError(
            f"golden file {path}: {len(records)} records but {len(predictions)} predictions; they must pair up"
        )
    if not _is_number(golden.tolerance) or not 0 <= golden.tolerance < math.inf:
        raise GoldenError(f"golden file {path}: tolerance must be a number ≥ 0, got {golden.tolerance!r}")
    if any(not isinstance(record, dict) for record in records):
        raise GoldenError(f"golden file {path}: every record must be an object of feature names and values")
    if any(not all(map(math.isfinite, flat)) or not flat for flat in map(_flat, predictions)):
        raise GoldenError(f"golden file {path}: every prediction must be a finite number, or a list of them")
    size = len(golden.payload().encode())
    if size > MAX_PAYLOAD_BYTES:
        raise GoldenError(
            f"golden file {path}: its records are {size} bytes as one request; Lambda takes at most "
            f"{MAX_PAYLOAD_BYTES}. A few dozen records are enough"
        )


def _list(answer: object, length: int) -> list[Any]:
    if not isinstance(answer, list) or len(answer) != length:
        got = f"a list of {len(answer)}" if isinstance(answer, list) else f"a {type(answer).__name__}"
        raise GoldenError(f"golden check failed: expected a list of {length} predictions, got {got}")
    return answer


def _close(expected: Prediction, actual: object, tolerance: float) -> bool:
    """Whether both have one shape and differ by at most the tolerance everywhere; NaN is close to nothing."""
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(expected)
            and all(_close(e, a, tolerance) for e, a in zip(expected, actual, strict=True))
        )
    return _is_number(actual) and abs(expected - actual) <= tolerance


def _flat(prediction: object) -> list[float]:
    """The numbers of a prediction; NaN for anything that is not a number."""
    if isinstance(prediction, list):
        return [number for part in prediction for number in _flat(part)]
    return [prediction if _is_number(prediction) else math.nan]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
