"""The files of a run: predictions, failed rows, and the journal that lets a killed run go on.

A chunk's lines are on the disk before the journal says so, and a run that goes on cuts off whatever the journal does
not vouch for. So each row is in the output once, whenever the earlier run was killed. The journal also says what
was in the files and in the part of the input that was read, so that a run goes on only from what is still true.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from ml_inference_client.errors import InferenceError
from ml_inference_client.score import formulas, journal
from ml_inference_client.score.appended import Appended, digest_of
from ml_inference_client.score.paths import Paths, make_names_durable, name_finally
from ml_inference_client.score.schema import Fault

FAILURE_COLUMNS = ("row", "field", "code", "message")


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        rows: Rows written.
        failed: Those of them without a prediction.
        position: Where the input goes on; None at its beginning.
        input_sha256: Of what was read of the input up to there.
        output_bytes: Length of the output up to here.
        output_sha256: Of the output up to here.
        failures_bytes: Length of the file of failed rows up to here.
        failures_sha256: Of that file up to here.
    """

    rows: int = 0
    failed: int = 0
    position: int | None = None
    input_sha256: str = ""
    output_bytes: int = 0
    output_sha256: str = ""
    failures_bytes: int = 0
    failures_sha256: str = ""


@dataclass(frozen=True)
class Scored:
    """What became of a chunk.

    Attributes:
        first_row: Number of its first row.
        predictions: One a row, a list of numbers if there are several outputs; None where it failed.
        kept: The columns to copy beside the predictions.
        faults: Why rows failed, by their place in the chunk.
        position: Where the input goes on.
        input_sha256: Of the input up to there.
    """

    first_row: int
    predictions: list[Any]
    kept: list[Sequence[Any]]
    faults: Mapping[int, Sequence[Fault]]
    position: int
    input_sha256: str = ""


class Input(Protocol):
    """The part of a source that tells whether it is still the one that was read.

    Attributes:
        mode: Who may read and write its file: nobody else may read what is copied of it.
    """

    mode: int

    def digest(self, position: int | None) -> str:
        """SHA-256 of what decides the rows before a position."""


