"""The command `score`: its options, its progress bar, and what it says at the end."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from ml_inference_client.client import AsyncClient
from ml_inference_client.errors import InferenceError, Interrupted
from ml_inference_client.retry import Retry
from ml_inference_client.score import formulas
from ml_inference_client.score.columns import check, refuse_taken_names
from ml_inference_client.score.paths import Paths
from ml_inference_client.score.result import Progress, Result, Scored
from ml_inference_client.score.schema import features_of, predicted_columns
from ml_inference_client.score.scoring import Scoring, media_type_of
from ml_inference_client.score.source import Source, open_source
from ml_inference_client.settings import Settings

SOME_ROWS_FAILED = 3
"""Exit status of a run that finished but has failed rows."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of `score`."""
    command.add_argument("input", type=Path, help="CSV with a header, or Parquet by its ending .parquet")
    command.add_argument("output", type=Path, help="CSV of row number and prediction, in the input's order")
    command.add_argument("--keep", action="append", default=[], metavar="COLUMN", help="copy a column; repeatable")
    command.add_argument("--delimiter", default=",", help="of the CSV input, \\t for a tab (default: a comma)")
    command.add_argument("--chunk-rows", type=int, default=10_000, help="rows in a request at most (default: 10000)")
    command.add_argument("--concurrency", type=int, default=4, help="requests at a time (default: 4)")
    command.add_argument("--restart", action="store_true", help="begin again and replace what a run wrote")


@dataclass(frozen=True)
class Job:
    """What is to be done.

    Attributes:
        input: The table's file.
        output: Where the predictions go.
        keep: Columns to copy beside each prediction.
        delimiter: Between the cells of a CSV line.
        chunk_rows: Rows in a request at most.
        concurrency: Requests at a time.
        restart: Whether to begin again.
    """

    input: Path
    output: Path
    keep: Sequence[str] = ()
    delimiter: str = ","
    chunk_rows: int = 10_000
    concurrency: int = 4
    restart: bool = False


def run(options: argparse.Namespace, settings: Settings, retry: Retry) -> int:
    """Score the file; returns the exit status."""
    if options.chunk_rows < 1 or options.concurrency < 1:
        raise InferenceError("--chunk-rows and --concurrency must be at least 1")
    delimiter = "\t" if options.delimiter == "\\t" else options.delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n ':
        raise InferenceError("--delimiter must be one character, and no quote, blank or line's end")
    job = Job(
        options.input,
        options.output,
        list(dict.fromkeys(options.keep)),
        delimiter,
        options.chunk_rows,
        options.concurrency,
        options.restart,
    )
    paths = Paths(job.output)
    try:
        with paths.claimed(job.input):
            return asyncio.run(_score(job, paths, settings, retry))
    except Interrupted as stop:
        raise Interrupted(stop.signal, str(stop) + _how_to_go_on(job, paths)) from None
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT, "interrupted" + _how_to_go_on(job, paths)) from None
    except InferenceError as error:
        raise InferenceError(f"{error}{_how_to_go_on(job, paths)}") from None
    except OSError as error:
        where = error.filename or job.output
        raise InferenceError(f"{where}: {error.strerror or error}{_how_to_go_on(job, paths)}") from None


async def _score(job: Job, paths: Paths, settings: Settings, retry: Retry) -> int:
    source = open_source(job.input, job.delimiter)
    with Result(paths, job.restart) as result:
        async with AsyncClient(settings, retry=retry) as client:
            answer = await client.send("GET", "/")
            card, version = answer.json(), answer.model_version
            features, predicted = features_of(card), predicted_columns(card)
            refuse_taken_names(job.keep, ["row", *predicted], job.input)
            for remark in check(source.columns, features, job.keep, job.input, job.delimiter):
                print(remark, file=sys.stderr)
            present = [feature for feature in features if feature.name in source.columns]
            wanted = [*(feature.name for feature in present), *job.keep]
            identity = {"delimiter": job.delimiter, "columns": wanted, "outputs": predicted, "model": version}
            result.begin(identity, predicted, job.keep, source)
            before, started = result.progress, time.monotonic()
            _say_where_it_begins(result)
            with _bar(source, before) as bar:

                def report(scored: Scored) -> None:
                    bar.update(scored.position - bar.n)

                chunks = source.chunks(wanted, job.chunk_rows, before.rows, before.position)
                form = media_type_of(features, present)
                scoring = Scoring(client, present, len(predicted), version, job.concurrency, form)
                await scoring.run(chunks, result, report)
            result.finish()
    _say_what_was_done(paths, result, before, time.monotonic() - started, version)
    return SOME_ROWS_FAILED if result.progress.failed else 0


def _bar(source: Source, before: Progress) -> "tqdm[NoReturn]":
    return tqdm(
        total=source.size,
        initial=before.position or 0,
        unit=source.unit,
        unit_scale=True,
        desc="scoring",
        disable=None,  # none where nobody watches
        file=sys.stderr,
    )


def _say_where_it_begins(result: Result) -> None:
    if result.resumed:
        damaged = "; what it wrote after that is damaged and done again" if result.damaged else ""
        print(f"going on after row {result.progress.rows:,} of an earlier run{damaged}", file=sys.stderr)


def _say_what_was_done(paths: Paths, result: Result, before: Progress, seconds: float, version: str | None) -> None:
    done = result.progress
    rows = done.rows - before.rows
    speed = f"{rows:,} rows in {seconds:.1f} s, {rows / max(seconds, 1e-9):,.0f} rows/s"
    print(f"{paths.output}: {done.rows:,} rows by model {version} ({speed})", file=sys.stderr)
    if done.failed:
        print(f"{paths.failures}: why {done.failed:,} of them have no prediction", file=sys.stderr)
    if result.disarmed:
        print(formulas.notice(result.disarmed), file=sys.stderr)


def _how_to_go_on(job: Job, paths: Paths) -> str:
    """What to add to an error, so that it is one line."""
    if not paths.journal.exists():
        return ""
    command = "the same command without --restart" if job.restart else "the same command"
    return f"; what is done is kept in {paths.folder}: {command} goes on from there"
