"""The command `score`: its options, its progress bar, and what it says at the end."""

import argparse
import asyncio
import hashlib
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout
from tqdm import tqdm

from ml_inference_client.client import AsyncClient
from ml_inference_client.errors import InferenceError
from ml_inference_client.retry import Retry
from ml_inference_client.score.result import Progress, Result, Scored
from ml_inference_client.score.schema import Feature, features_of
from ml_inference_client.score.scoring import Scoring
from ml_inference_client.score.source import Source, fingerprint, open_source
from ml_inference_client.settings import Settings

SOME_ROWS_FAILED = 3
"""Exit status of a run that finished but has failed rows."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of `score`."""
    command.add_argument("input", type=Path, help="CSV with a header, or Parquet by its ending .parquet")
    command.add_argument("output", type=Path, help="CSV of row number and prediction, in the input's order")
    command.add_argument("--keep", action="append", default=[], metavar="COLUMN", help="copy a column; repeatable")
    command.add_argument("--delimiter", default=",", help="of the CSV input (default: a comma)")
    command.add_argument("--chunk-rows", type=int, default=10_000, help="rows in a request at most (default: 10000)")
    command.add_argument("--concurrency", type=int, default=4, help="requests at a time (default: 4)")
    command.add_argument("--restart", action="store_true", help="begin anew and replace what is there")


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
        restart: Whether to begin anew.
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
    if len(options.delimiter) != 1:
        raise InferenceError("--delimiter must be one character")
    if options.output.resolve() == options.input.resolve():
        raise InferenceError("the output must not be the input itself")
    job = Job(
        options.input,
        options.output,
        options.keep,
        options.delimiter,
        options.chunk_rows,
        options.concurrency,
        options.restart,
    )
    try:
        with FileLock(_lock_path(job.output), blocking=False):
            try:
                return asyncio.run(_score(job, settings, retry))
            except (InferenceError, KeyboardInterrupt):
                _say_how_to_go_on(job)
                raise
    except Timeout:
        raise InferenceError(f"another run is writing {job.output}; wait for it, or name another output") from None
    except OSError as error:
        raise InferenceError(f"{error.filename or job.output}: {error.strerror or error}") from None


def _lock_path(output: Path) -> Path:
    """Where runs on this machine that write the same output meet; the system forgets the lock of a killed one."""
    name = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"ml-inference-score-{name}.lock"


async def _score(job: Job, settings: Settings, retry: Retry) -> int:
    source = open_source(job.input, job.delimiter)
    async with AsyncClient(settings, retry=retry) as client:
        answer = await client.send("GET", "/")
        features = features_of(answer.json())
        wanted = [*(feature.name for feature in features), *job.keep]
        _check_columns(source, features, job)
        identity = {
            "input": fingerprint(job.input),
            "delimiter": job.delimiter,
            "columns": wanted,
            "model": answer.model_version,
        }
        scoring = Scoring(client, features, answer.model_version, job.concurrency)
        with Result(job.output, identity, job.restart) as result:
            before, started = result.progress, time.monotonic()
            if result.resumed:
                print(f"going on after row {before.rows:,} of an earlier run", file=sys.stderr)
            result.begin(job.keep)
            with _bar(source, before) as bar:

                def report(scored: Scored) -> None:
                    bar.update(scored.position - bar.n)

                chunks = source.chunks(wanted, job.chunk_rows, before.rows, before.position)
                await scoring.run(chunks, result, report)
            result.finish()
    _say_what_was_done(result, before, time.monotonic() - started, answer.model_version)
    return SOME_ROWS_FAILED if result.progress.failed else 0


def _check_columns(source: Source, features: Sequence[Feature], job: Job) -> None:
    """Refuse a table that lacks a column, before anything is sent, and say which columns stay here."""
    twice = {name for name in source.columns if source.columns.count(name) > 1}
    lacking = [feature.name for feature in features if feature.name not in source.columns]
    if lacking:
        raise InferenceError(
            f"{job.input} lacks the model's features {', '.join(map(repr, lacking))}; "
            f"it has the columns {', '.join(map(repr, source.columns))}"
        )
    unknown = [name for name in job.keep if name not in source.columns]
    if unknown:
        raise InferenceError(f"{job.input} has no column {', '.join(map(repr, unknown))} to keep")
    ambiguous = twice & {*(feature.name for feature in features), *job.keep}
    if ambiguous:
        raise InferenceError(f"{job.input} has the column {', '.join(map(repr, sorted(ambiguous)))} more than once")
    known = {feature.name for feature in features}
    ignored = [name for name in source.columns if name not in known and name not in job.keep]
    if ignored:
        print(f"not sent, because the model does not know them: {', '.join(ignored)}", file=sys.stderr)


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


def _say_what_was_done(result: Result, before: Progress, seconds: float, version: str | None) -> None:
    done = result.progress
    rows = done.rows - before.rows
    speed = f"{rows:,} rows in {seconds:.1f} s, {rows / max(seconds, 1e-9):,.0f} rows/s"
    print(f"{result.output}: {done.rows:,} rows by model {version} ({speed})", file=sys.stderr)
    if done.failed:
        print(f"{result.failures}: why {done.failed:,} of them have no prediction", file=sys.stderr)


def _say_how_to_go_on(job: Job) -> None:
    if job.output.with_name(f"{job.output.name}.journal").exists():
        print("what is done is kept: the same command goes on from there", file=sys.stderr)
