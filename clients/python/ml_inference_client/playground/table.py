"""Scores a CSV table that was dropped on the page, with the parts of `score`; what comes back is a table again.

The table lies in a folder of its own, which only its owner may read, while it is read. Leaves out what `score` is for:
files of any size, and going on after an interruption.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_inference_client.client import AsyncClient
from ml_inference_client.errors import InferenceError
from ml_inference_client.score import formulas
from ml_inference_client.score.columns import DELIMITERS, check
from ml_inference_client.score.result import Scored
from ml_inference_client.score.schema import features_of, predicted_columns
from ml_inference_client.score.scoring import Scoring, media_type_of
from ml_inference_client.score.source import CsvSource

MOST_BYTES = 32 * 1024 * 1024
"""Of a table that the page takes: the whole result is held in memory, here and in the browser."""

CHUNK_ROWS = 10_000
CONCURRENCY = 4

SHOWN_ROWS = 200
"""Rows that the page shows; all are in the table to download."""


async def scored(client: AsyncClient, name: str, content: bytes) -> dict[str, Any]:
    """Score a table.

    Args:
        client: The endpoint's.
        name: What the table's file is called; for messages.
        content: CSV with a header, whose cells are separated by a comma, semicolon, tab or bar.

    Returns:
        The result's columns, its first rows, how many rows there are, how many have no prediction, remarks, the version
        of the model, and all of it as CSV.

    Raises:
        InferenceError: The table does not fit the model, or the endpoint does not answer.
    """
    answer = await client.send("GET", "/")
    card = answer.json()
    features = features_of(card)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        await asyncio.to_thread(path.write_bytes, content)
        try:
            source = CsvSource(path, delimiter := _delimiter(content, [feature.name for feature in features]))
            remarks = check(source.columns, features, (), path, delimiter)
            present = [feature for feature in features if feature.name in source.columns]
            kept = list(dict.fromkeys(source.columns))
            outputs = predicted_columns(card)
            form = media_type_of(features, present)
            scoring = Scoring(client, present, len(outputs), answer.model_version, CONCURRENCY, form)
            chunks = source.chunks([*(feature.name for feature in present), *kept], CHUNK_ROWS, 0, None)
            parts = await asyncio.gather(*(scoring.score(chunk) for chunk in chunks))
        except InferenceError as error:
            raise InferenceError(str(error).replace(str(path), name)) from None
    lines = [line for part in parts for line in _lines(part, len(outputs))]
    failed = sum(len(part.faults) for part in parts)
    columns = _free(["row", *outputs, *(["fault"] if failed else [])], kept) + kept
    fault = len(outputs) + 1
    shown = lines if failed else [line[:fault] + line[fault + 1 :] for line in lines]
    return {
        "columns": columns,
        "outputs": len(outputs),
        "rows": shown[:SHOWN_ROWS],
        "total": len(lines),
        "failed": failed,
        "remarks": remarks,
        "version": answer.model_version,
        "csv": _csv([columns, *shown]),
    }


def _delimiter(content: bytes, names: Sequence[str]) -> str:
    """What separates the cells: that by which the header holds most of the model's features, a comma if in doubt."""
    header = content[: 1 << 20].decode("utf-8-sig", "replace").splitlines()[:1]
    found = {one: len({*names} & {*next(csv.reader(header, delimiter=one), [])}) for one in (",", *DELIMITERS)}
    return max(found, key=lambda one: found[one])


def _lines(part: Scored, outputs: int) -> Iterator[list[Any]]:
    """Row number, prediction, why there is none, and the row's own cells."""
    kept = [formulas.disarmed(column)[0] for column in part.kept]
    for place, (prediction, *cells) in enumerate(zip(part.predictions, *kept, strict=True)):
        numbers = prediction if isinstance(prediction, list) else [prediction]
        faults = "; ".join(
            f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in part.faults.get(place, ())
        )
        yield [part.first_row + place, *(numbers if prediction is not None else [None] * outputs), faults, *cells]


def _free(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names for columns that the table does not have itself."""
    return [f"{name} (model)" if name in taken else name for name in names]


def _csv(lines: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def example(records: Sequence[Mapping[str, Any]]) -> str:
    """A table that the model takes, as CSV."""
    columns = list(records[0])
    return _csv([columns, *([record.get(column) for column in columns] for record in records)])
