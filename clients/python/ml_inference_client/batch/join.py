"""From the answers that a run wrote, in no order, to one line for each row of its input, in that order.

A run of ten million rows is joined in little memory: each answer's place in the downloaded files is kept, not the
answer. Every row has to be there exactly once; if not, nothing is written. A file that is there is never replaced, and
has its name only when it is whole.
"""

import csv
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ml_inference_client.errors import InferenceError
from ml_inference_client.score import formulas

_NONE = -1


@dataclass(frozen=True)
class Joined:
    """What was written.

    Attributes:
        rows: Rows of the input, each a line.
        predicted: How many of them have a prediction.
        faulty: How many cannot be predicted; their faults are in the file of failures.
        failed: How many were in batches that failed, or were never asked.
        disarmed: Copied cells that a spreadsheet would have taken for formulas.
    """

    rows: int
    predicted: int
    faulty: int
    failed: int
    disarmed: int


class Join:
    """The answers of one run in downloaded files."""

    def __init__(self, rows: int, answers: Sequence[Path], unanswered: Sequence[Path]) -> None:
        """Find every row's answer.

        Args:
            rows: Rows of the whole input.
            answers: Files of lines with an answer each.
            unanswered: Files of lines with a batch each, which failed or was not begun.

        Raises:
            InferenceError: A row is answered twice, or not at all.
        """
        self._rows, self._answers = rows, answers
        self._file, self._offset = array("i", [_NONE]) * rows, array("q", [0]) * rows
        self._why: dict[int, str] = {}
        for number, path in enumerate(answers):
            for offset, line in _lines(path):
                self._note(orjson.loads(line).get("index"), number, offset)
        for path in unanswered:
            for _, line in _lines(path):
                batch = orjson.loads(line)
                why = str(batch.get("Error", "not begun"))
                for item in orjson.loads(batch["Input"])["Items"]:
                    self._note(item["index"], len(answers), 0)
                    self._why[item["index"]] = why
        missing = self._file.count(_NONE)
        if missing:
            raise InferenceError(f"{missing:,} of {rows:,} rows have no answer in the results; nothing was written")

    def _note(self, index: object, file: int, offset: int) -> None:
        if not isinstance(index, int) or not 0 <= index < self._rows:
            raise InferenceError(
                f"an answer is for no row of the input's {self._rows:,}; are these results of this run?"
            )
        if self._file[index] != _NONE:
            raise InferenceError(f"row {index:,} is answered twice; nothing was written")
        self._file[index], self._offset[index] = file, offset

    def write(self, output: Path, keep: Sequence[str]) -> Joined:
        """Write the lines, and beside them `<output>.failed.csv` if a row has no prediction.

        Raises:
            InferenceError: One of the files exists.
        """
        refuse_existing(output)
        lines, failures = (path.with_name(f"{path.name}.part") for path in names(output))
        try:
            joined = self._write(lines, failures, keep)
            if joined.predicted != joined.rows:
                failures.replace(names(output)[1])
            lines.replace(output)
        finally:
            for part in (lines, failures):
                part.unlink(missing_ok=True)
        return joined

    def _write(self, output: Path, failures: Path, keep: Sequence[str]) -> Joined:
        predicted = faulty = disarmed = 0
        with output.open("w", encoding="utf-8", newline="") as lines, failures.open("w", newline="") as failed:
            table, reasons = csv.writer(lines), csv.writer(failed)
            reasons.writerow(["row", "field", "code", "message"])
            width = 0
            for index, answer in enumerate(self._in_order()):
                prediction = answer.get("prediction")
                values = prediction if isinstance(prediction, list) else [prediction]
                if index == 0 or (not width and prediction is not None):
                    width = len(values) if prediction is not None else 0
                if index == 0:
                    names = [f"prediction_{at}" for at in range(width)] if width > 1 else ["prediction"]
                    table.writerow(["row", *names, *formulas.disarmed(keep)[0]])
                if prediction is None:
                    values = [""] * max(1, width)
                    if "faults" not in answer:
                        raise InferenceError(f"row {index:,} has neither a prediction nor faults; nothing was written")
                    for fault in answer["faults"]:
                        said = [fault.get("field", ""), fault["code"], fault.get("message", "")]
                        reasons.writerow([index, *formulas.disarmed(said)[0]])
                predicted += prediction is not None
                faulty += prediction is None and index not in self._why
                given = answer.get("keep", {})
                kept, changed = formulas.disarmed([_text(given.get(name, "")) for name in keep])
                disarmed += changed
                table.writerow([index, *map(_text, values), *kept])
        return Joined(self._rows, predicted, faulty, len(self._why), disarmed)

    def _in_order(self) -> Iterator[dict[str, Any]]:
        files = [path.open("rb") for path in self._answers]
        try:
            for index in range(self._rows):
                if index in self._why:
                    yield {"faults": [{"code": "not_answered", "message": self._why[index]}]}
                    continue
                file = files[self._file[index]]
                file.seek(self._offset[index])
                yield orjson.loads(file.readline())
        finally:
            for file in files:
                file.close()


def names(output: Path) -> tuple[Path, Path]:
    """The file of predictions, and that of the rows that have none."""
    return output, output.with_name(f"{output.name}.failed.csv")


def refuse_existing(output: Path) -> None:
    """Refuse to write where something is.

    Raises:
        InferenceError: One of the files exists.
    """
    for path in names(output):
        if path.exists():
            raise InferenceError(f"{path} exists already; move it away, or name another output")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield offset, line
            offset += len(line)
