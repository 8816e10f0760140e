"""What a batch run would read: how many rows, and what Step Functions would read otherwise than it is meant."""

import gzip
import io
import json
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from ml_inference_client.batch import cost, preview
from ml_inference_client.batch.preview import look
from ml_inference_client.errors import SettingsError

from components import batch_definition

HEADER = "id,a,b\n"


class Bucket:
    """A bucket in memory; `sizes` are told instead of the objects' own."""

    def __init__(self, objects: dict[str, bytes], sizes: dict[str, int] | None = None) -> None:
        self._objects, self._sizes = objects, sizes or {}
        self.read = 0

    def head_object(self, **asked: str) -> Any:
        return {"ContentLength": self._size(asked["Key"])}

    def get_object(self, **asked: str) -> Any:
        first, _, last = asked["Range"].removeprefix("bytes=").partition("-")
        body = self._objects[asked["Key"]]
        part = body[int(first) : int(last) + 1] if first else body[-int(last) :]
        self.read += len(part)
        return {"Body": io.BytesIO(part)}

    def get_paginator(self, _name: str) -> Any:
        return self

    def paginate(self, **asked: str) -> Iterator[Any]:
        keys = sorted(key for key in self._objects if key.startswith(asked["Prefix"]))
        yield from ({"Contents": [{"Key": key, "Size": self._size(key)}]} for key in keys)

    def _size(self, key: str) -> int:
        return self._sizes.get(key, len(self._objects[key]))


def table(rows: int, first: int = 0) -> bytes:
    return (HEADER + "".join(f"id-{at:07},{at}.25,{at % 7}\n" for at in range(first, first + rows))).encode()


def lines(rows: int) -> bytes:
    return "".join(f'{{"id": {at}, "a": {at / 4}}}\n' for at in range(rows)).encode()


def parquet(rows: int) -> bytes:
    file = io.BytesIO()
    pd.DataFrame({"a": range(rows), "b": range(rows)}).to_parquet(file, row_group_size=max(1, rows // 2))
    return file.getvalue()


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("in.csv", table(1_000)),
        ("in.csv", table(1_000).rstrip(b"\n")),
        ("in.csv", table(1_000).replace(b"\n", b"\r\n")),
        ("in.csv", b"\xef\xbb\xbf" + table(1_000)),
        ("in.csv", table(1_000).replace(b"id-0000007", b'"of, two\nlines"')),
        ("in.csv.gz", gzip.compress(table(1_000))),
        ("in.csv.gz", gzip.compress(table(500)) + gzip.compress(table(500).removeprefix(HEADER.encode()))),
        ("in.jsonl", lines(1_000)),
        ("in.NDJSON", lines(1_000) + b"\n\n"),
        ("in.jsonl.gz", gzip.compress(lines(1_000))),
        ("in.parquet", parquet(1_000)),
        ("in.snappy.parquet", parquet(1_000)),
    ],
)
def test_the_rows_of_a_small_object_are_counted(key: str, body: bytes) -> None:
    seen = look(Bucket({key: body}), "rows", key)
    assert (seen.rows, seen.exact, seen.objects, seen.size) == (1_000, True, 1, len(body))
    assert seen.kind == {"csv": "csv", "gz": seen.kind}.get(key.rpartition(".")[2], seen.kind)


