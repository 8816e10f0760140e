"""Reads a table in chunks of rows, from the beginning or from where an earlier run stopped.

No more than a chunk is held. A position is a byte for CSV and a row for Parquet: whatever gets there fastest. A digest
of what was read tells a later run whether the rows before that position are still the same.
"""

import csv
import hashlib
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ml_inference_client.errors import InferenceError

OTHER_FORMATS = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive; save the table as CSV",
    b"\x1f\x8b": "packed with gzip; unpack it",
    b"\xff\xfe": "UTF-16; save it as UTF-8",
    b"\xfe\xff": "UTF-16; save it as UTF-8",
    b"PAR1": "Parquet; give it the ending .parquet",
}
"""What else people call CSV, by how it begins, and what to do."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows.

    Attributes:
        first_row: Number of the first one, from 0; the header is no row.
        columns: The cells of each wanted column, one a row.
        broken: Places of the rows that have not as many cells as the header; their cells are None.
        position: Where the next chunk begins.
        input_sha256: What `Source.digest` says of that position.
    """

    first_row: int
    columns: list[Sequence[Any]]
    broken: frozenset[int]
    position: int
    input_sha256: str


class Source(Protocol):
    """A table in a file.

    Attributes:
        columns: Its column names.
        size: The position of its end.
        unit: What positions count, for a progress bar.
        mode: Who may read and write its file.
    """

    columns: list[str]
    size: int
    unit: str
    mode: int

    def chunks(self, wanted: Sequence[str], rows: int, first_row: int, position: int | None) -> Iterator[Chunk]:
        """Read on from a position.

        Args:
            wanted: Names of the columns to read, in the order of the cells.
            rows: Rows in a chunk.
            first_row: Number of the row at the position.
            position: From an earlier chunk; None for the beginning.

        Raises:
            InferenceError: The file is damaged, or changed while it was read.
        """

    def digest(self, position: int | None) -> str:
        """SHA-256 of what decides the rows before a position; empty if the position is no end of a row any more."""


def open_source(path: Path, delimiter: str) -> Source:
    """The table in a file, by its ending: `.parquet` or CSV.

    Raises:
        InferenceError: It cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InferenceError(
                f"{path} is no ordinary file; a run that goes on must be able to read it again: save it as one"
            )
        return ParquetSource(path) if path.suffix.lower() in (".parquet", ".pq") else CsvSource(path, delimiter)
    except OSError as error:
        raise InferenceError(f"{path} cannot be read: {error.strerror or error}") from None


class _Watched:
    """Notices that a file changes while it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = self._status()

    def refuse_changes(self) -> None:
        """Raise an `InferenceError` if it changed."""
        if self._status() != self._before:
            raise InferenceError(f"{self._path} changed while it was read")

    def _status(self) -> tuple[int, int, int]:
        status = self._path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns


class CsvSource:
    """A CSV file with a header, in UTF-8 as far as its columns are wanted; cells may be quoted and span lines."""

    unit = "B"

    def __init__(self, path: Path, delimiter: str) -> None:
        """Read the header.

        Raises:
            InferenceError: There is none.
            OSError: The file cannot be read.
        """
        self._path = path
        self._delimiter = delimiter
        self._watched = _Watched(path)
        self.size, self.mode = path.stat().st_size, path.stat().st_mode
        with path.open("rb") as file:
            beginning = file.read(4)
            for magic, what in OTHER_FORMATS.items():
                if beginning.startswith(magic):
                    raise InferenceError(f"{path} is {what}")
            file.seek(0)
            lines = _Lines(file, 0, hashlib.sha256())
            try:
                self.columns = next(csv.reader(lines, delimiter=delimiter), [])
            except csv.Error as error:
                raise InferenceError(f"{path} is not CSV: {error}") from None
            self._first_position = lines.position
        if not self.columns:
            raise InferenceError(f"{path} has no header line")
        self.columns[0] = self.columns[0].removeprefix("\ufeff")

    def chunks(self, wanted: Sequence[str], rows: int, first_row: int, position: int | None) -> Iterator[Chunk]:
        """See `Source.chunks`."""
        width, picked = len(self.columns), [self.columns.index(name) for name in wanted]
        start = self._first_position if position is None else position
        with self._path.open("rb") as file:
            lines = _Lines(file, start, _read_up_to(file, start))
            reader = csv.reader(lines, delimiter=self._delimiter)
            cells = filter(None, reader)  # an empty line is no row
            try:
                while table := list(islice(cells, rows)):
                    broken = frozenset(place for place, row in enumerate(table) if len(row) != width)
                    whole = [[None] * width if place in broken else row for place, row in enumerate(table)]
                    columns: list[Sequence[Any]] = list(zip(*(whole if broken else table), strict=True))
                    yield Chunk(first_row, [columns[i] for i in picked], broken, lines.position, lines.sha256)
                    first_row += len(table)
            except csv.Error as error:
                raise InferenceError(f"{self._path} is not CSV after row {first_row}: {error}") from None
        self._watched.refuse_changes()

    def digest(self, position: int | None) -> str:
        """See `Source.digest`: of all bytes before the position."""
        start = self._first_position if position is None else position
        with self._path.open("rb") as file:
            digest = _read_up_to(file, start)
            if file.tell() < start:
                return ""
            # A last line without an end, to which something was added since, is another line now.
            file.seek(start - 1)
            last, following = file.read(1), file.read(1)
        return str(digest.hexdigest()) if last in b"\r\n" or not following else ""


