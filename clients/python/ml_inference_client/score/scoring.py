"""Sends chunks, several at a time, and takes their answers in order.

A chunk that comes out too large is sent in halves. Rows that the endpoint refuses are set aside and the others sent
again. Any other failure ends the run, which can go on later.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from ml_inference_client.client import JSON, Answer, AsyncClient
from ml_inference_client.errors import InferenceError, RequestRefusedError
from ml_inference_client.score import npy
from ml_inference_client.score.result import Result, Scored
from ml_inference_client.score.schema import Fault, Feature, Value
from ml_inference_client.score.source import Chunk

MOST_BYTES = {JSON: 5_500_000, npy.MEDIA_TYPE: 4_100_000}
"""Of a body: Lambda takes 6 MB, headers and the event around the body included, and four thirds of what is no text.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def media_type_of(features: Sequence[Feature], present: Sequence[Feature]) -> str:
    """The form of the rows: arrays of float32 where there is a number for each feature, else JSON, which has names.

    Args:
        features: The model's.
        present: Those that the table has.
    """
    numbers = all(feature.is_number for feature in features)
    return npy.MEDIA_TYPE if numbers and len(present) == len(features) else JSON


@dataclass
class _Rows:
    """Rows on their way: where they came from, and what is still to be sent.

    Attributes:
        columns: The values to send, one list a feature.
        places: For each value of a column its row's place in the chunk.
        predictions: One a row of the chunk.
        faults: By place in the chunk.
    """

    columns: list[list[Value]]
    places: list[int]
    predictions: list[Any]
    faults: dict[int, list[Fault]] = field(default_factory=dict)