class Result:
    """The files of one run; use it as a context manager, and only while the paths are claimed.

    Attributes:
        progress: How far the run has come.
        resumed: Whether it goes on with an earlier one.
        damaged: Whether a part of what the earlier one had written cannot be trusted any more.
        disarmed: Copied cells that a spreadsheet would have taken for formulas.
    """

    def __init__(self, paths: Paths, restart: bool = False) -> None:
        """Read what an earlier run left; nothing is changed before `begin`.

        Args:
            paths: The names of the run.
            restart: Begin again, whatever is there.

        Raises:
            InferenceError: What has the run's names must stay.
        """
        self._paths = paths
        self._lines = [] if restart else journal.intact_lines(paths.journal)
        states = [(Progress(**known["progress"]), known["run"], end) for known, end in self._lines if "run" in known]
        self._states = states
        self._earlier: dict[str, Any] = next((known for known, _ in self._lines if "identity" in known), {})
        self._replace = restart or bool(self._earlier.get("replace"))
        if not states and not restart and self._journal_is_damaged():
            raise InferenceError(f"{paths.journal} is damaged throughout; give --restart to begin again")
        if states:
            self._take_back(states[-1][0])
        paths.refuse_what_is_there(self._replace)
        self.progress = Progress()
        self.resumed = self.damaged = False
        self.disarmed = 0
        self._open: list[Appended] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def begin(self, identity: Mapping[str, Any], predicted: Sequence[str], kept: Sequence[str], source: Input) -> None:
        """Go on where an earlier run of the same identity stopped, or write the headers.

        Args:
            identity: What the output depends on beside the input: columns, model. Must survive JSON.
            predicted: Names of the columns of predictions.
            kept: Names of the columns that are copied.
            source: The input.

        Raises:
            InferenceError: An unfinished run is of another identity, or read another input.
        """
        self._width = len(predicted)
        self._mode = source.mode & 0o666 | 0o600  # a later run must be able to go on, also from a read-only input
        self._identity = json.loads(json.dumps(identity))
        self._run = hashlib.sha256(json.dumps(self._identity, sort_keys=True).encode()).hexdigest()[:16]
        known, journal_bytes = self._known(source) if self._states else (Progress(), 0)
        self.resumed = bool(self._states)
        if not self.resumed:
            self._paths.forget()
        self._journal = self._opened(self._paths.journal, journal_bytes)
        if not self.resumed:
            self._journal.append(journal.line({"identity": self._identity, "replace": self._replace}))
        self._out = self._opened(self._paths.partial, known.output_bytes)
        self._failures = self._opened(self._paths.partial_failures, known.failures_bytes)
        self.progress = known
        if not self.resumed:
            header = ["row", *formulas.disarmed([*predicted, *kept])[0]]
            start = replace(known, input_sha256=source.digest(None))
            self._commit(_csv([header]), _csv([FAILURE_COLUMNS]), start)

    def write(self, scored: Scored) -> None:
        """Write a chunk, which must be the one after the last.

        Raises:
            InferenceError: It is another, or a prediction has not as many numbers as there are columns for them.
            OSError: The disk is full or broken.
        """
        if scored.first_row != self.progress.rows:
            raise InferenceError(f"the chunk of row {scored.first_row} came after row {self.progress.rows}")
        end = scored.first_row + len(scored.predictions)
        kept = []
        for column in scored.kept:
            cells, disarmed = formulas.disarmed(column)
            self.disarmed += disarmed
            kept.append(cells)
        lines = zip(range(scored.first_row, end), *self._columns(scored.predictions), *kept, strict=True)
        faults = [
            [scored.first_row + place, *formulas.disarmed([fault.field, fault.code, fault.message])[0]]
            for place in sorted(scored.faults)
            for fault in scored.faults[place]
        ]
        progress = replace(
            self.progress,
            rows=end,
            failed=self.progress.failed + len(scored.faults),
            position=scored.position,
            input_sha256=scored.input_sha256,
        )
        self._commit(_csv(lines), _csv(faults), progress)

    def finish(self) -> None:
        """Give the files their names; the last step is to forget the journal.

        Raises:
            InferenceError: A file appeared under a name meanwhile.
        """
        self._close()
        paths = self._paths
        if self.progress.failed:
            name_finally(paths.partial_failures, paths.failures, self._replace)
        else:
            paths.partial_failures.unlink()
            if self._replace:
                paths.failures.unlink(missing_ok=True)
        name_finally(paths.partial, paths.output, self._replace)
        make_names_durable(paths.output.parent)
        paths.journal.unlink()

    def _opened(self, path: Path, size: int) -> Appended:
        file = Appended(path, size, self._mode)
        self._open.append(file)
        return file

    def _close(self) -> None:
        while self._open:
            self._open.pop().close()

    def _commit(self, out: bytes, failures: bytes, progress: Progress) -> None:
        """Append to both files, and only then vouch for it."""
        self._out.append(out)
        self._failures.append(failures)
        self.progress = replace(
            progress,
            output_bytes=self._out.size,
            output_sha256=self._out.sha256,
            failures_bytes=self._failures.size,
            failures_sha256=self._failures.sha256,
        )
        self._journal.append(journal.line({"run": self._run, "progress": asdict(self.progress)}))

    def _columns(self, predictions: list[Any]) -> Iterable[Iterable[Any]]:
        """The predictions, column by column; empty cells for the rows without one."""
        if self._width == 1:
            if any(isinstance(prediction, list) for prediction in predictions):
                raise InferenceError("the endpoint answered several numbers a row, and its card says one")
            return (["" if prediction is None else prediction for prediction in predictions],)
        none = [""] * self._width
        rows = [none if prediction is None else prediction for prediction in predictions]
        if any(not isinstance(row, list) or len(row) != self._width for row in rows):
            raise InferenceError(f"the endpoint did not answer {self._width} numbers a row, as its card says")
        return zip(*rows, strict=True) if rows else repeat((), self._width)

    def _known(self, source: Input) -> tuple[Progress, int]:
        """The last state that everything on the disk agrees with, and where its line in the journal ends.

        Raises:
            InferenceError: There is none, or it belongs to another model, other columns or another input.
        """
        self._refuse_another_identity()
        out, failures = _Prefixes(self._paths.partial), _Prefixes(self._paths.partial_failures)
        intact = [
            (state, end)
            for state, _, end in self._states
            if out.sha256(state.output_bytes) == state.output_sha256
            and failures.sha256(state.failures_bytes) == state.failures_sha256
        ]
        if not intact:
            raise InferenceError(
                f"the files in {self._paths.folder} are missing or damaged; give --restart to begin again"
            )
        state, end = intact[-1]
        self.damaged = state != self._states[-1][0] or self._journal_is_damaged()
        if source.digest(state.position) != state.input_sha256:
            raise InferenceError(
                f"the input is no longer the one of which {state.rows:,} rows were scored into {self._paths.folder}; "
                "put that back to go on, or give --restart to begin again"
            )
        return state, end

    def _refuse_another_identity(self) -> None:
        if all(run == self._run for _, run, _ in self._states):
            return
        earlier = self._earlier.get("identity", {})
        changed = [key for key in self._identity if earlier.get(key) != self._identity[key]] or ["journal"]
        raise InferenceError(
            f"an unfinished run wrote {self._paths.folder}, but since then the {' and the '.join(changed)} changed; "
            "give --restart to begin again"
        )

    def _journal_is_damaged(self) -> bool:
        try:
            return self._paths.journal.read_bytes().count(b"\n") > len(self._lines)
        except FileNotFoundError:
            return False

    def _take_back(self, last: Progress) -> None:
        """Undo the renames of a run that was killed while it finished."""
        paths = self._paths
        for partial, final, size, digest in (
            (paths.partial, paths.output, last.output_bytes, last.output_sha256),
            (paths.partial_failures, paths.failures, last.failures_bytes, last.failures_sha256),
        ):
            ours = not partial.exists() and final.is_file() and final.stat().st_size == size
            if ours and digest_of(final, size).hexdigest() == digest:
                final.replace(partial)
        if not last.failed and not paths.partial_failures.exists():
            paths.partial_failures.write_bytes(_csv([FAILURE_COLUMNS]))


class _Prefixes:
    """Digests of longer and longer beginnings of a file, which is read once."""

    def __init__(self, path: Path) -> None:
        self._content = path.open("rb") if path.exists() else io.BytesIO()
        self._digest = hashlib.sha256()
        self._size = 0

    def sha256(self, size: int) -> str | None:
        """Of the first `size` bytes; None if it has not as many."""
        while self._size < size and (block := self._content.read(min(1 << 20, size - self._size))):
            self._digest.update(block)
            self._size += len(block)
        return self._digest.hexdigest() if self._size == size else None


def _csv(lines: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue().encode("utf-8", "surrogateescape")
