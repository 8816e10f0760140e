"""The files of a run: predictions, failed rows, and the journal that lets a killed run go on.

A chunk's lines are on the disk before the journal says so, and a run that goes on cuts off whatever the journal does
not vouch for. So each row stands in the output once, whenever the earlier run was killed. Until the last row is
written the output's name ends in `.partial`.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

from ml_inference_client.errors import InferenceError
from ml_inference_client.score.schema import Fault


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        rows: Rows written.
        failed: Those of them without a prediction.
        position: Where the input goes on; None at its beginning.
        output_bytes: Length of the output up to here.
        failed_bytes: Length of the file of failed rows up to here.
    """

    rows: int = 0
    failed: int = 0
    position: int | None = None
    output_bytes: int = 0
    failed_bytes: int = 0


@dataclass(frozen=True)
class Scored:
    """What became of a chunk.

    Attributes:
        first_row: Number of its first row.
        predictions: One a row; None where it failed.
        kept: The columns to copy beside the predictions.
        faults: Why rows failed, by their place in the chunk.
        position: Where the input goes on.
    """

    first_row: int
    predictions: list[Any]
    kept: list[Sequence[Any]]
    faults: Mapping[int, Sequence[Fault]]
    position: int


class Result:
    """The files of one run, open for writing; use it as a context manager.

    Attributes:
        output: Where the predictions will be.
        failures: Where the failed rows will be, if there are any.
        progress: How far the run has come.
    """

    def __init__(self, output: Path, identity: Mapping[str, Any], restart: bool = False) -> None:
        """Begin, or go on where an earlier run of the same identity stopped.

        Args:
            output: Where the predictions go.
            identity: What the output depends on: input, columns, model. Must survive JSON.
            restart: Begin anew whatever is there.

        Raises:
            InferenceError: There is an output already, or an unfinished one of another identity.
        """
        self.output = output
        self.failures = output.with_name(f"{output.stem}.failed.csv")
        self._partial = output.with_name(f"{output.name}.partial")
        self._partial_failures = self.failures.with_name(f"{self.failures.name}.partial")
        self._journal_path = output.with_name(f"{output.name}.journal")
        self._identity = json.loads(json.dumps(identity))
        known = None if restart else self._known_progress()
        if known is None and output.exists() and not restart:
            raise InferenceError(f"{output} exists already; remove it, name another, or give --restart to replace it")
        self.progress = known or Progress()
        self._begins = known is None

    @property
    def resumed(self) -> bool:
        """Whether this run goes on with an earlier one."""
        return not self._begins

    def __enter__(self) -> Self:
        try:
            self._out = _cut(self._partial, self.progress.output_bytes)
            self._failed = _cut(self._partial_failures, self.progress.failed_bytes)
            self._journal: BinaryIO = self._journal_path.open("wb" if self._begins else "ab")
        except OSError as error:
            raise InferenceError(f"{error.filename or self.output} cannot be written: {error.strerror}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._out, self._failed, self._journal):
            file.close()

    def begin(self, kept: Sequence[str]) -> None:
        """Write the headers, if this run is the first."""
        if not self._begins:
            return
        _append(self._journal, orjson.dumps(self._identity) + b"\n")
        self._commit([["row", "prediction", *kept]], [["row", "field", "code", "message"]], self.progress)

    def write(self, scored: Scored) -> None:
        """Write a chunk, which must be the one after the last."""
        if scored.first_row != self.progress.rows:
            raise InferenceError(
                f"chunk of row {scored.first_row} came after row {self.progress.rows}; nothing is lost"
            )
        end = scored.first_row + len(scored.predictions)
        lines = zip(range(scored.first_row, end), map(_cell, scored.predictions), *scored.kept, strict=True)
        faults = [
            [scored.first_row + i, fault.field, fault.code, fault.message]
            for i in sorted(scored.faults)
            for fault in scored.faults[i]
        ]
        progress = replace(
            self.progress,
            rows=end,
            failed=self.progress.failed + len(scored.faults),
            position=scored.position,
        )
        self._commit(lines, faults, progress)

    def finish(self) -> None:
        """Give the files their names; the last step is to forget the journal."""
        for file in (self._out, self._failed, self._journal):
            file.close()
        if self.progress.failed:
            self._partial_failures.replace(self.failures)
        else:
            self._partial_failures.unlink()
            self.failures.unlink(missing_ok=True)
        self._partial.replace(self.output)
        self._journal_path.unlink()

    def _commit(self, lines: Iterable[Sequence[Any]], faults: Iterable[Sequence[Any]], progress: Progress) -> None:
        """Append to both files, and only then vouch for it."""
        out, failed = _csv(lines), _csv(faults)
        _append(self._out, out)
        _append(self._failed, failed)
        self.progress = replace(
            progress,
            output_bytes=progress.output_bytes + len(out),
            failed_bytes=progress.failed_bytes + len(failed),
        )
        _append(self._journal, orjson.dumps(asdict(self.progress)) + b"\n")

    def _known_progress(self) -> Progress | None:
        """What an earlier run vouched for; None if there was none, or it did not get as far as its headers."""
        try:
            # A line without its end was being written when the run was killed.
            lines = self._journal_path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return None
        if len(lines) < 2:
            return None
        earlier = json.loads(lines[0])
        changed = [key for key in self._identity if earlier.get(key) != self._identity[key]]
        if changed:
            raise InferenceError(
                f"an unfinished run wrote {self._partial}, but since then the {' and the '.join(changed)} changed; "
                "give --restart to begin anew"
            )
        return self._if_intact(Progress(**json.loads(lines[-1])))

    def _if_intact(self, progress: Progress) -> Progress:
        # The run may have been killed between the renames of `finish`.
        for path, final in ((self._partial, self.output), (self._partial_failures, self.failures)):
            if not path.exists() and final.exists():
                final.replace(path)
        if not self._partial_failures.exists() and not progress.failed:
            self._partial_failures.write_bytes(_csv([["row", "field", "code", "message"]]))
        for path, size in (
            (self._partial, progress.output_bytes),
            (self._partial_failures, progress.failed_bytes),
        ):
            if not path.exists() or path.stat().st_size < size:
                raise InferenceError(f"{path} of the unfinished run is missing or cut; give --restart to begin anew")
        return progress


def _append(file: BinaryIO, content: bytes) -> None:
    """Write, and return when it is on the disk."""
    if content:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _cut(path: Path, size: int) -> BinaryIO:
    """Open a file for appending after its first `size` bytes."""
    file = path.open("r+b" if size else "wb")
    file.truncate(size)
    file.seek(size)
    return file


def _csv(lines: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue().encode("utf-8", "surrogateescape")


def _cell(prediction: Any) -> Any:
    """A prediction of several numbers stays one cell, as JSON."""
    if prediction is None:
        return ""
    return json.dumps(prediction) if isinstance(prediction, list) else prediction