@pytest.mark.parametrize(("name", "kind", "make"), [("csv", "csv", table), ("jsonl", "jsonl", lines)])
@pytest.mark.parametrize("packed", [False, True])
def test_the_rows_of_large_objects_are_estimated_by_their_beginnings(
    name: str, kind: str, make: Any, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit, value in (("SAMPLED_OBJECTS", 2), ("SAMPLE_BYTES", 2**16), ("_MOST_UNPACKED_BYTES", 2**18)):
        monkeypatch.setattr(preview, limit, value)
    rows = 20_000
    body = make(rows)
    if packed:
        body = gzip.compress(body, compresslevel=1)
    assert len(body) > preview.SAMPLE_BYTES
    bucket = Bucket({f"in/{at:02}.{name}{'.gz' if packed else ''}": body for at in range(20)})
    seen = look(bucket, "rows", "in/")
    assert (seen.kind, seen.exact, seen.objects) == (kind, False, 20)
    assert seen.rows == pytest.approx(20 * rows, rel=0.1)
    assert bucket.read <= preview.SAMPLED_OBJECTS * preview.SAMPLE_BYTES


def test_the_bytes_of_a_row_are_those_of_a_batch() -> None:
    """And so a wide table is known to need more batches than its number of rows tells."""
    wide = pd.DataFrame({f"measured_{at:03}": [0.123456789] * 300 for at in range(60)})
    seen = look(Bucket({"in.csv": wide.to_csv(index=False).encode()}), "rows", "in.csv")
    rows = [{"index": at, "row": dict.fromkeys(wide.columns, "0.123456789")} for at in range(300)]
    assert seen.row_bytes is not None
    assert seen.row_bytes * 300 == pytest.approx(len(json.dumps(rows, separators=(",", ":"))), rel=0.02)
    assert cost.rows_in_a_batch(500, seen.row_bytes) == int(cost.ROW_BYTES_PER_BATCH // seen.row_bytes) < 500


def test_a_batch_is_as_large_as_the_state_machine_makes_it() -> None:
    assert cost.ROW_BYTES_PER_BATCH == batch_definition.ROW_BYTES_PER_BATCH


@pytest.mark.parametrize(
    ("objects", "kind", "reason"),
    [
        ({}, None, "there is nothing to score at s3://rows/in/"),
        ({"in/": b"", "in/a.csv": b""}, None, "there is nothing to score"),
        ({"in/a": table(1)}, None, "the name of s3://rows/in/a tells no format; give --format"),
        ({"in/a.zst": table(1)}, None, "tells no format"),
        ({"in/a.csv": table(1), "in/b.parquet": parquet(1)}, None, "more than one format, csv and parquet"),
        ({"in/a.csv": table(1), "in/notes.txt": b"notes"}, None, "s3://rows/in/notes.txt would be read as csv"),
        ({"in/a.csv": table(1), "in/b.jsonl": lines(1)}, "csv", "s3://rows/in/b.jsonl would be read as csv"),
        (
            {"in/a.csv": b"id,a,b\n1,2,3\n1,2\n"},
            None,
            "line 3 of s3://rows/in/a.csv has 2 fields and its header 3: .* add",
        ),
        ({"in/a.csv": b"id,a,b\n1,7,4,3\n"}, None, "has 4 fields and its header 3: .* leave out what is too much"),
        ({"in/a.csv": b'id,a,b\n1,"7\n,4",3\n1,2\n'}, None, "line 4 of .* has 2 fields"),
        ({"in/a.csv": b"id,a,a\n1,2,3\n"}, None, "the column 'a' is there twice"),
        ({"in/a.csv": b"a" * 11_000 + b",b\n1,2\n"}, None, "the header of .* has 11,003 bytes, and may have 10 KiB"),
        ({"in/a.csv": b"a" * 300_000}, None, "line 1 of s3://rows/in/a.csv is not CSV: field larger"),
        ({"in/a.csv": b"a," * 150_000}, None, "the header of .* has more than 262,144 bytes"),
        ({"in/a.csv.gz": table(1)}, None, "is not compressed by gzip, as its name says"),
        ({"in/a.jsonl": b'{"a": 1}\n{"a": }\n'}, None, "line 2 of s3://rows/in/a.jsonl is not JSON"),
        ({"in/a.parquet": table(1)}, None, "is not a Parquet file"),
        ({"in/a.parquet": (6 * 1024**2).to_bytes(4, "little") + b"PAR1"}, None, "is not a Parquet file"),
    ],
)
def test_what_would_be_read_otherwise_than_it_is_meant_is_refused(
    objects: dict[str, bytes], kind: str | None, reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason):
        look(Bucket(objects), "rows", "in/", kind)


@pytest.mark.parametrize(
    ("key", "body", "size", "reason"),
    [
        ("a.csv", table(1), 11 * 1024**3, "reads at most 10 GB: split it"),
        (
            "a.csv",
            table(20_000),
            9 * 1024**3,
            "about 4..,...,... rows, and Step Functions stops reading at 100,000,000",
        ),
        ("a.parquet", (6 * 1024**2).to_bytes(4, "little") + b"PAR1", 7 * 1024**2, "reads at most 5 MB: split it"),
    ],
)
def test_what_is_too_large_is_refused(key: str, body: bytes, size: int, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        look(Bucket({key: body}, {key: size}), "rows", key)


def test_a_row_group_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "MOST_GROUP_BYTES", 100)
    with pytest.raises(SettingsError, match=r"a row group of s3://rows/a\.parquet has .* bytes"):
        look(Bucket({"a.parquet": parquet(1_000)}), "rows", "a.parquet")


def test_names_that_tell_nothing_are_read_as_it_is_said() -> None:
    seen = look(Bucket({"in/part-0": table(10), "in/part-1": table(10)}), "rows", "in/", "csv")
    assert (seen.kind, seen.rows) == ("csv", 20)


def test_a_folder_of_the_console_is_told_and_is_no_reason_to_refuse() -> None:
    seen = look(Bucket({"in/": b"", "in/a.csv": table(10)}), "rows", "in/")
    assert (seen.objects, seen.rows, seen.exact) == (1, 10, True)
    assert "s3://rows/in/ is empty" in seen.notes[0]


def test_what_cannot_be_looked_into_has_no_number() -> None:
    seen = look(Bucket({"in.csv.zstd": b"packed"}), "rows", "in.csv.zstd")
    assert (seen.kind, seen.rows, seen.exact) == ("csv", None, False)
    assert "Zstandard" in seen.notes[0]


def test_without_pyarrow_parquet_is_only_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket({"in/a.parquet": parquet(9), "in/b.parquet": parquet(9)})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    seen = look(bucket, "rows", "in/")
    assert (seen.kind, seen.objects, seen.rows) == ("parquet", 2, None)
    assert seen.notes == ['how many rows Parquet has is told with pyarrow: install "ml-inference-client[parquet]"']


def test_a_header_alone_has_no_rows() -> None:
    seen = look(Bucket({"in.csv": HEADER.encode()}), "rows", "in.csv")
    assert (seen.rows, seen.exact) == (0, True)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"a,b\n" + b"0.123456789,0.123456789\n" * 100_000)[: preview.SAMPLE_BYTES]
    seen = look(Bucket({"in.csv.gz": bomb}), "rows", "in.csv.gz")
    assert seen.rows is not None
    assert not seen.exact
