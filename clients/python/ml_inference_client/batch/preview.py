"""What would a run read? Its input's objects, by their names, their sizes, and the beginning of some of them.

What Step Functions would read otherwise than it is meant, or not at all, is refused before anything is paid for: it
adds empty texts to a row of CSV that is too short, and leaves out what is too much, without a word. Only a sample is
looked at. Leaves out what a run costs (cost.py).

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import csv
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import PurePosixPath
from typing import Any, Protocol

from ml_inference_client.errors import SettingsError

#: Format by the ending of an object's name.
FORMATS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}

#: Endings of compressed objects, which Step Functions unpacks. Parquet is compressed inside.
PACKED = (".gz", ".zstd")

#: Rows at which a Distributed Map silently stops reading.
MOST_ROWS = 100_000_000

#: Bytes of an object, of a CSV header, and of a Parquet file's footer and row groups, that Step Functions reads.
MOST_OBJECT_BYTES = 10 * 1024**3
MOST_HEADER_BYTES = 10 * 1024
MOST_FOOTER_BYTES = 5 * 1024**2
MOST_GROUP_BYTES = 256 * 1024**2

#: Bytes that are read of an object's beginning, and of how many objects.
SAMPLE_BYTES, SAMPLED_OBJECTS = 256 * 1024, 8

_MOST_UNPACKED_BYTES = 1024**2

_NO_PYARROW = 'how many rows Parquet has is told with pyarrow: install "ml-inference-client[parquet]"'

_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# A call of the encoder takes longer than a row does: it is given many, and holds them meanwhile.
_ROWS_ENCODED = 1_000

_FOOTER_END = 8
_MAGIC = b"PAR1"


class S3(Protocol):
    """What is used of a botocore client."""

    def head_object(self, **asked: str) -> Any: ...  # noqa: D102
    def get_object(self, **asked: str) -> Any: ...  # noqa: D102
    def get_paginator(self, name: str) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class Preview:
    """What a run would read.

    Attributes:
        kind: csv, jsonl or parquet.
        objects: How many objects have anything in them; 0 if they may not be looked at.
        size: Bytes of them.
        rows: How many rows, estimated; None if that cannot be told.
        exact: Whether all rows were counted.
        row_bytes: Bytes of a row as a batch holds it, estimated; None if that cannot be told.
        notes: What a person ought to know, a sentence each.
    """

    kind: str
    objects: int = 0
    size: int = 0
    rows: int | None = None
    exact: bool = False
    row_bytes: float | None = None
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Object:
    """An object: its address, for people, and its bytes."""

    bucket: str
    key: str
    size: int

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass
class Sample:
    """What the beginning of an object holds.

    Attributes:
        rows: Whole rows.
        stored: Bytes of the object that they take.
        header: Bytes of the object before them.
        row_bytes: Bytes that they take in batches.
        whole: Whether these are all rows of the object.
    """

    rows: int = 0
    stored: float = 0
    header: float = 0
    row_bytes: int = 0
    whole: bool = False

    def count(self, rows: Iterable[Any]) -> None:
        """Add rows, and the bytes that they take in batches."""
        remaining = iter(rows)
        while some := list(islice(remaining, _ROWS_ENCODED)):
            self.rows += len(some)
            self.row_bytes += _row_bytes(some)


@dataclass
class _Seen:
    """The samples, and what is to be said of them."""

    samples: list[tuple[Object, Sample]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def is_prefix(key: str) -> bool:
    """Whether a key stands for all objects below."""
    return key.endswith("/") or not key


def format_of(key: str) -> str | None:
    """The format that an object's name tells; None if it tells none."""
    path = PurePosixPath(key.lower())
    return FORMATS.get(path.with_suffix("").suffix if path.suffix in PACKED else path.suffix)