class Scoring:
    """Scores chunks with one model.

    Attributes:
        version: The model's version; an answer of another one ends the run.
    """

    def __init__(
        self,
        client: AsyncClient,
        features: Sequence[Feature],
        outputs: int,
        version: str | None,
        concurrency: int,
        media_type: str,
    ) -> None:
        """Prepare to score.

        Args:
            client: What sends.
            features: Those that the table has, in the model's order.
            outputs: Numbers of a prediction.
            version: The model's.
            concurrency: Requests at a time.
            media_type: In what form rows go and predictions come; see `media_type_of`.
        """
        self._client = client
        self._outputs = outputs
        self._media_type = media_type
        self._features = features
        self._keys = [orjson.dumps(feature.name) + b":" for feature in features]
        self._sending = asyncio.Semaphore(concurrency)
        self._ahead = concurrency + 2  # a slow answer must not leave the others idle
        self.version = version

    async def run(self, chunks: Iterable[Chunk], result: Result, report: Callable[[Scored], None]) -> None:
        """Score all chunks into the result.

        Args:
            chunks: In order; read no faster than they are scored.
            result: Where the predictions go.
            report: Told of each chunk that is written.
        """
        waiting: deque[asyncio.Task[Scored]] = deque()

        async def write_oldest() -> None:
            scored = await waiting.popleft()
            result.write(scored)
            report(scored)

        try:
            for chunk in chunks:
                waiting.append(asyncio.create_task(self.score(chunk)))
                await asyncio.sleep(0)  # lets this chunk be sent while the next one is read
                if len(waiting) >= self._ahead:
                    await write_oldest()
            while waiting:
                await write_oldest()
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def score(self, chunk: Chunk) -> Scored:
        """Predict every row of a chunk that can be."""
        async with self._sending:
            rows = self._read(chunk)
            await self._send(rows)
        kept = chunk.columns[len(self._features) :]
        return Scored(chunk.first_row, rows.predictions, kept, rows.faults, chunk.position, chunk.input_sha256)

    def _read(self, chunk: Chunk) -> _Rows:
        """Cells to values; rows with a cell that cannot be one are set aside."""
        cells = chunk.columns[: len(self._features)]
        count = len(cells[0])
        predictions: list[Any] = [None] * count
        if not chunk.broken:
            columns = [feature.column(column) for feature, column in zip(self._features, cells, strict=True)]
            fine = [column for column in columns if column is not None]
            if len(fine) == len(columns):
                return _Rows(fine, list(range(count)), predictions)
        rows = _Rows([[] for _ in self._features], [], predictions)
        for place, row in enumerate(zip(*cells, strict=True)):
            self._read_row(place, row if place not in chunk.broken else None, rows)
        return rows

    def _read_row(self, place: int, row: Sequence[Any] | None, rows: _Rows) -> None:
        if row is None:
            rows.faults[place] = [Fault("", "wrong_cells", "the row has not as many cells as the header")]
            return
        values = [feature.value(cell) for feature, cell in zip(self._features, row, strict=True)]
        faults = [value for value in values if isinstance(value, Fault)]
        if faults:
            rows.faults[place] = faults
            return
        rows.places.append(place)
        for column, value in zip(rows.columns, values, strict=True):
            column.append(value)  # type: ignore[arg-type]  # no faults among them

    async def _send(self, rows: _Rows) -> None:
        """Send all values, in as many requests as it takes, and note what comes back."""
        parts = [(rows.columns, rows.places)]
        while parts:
            columns, places = parts.pop()
            if not places:
                continue
            body = self._body(columns)
            if len(body) > MOST_BYTES[self._media_type] and len(places) > 1:
                parts += _halves(columns, places)
                continue
            try:
                answer = await self._client.send("POST", "/", body, self._media_type, self._media_type)
            except RequestRefusedError as error:
                if error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE and len(places) > 1:
                    parts += _halves(columns, places)
                    continue
                refused = _by_row(error, len(places))
                rows.faults |= {places[i]: faults for i, faults in refused.items()}
                parts.append(_without(refused, columns, places))
                continue
            for place, prediction in zip(places, self._predictions(answer, len(places)), strict=True):
                rows.predictions[place] = prediction

    def _predictions(self, answer: Answer, rows: int) -> list[Any]:
        if answer.model_version != self.version:
            raise InferenceError(
                f"the endpoint now serves model {answer.model_version}, the run began with {self.version}; "
                "one output must not mix two models: give --restart to begin again"
            )
        if self._media_type == npy.MEDIA_TYPE:
            return npy.predictions(answer.content, rows, self._outputs)
        predictions = orjson.loads(answer.content)
        if not isinstance(predictions, list) or len(predictions) != rows:
            raise InferenceError(f"the endpoint did not answer {rows} rows with as many predictions")
        return predictions

    def _body(self, columns: Sequence[Sequence[Value]]) -> bytes:
        """The endpoint's forms for many rows: an array of columns, or an object of them."""
        if self._media_type == npy.MEDIA_TYPE:
            return npy.body(columns)
        parts = (key + orjson.dumps(column) for key, column in zip(self._keys, columns, strict=True))
        return b"{" + b",".join(parts) + b"}"


def _halves(columns: list[list[Value]], places: list[int]) -> list[tuple[list[list[Value]], list[int]]]:
    middle = len(places) // 2
    return [
        ([column[:middle] for column in columns], places[:middle]),
        ([column[middle:] for column in columns], places[middle:]),
    ]


def _without(
    refused: Container[int], columns: list[list[Value]], places: list[int]
) -> tuple[list[list[Value]], list[int]]:
    left = [i for i in range(len(places)) if i not in refused]
    return [[column[i] for i in left] for column in columns], [places[i] for i in left]


def _by_row(error: RequestRefusedError, rows: int) -> dict[int, list[Fault]]:
    """The faults that an answer names, by row.

    Raises:
        RequestRefusedError: It names none: the request as a whole was wrong.
    """
    named: dict[int, list[Fault]] = {}
    for fault in error.faults if error.status == httpx.codes.UNPROCESSABLE_ENTITY else ():
        row = fault.get("row")
        if isinstance(row, int) and 0 <= row < rows:
            why = Fault(str(fault.get("field", "")), str(fault.get("code", "")), str(fault.get("message", "")))
            named.setdefault(row, []).append(why)
    if not named:
        raise error
    return named