class _Lines:
    """Lines for the CSV reader, which takes one only when it needs it: position and digest are always exact."""

    def __init__(self, file: Any, position: int, digest: Any) -> None:
        self._file = file
        self._digest = digest
        self.position = position

    @property
    def sha256(self) -> str:
        """Of all bytes before the position."""
        return str(self._digest.hexdigest())

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.position += len(line)
            self._digest.update(line)
            # Columns that are not sent may hold anything and are copied as they are.
            yield line.decode("utf-8", "surrogateescape")


def _read_up_to(file: BinaryIO, position: int) -> Any:
    """A `hashlib` object that has read a file from its beginning up to a position."""
    digest = hashlib.sha256()
    while position > file.tell() and (block := file.read(min(1 << 20, position - file.tell()))):
        digest.update(block)
    return digest


class ParquetSource:
    """A Parquet file; needs pyarrow, the extra `parquet`."""

    unit = "rows"

    def __init__(self, path: Path) -> None:
        """Read the file's schema.

        Raises:
            InferenceError: pyarrow is missing, or the file is not Parquet.
            OSError: The file cannot be read.
        """
        try:
            import pyarrow  # type: ignore[import-untyped]
            import pyarrow.parquet  # type: ignore[import-untyped]
        except ImportError:
            raise InferenceError(
                'Parquet needs pyarrow: install "ml-inference-client[parquet]", or convert the file to CSV'
            ) from None
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except pyarrow.ArrowInvalid as error:
            raise InferenceError(f"{path} is not a Parquet file: {str(error).splitlines()[0]}") from None
        self._watched = _Watched(path)
        self._path = path
        self._arrow_error = pyarrow.ArrowException
        self.columns = list(self._file.schema_arrow.names)
        self.size, self.mode = self._file.metadata.num_rows, path.stat().st_mode

    def chunks(self, wanted: Sequence[str], rows: int, first_row: int, position: int | None) -> Iterator[Chunk]:
        """See `Source.chunks`."""
        position, groups, before = position or 0, [], 0
        metadata = self._file.metadata
        for group in range(metadata.num_row_groups):
            size = metadata.row_group(group).num_rows
            if before + size > position:
                groups.append(group)
            else:
                before += size
        skip = position - before
        wanted_once = list(dict.fromkeys(wanted))
        try:
            for batch in self._file.iter_batches(batch_size=rows, row_groups=groups, columns=wanted_once):
                dropped = min(skip, batch.num_rows)
                skip -= dropped
                kept = batch.slice(dropped)
                if kept.num_rows:
                    position += kept.num_rows
                    columns = [kept.column(kept.schema.get_field_index(name)).to_pylist() for name in wanted]
                    yield Chunk(first_row, columns, frozenset(), position, self._sha256)
                    first_row += kept.num_rows
        except (self._arrow_error, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InferenceError(f"{self._path} is not Parquet after row {first_row}: {reason}") from None
        self._watched.refuse_changes()

    def digest(self, position: int | None) -> str:  # noqa: ARG002 - rows cannot be told apart by their bytes
        """See `Source.digest`: of the whole file."""
        return self._sha256

    @cached_property
    def _sha256(self) -> str:
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