def look(s3: S3, bucket: str, key: str, kind: str | None = None) -> Preview:
    """Look at what a run would read.

    Args:
        s3: A botocore client.
        bucket: The input bucket.
        key: An object's key, or a prefix that ends in `/`.
        kind: csv, jsonl or parquet; as the names end if it is not given.

    Raises:
        SettingsError: There is nothing to read, or it would not be read as it is meant.
        ClientError: S3 refused.
    """
    found = list(_objects(s3, bucket, key))
    given = [one for one in found if one.size]
    if not given:
        raise SettingsError(f"there is nothing to score at s3://{bucket}/{key}")
    kind = _kind(given, kind)
    for one in given:
        if one.size > MOST_OBJECT_BYTES:
            raise SettingsError(f"{one} has {one.size:,} bytes, and Step Functions reads at most 10 GB: split it")
    seen = _Seen()
    if len(found) > len(given):
        empty = next(one for one in found if not one.size)
        seen.notes.append(
            f"{empty} is empty, as S3's console makes an object for a folder; should the run fail to read it, delete it"
        )
    for one in given[:: -(-len(given) // SAMPLED_OBJECTS)]:
        sample = _parquet(s3, one, seen.notes) if kind == "parquet" else _text(s3, one, kind, seen.notes)
        if sample is not None:
            seen.samples.append((one, sample))
    return _summary(kind, given, seen)


def _objects(s3: S3, bucket: str, key: str) -> Iterator[Object]:
    if not is_prefix(key):
        yield Object(bucket, key, s3.head_object(Bucket=bucket, Key=key)["ContentLength"])
        return
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
        for one in page.get("Contents", []):
            yield Object(bucket, one["Key"], one["Size"])


def _kind(given: Sequence[Object], kind: str | None) -> str:
    """The format of all objects, which Step Functions reads alike, whatever their names."""
    if kind is None:
        known = sorted(filter(None, {format_of(one.key) for one in given}))
        if not known:
            raise SettingsError(f"the name of {given[0]} tells no format; give --format csv, jsonl or parquet")
        if len(known) > 1:
            raise SettingsError(
                f"the names of the objects tell more than one format, {' and '.join(known)}; name a longer prefix"
            )
        (kind,) = known
    strangers = [one for one in given if format_of(one.key) != kind]
    if strangers and len(strangers) < len(given):
        raise SettingsError(
            f"{strangers[0]} would be read as {kind} like the other objects below the prefix, and is not named so; "
            "move it away, or name a longer prefix"
        )
    return kind


def _text(s3: S3, one: Object, kind: str, notes: list[str]) -> Sample | None:
    """A sample of CSV or JSON lines; None if this program cannot unpack it."""
    stored = s3.get_object(Bucket=one.bucket, Key=one.key, Range=f"bytes=0-{SAMPLE_BYTES - 1}")["Body"].read()
    content, read = stored, len(stored)
    if one.key.endswith(".zstd"):
        notes.append(f"{one} is compressed by Zstandard, and so its rows are not looked at")
        return None
    if one.key.endswith(".gz"):
        try:
            content, read = _unpacked(stored)
        except zlib.error:
            raise SettingsError(f"{one} is not compressed by gzip, as its name says") from None
    text, whole = content.decode("utf-8", "replace"), read == one.size
    sample = _csv(one, text, whole) if kind == "csv" else _jsonl(one, text, whole)
    packed = read / max(1, len(text))
    sample.stored, sample.header = sample.stored * packed, sample.header * packed
    return sample


def _unpacked(stored: bytes) -> tuple[bytes, int]:
    """The beginning of what was compressed, and how many bytes of it that took."""
    content, rest = b"", stored
    while rest and len(content) < _MOST_UNPACKED_BYTES:
        part = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        content += part.decompress(rest, _MOST_UNPACKED_BYTES - len(content))
        rest = part.unconsumed_tail or part.unused_data
    return content, len(stored) - len(rest)


def _csv(one: Object, text: str, whole: bool) -> Sample:
    sample = Sample(whole=whole)
    sample.count(_csv_rows(one, text, sample))
    return sample


def _csv_rows(one: Object, text: str, sample: Sample) -> Iterator[dict[str, str]]:
    """Each row; notes in the sample what is stored of them."""
    header: list[str] = []
    for record, begin, end, line in _records(one, text):
        if end == len(text) and not sample.whole:
            break
        if not header:
            header = [name.removeprefix("\ufeff") for name in record]
            sample.header = end
            _check_header(one, header, text[:end])
        elif record:
            if len(record) != len(header):
                what = "add empty texts to it" if len(record) < len(header) else "leave out what is too much"
                raise SettingsError(
                    f"line {line} of {one} has {len(record)} fields and its header {len(header)}: Step Functions would "
                    f"{what} without a word; mend it, or give JSON lines or Parquet"
                )
            sample.stored += end - begin
            yield dict(zip(header, record, strict=True))
    if not header:
        raise SettingsError(f"the header of {one} has more than {SAMPLE_BYTES:,} bytes; it may have 10 KiB")


def _records(one: Object, text: str) -> Iterator[tuple[list[str], int, int, int]]:
    """Each record with the places where it begins and ends, and the number of its last line."""
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for line in io.StringIO(text, newline=""):
            read += len(line)
            yield line

    reader, begin = csv.reader(lines()), 0
    try:
        for record in reader:
            yield record, begin, read, reader.line_num
            begin = read
    except csv.Error as error:
        raise SettingsError(f"line {reader.line_num} of {one} is not CSV: {error}") from None


def _check_header(one: Object, header: Sequence[str], text: str) -> None:
    if len(text.encode()) > MOST_HEADER_BYTES:
        raise SettingsError(f"the header of {one} has {len(text.encode()):,} bytes, and may have 10 KiB")
    twice = next((name for name, after in pairwise(sorted(header)) if name == after), None)
    if twice is not None:
        raise SettingsError(f"the column {twice!r} is there twice in {one}: only one of them would reach the model")


def _jsonl(one: Object, text: str, whole: bool) -> Sample:
    sample = Sample(whole=whole)
    sample.count(_jsonl_rows(one, text, sample))
    return sample


def _jsonl_rows(one: Object, text: str, sample: Sample) -> Iterator[Any]:
    """Each row; notes in the sample what is stored of them."""
    read = 0
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
        read += len(line)
        if read == len(text) and not sample.whole:
            break
        sample.stored += len(line)
        if line.strip():
            try:
                row = json.loads(line.removeprefix("\ufeff"))
            except ValueError:
                raise SettingsError(f"line {number} of {one} is not JSON, at which the run would end") from None
            yield row


def _row_bytes(rows: list[Any]) -> int:
    """Bytes of rows in a batch, with their places in the input, and a comma after each."""
    return len(_encoded([{"index": 10**6, "row": row} for row in rows]).encode()) - 1


def _parquet(s3: S3, one: Object, notes: list[str]) -> Sample | None:
    """The rows that a Parquet file's footer tells; None without pyarrow, which reads it."""
    end = _end(s3, one, _FOOTER_END)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MAGIC or length > one.size:
        raise SettingsError(f"{one} is not a Parquet file")
    if length > MOST_FOOTER_BYTES:
        raise SettingsError(
            f"the footer of {one} has {length:,} bytes, and Step Functions reads at most 5 MB: split it"
        )
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError:
        if _NO_PYARROW not in notes:
            notes.append(_NO_PYARROW)
        return None
    metadata = pyarrow.parquet.read_metadata(io.BytesIO(_end(s3, one, length + _FOOTER_END)))
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        size = sum(group.column(column).total_compressed_size for column in range(group.num_columns))
        if size > MOST_GROUP_BYTES:
            raise SettingsError(
                f"a row group of {one} has {size:,} bytes, and Step Functions reads at most 256 MB: write smaller ones"
            )
    row = dict.fromkeys(metadata.schema.to_arrow_schema().names, 0.123456)
    return Sample(metadata.num_rows, one.size, 0, metadata.num_rows * _row_bytes([row]), True)


def _end(s3: S3, one: Object, size: int) -> bytes:
    body: bytes = s3.get_object(Bucket=one.bucket, Key=one.key, Range=f"bytes=-{size}")["Body"].read()
    return body


def _summary(kind: str, given: Sequence[Object], seen: _Seen) -> Preview:
    size = sum(one.size for one in given)
    counted = {one.key: sample.rows for one, sample in seen.samples if sample.whole}
    total, exact = sum(counted.values()), len(counted) == len(given)
    samples = [sample for _, sample in seen.samples]
    rows = sum(sample.rows for sample in samples)
    if not rows:
        return Preview(kind, len(given), size, 0 if exact else None, exact, notes=seen.notes)
    header = max(sample.header for sample in samples)
    per_row = sum(sample.stored for sample in samples) / rows
    total += round(sum(max(0.0, one.size - header) / per_row for one in given if one.key not in counted))
    if total > MOST_ROWS:
        raise SettingsError(
            f"the input has about {total:,} rows, and Step Functions stops reading at {MOST_ROWS:,}: start a run for "
            "each part of it, by its prefix"
        )
    row_bytes = sum(sample.row_bytes for sample in samples) / rows
    return Preview(kind, len(given), size, total, exact, row_bytes, seen.notes)
