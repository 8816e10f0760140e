"""Reads a table in chunks of rows, from the beginning or from where an earlier run stopped.

No more than a chunk is held. A position is a byte for CSV and a row for Parquet: whatever gets there fastest.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from ml_inference_client.errors import InferenceError

FINGERPRINTED_BYTES = 1 << 16


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows.

    Attributes:
        first_row: Number of the first one, from 0; the header is no row.
        columns: The cells of each wanted column, one a row.
        broken: Places of the rows that have not as many cells as the header; their cells are None.
        position: Where the next chunk begins.
    """

    first_row: int
    columns: list[Sequence[Any]]
    broken: frozenset[int]
    position: int


class Source(Protocol):
    """A table in a file.

    Attributes:
        columns: Its column names.
        size: The position of its end.
        unit: What positions count, for a progress bar.
    """

    columns: list[str]
    size: int
    unit: str

    def chunks(self, wanted: Sequence[str], rows: int, first_row: int, position: int | None) -> Iterator[Chunk]:
        """Read on from a position.

        Args:
            wanted: Names of the columns to read, in the order of the cells.
            rows: Rows in a chunk.
            first_row: Number of the row at the position.
            position: From an earlier chunk; None for the beginning.
        """


def open_source(path: Path, delimiter: str) -> Source:
    """The table in a file, by its ending: `.parquet` or CSV.

    Raises:
        InferenceError: It cannot be read.
    """
    try:
        return ParquetSource(path) if path.suffix.lower() in (".parquet", ".pq") else CsvSource(path, delimiter)
    except OSError as error:
        raise InferenceError(f"{path} cannot be read: {error.strerror or error}") from None


def fingerprint(path: Path) -> dict[str, Any]:
    """Tells whether a file is still the one an earlier run read, without reading it all."""
    status = path.stat()
    with path.open("rb") as file:
        head = hashlib.sha256(file.read(FINGERPRINTED_BYTES)).hexdigest()
    return {"bytes": status.st_size, "modified_ns": status.st_mtime_ns, "head_sha256": head}


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
        self.size = path.stat().st_size
        with path.open("rb") as file:
            lines = _Lines(file, 0)
            self.columns = next(csv.reader(lines, delimiter=delimiter), [])
            self._first_position = lines.position
        if not self.columns:
            raise InferenceError(f"{path} has no header line")
        self.columns[0] = self.columns[0].removeprefix("\ufeff")

    def chunks(self, wanted: Sequence[str], rows: int, first_row: int, position: int | None) -> Iterator[Chunk]:
        """See `Source.chunks`."""
        width, picked = len(self.columns), [self.columns.index(name) for name in wanted]
        start = self._first_position if position is None else position
        with self._path.open("rb") as file:
            file.seek(start)
            lines = _Lines(file, start)
            reader = csv.reader(lines, delimiter=self._delimiter)
            cells = filter(None, reader)  # an empty line is no row
            try:
                while table := list(islice(cells, rows)):
                    broken = frozenset(place for place, row in enumerate(table) if len(row) != width)
                    whole = [[None] * width if place in broken else row for place, row in enumerate(table)]
                    columns: list[Sequence[Any]] = list(zip(*(whole if broken else table), strict=True))
                    yield Chunk(first_row, [columns[i] for i in picked], broken, lines.position)
                    first_row += len(table)
            except csv.Error as error:
                raise InferenceError(f"{self._path} is not CSV after row {first_row}: {error}") from None


class _Lines:
    """Lines for the CSV reader, which takes one only when it needs it: the position is always exact."""

    def __init__(self, file: Any, position: int) -> None:
        self._file = file
        self.position = position

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.position += len(line)
            # Columns that are not sent may hold anything and are copied as they are.
            yield line.decode("utf-8", "surrogateescape")


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
        self.columns = list(self._file.schema_arrow.names)
        self.size = self._file.metadata.num_rows

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
        for batch in self._file.iter_batches(batch_size=rows, row_groups=groups, columns=list(dict.fromkeys(wanted))):
            dropped = min(skip, batch.num_rows)
            skip -= dropped
            kept = batch.slice(dropped)
            if kept.num_rows:
                position += kept.num_rows
                columns = [kept.column(kept.schema.get_field_index(name)).to_pylist() for name in wanted]
                yield Chunk(first_row, columns, frozenset(), position)
                first_row += kept.num_rows
