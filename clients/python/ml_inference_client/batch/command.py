"""The command `batch`: its options, what it says before, its progress bar, and what it says at the end."""

import argparse
import signal
import sys
import time
from pathlib import Path

from tqdm import tqdm

from ml_inference_client.batch import run as runs
from ml_inference_client.batch.join import refuse_existing
from ml_inference_client.batch.preview import MOST_ROWS, SAMPLE_BYTES, Preview
from ml_inference_client.batch.run import BatchRun, Progress
from ml_inference_client.errors import InferenceError, Interrupted
from ml_inference_client.score import formulas
from ml_inference_client.settings import Settings

SOME_ROWS_FAILED = 3
"""Exit status of a run that finished but has rows without a prediction."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of `batch`."""
    command.add_argument("input", nargs="?", help="s3://bucket/key, or s3://bucket/prefix/ for all below")
    command.add_argument("output", nargs="?", help="s3://bucket/prefix/ for the answers")
    command.add_argument("--name", help="the run's name: take it up again by this alone")
    command.add_argument("--keep", action="append", default=[], metavar="COLUMN", help="copy a column; repeatable")
    command.add_argument("--format", choices=["csv", "jsonl", "parquet"], help="default: as the input's names end")
    command.add_argument("--fetch", type=Path, metavar="FILE", help="CSV of row number and prediction, in order")
    command.add_argument("--rows", type=int, metavar="N", help="rows that the input has; another number is an error")
    command.add_argument("--estimate", action="store_true", help="look at the input, say what it costs, start nothing")
    command.add_argument("--redrive", action="store_true", help="run again what failed; needs --name")
    command.add_argument("--detach", action="store_true", help="start it, print its name, and leave")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Start or take up a run; returns the exit status."""
    if options.fetch is not None:
        refuse_existing(options.fetch)
    found = _found(options, settings)
    if options.estimate:
        return 0
    if options.redrive:
        found.redrive()
    if options.detach:
        print(found.name)
        return 0
    try:
        seen = _followed(found)
    except Interrupted as stop:
        raise Interrupted(stop.signal, str(stop) + _how_to_go_on(found)) from None
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT, "left" + _how_to_go_on(found)) from None
    if options.fetch is None and seen.status != "SUCCEEDED":
        raise InferenceError(f"the run {found.name} {seen.status.lower()}: {_why(found, seen)}{_how_to_redrive(found)}")
    _refuse_another_number(options.rows, seen.rows or 0)
    return _end(options, found, seen)


def _refuse_another_number(wanted: int | None, read: int) -> None:
    """A run that did not read all of its input must not pass for one that did."""
    if wanted is not None and wanted != read:
        raise InferenceError(f"the input has {wanted:,} rows, and Step Functions read {read:,} of them")
    if read >= MOST_ROWS:
        raise InferenceError(
            f"Step Functions stops reading at {MOST_ROWS:,} rows, and so the rest may not be scored: start a run "
            "for each part of the input, by its prefix"
        )


def _found(options: argparse.Namespace, settings: Settings) -> BatchRun:
    if options.input and options.output and not options.redrive:
        found = BatchRun(settings, options.name or runs.name_of(options.input))
        found.input(options.input, options.output, options.keep, options.format or "csv")
        seen = found.preview(options.input, options.format)
        _say_what_it_reads(found, options.input, seen)
        if not options.estimate:
            found.begin(options.input, options.output, options.keep, seen.kind)
            print(f"run {found.name} is started; --name {found.name} takes it up again", file=sys.stderr)
        return found
    if options.name and not options.input:
        return BatchRun(settings, options.name)
    raise InferenceError("give the input and the output in S3, or --name of a run that was started")


def _say_what_it_reads(found: BatchRun, source: str, seen: Preview) -> None:
    """How much the input is, and what that costs, where it can be told."""
    for note in seen.notes:
        print(f"note: {note}", file=sys.stderr)
    if seen.objects:
        size = f"{seen.objects:,} object{'s' * (seen.objects != 1)} of {seen.size / 1e6:,.1f} MB"
        how = "counted" if seen.exact else f"by the first {SAMPLE_BYTES:,} bytes of some"
        rows = (
            "rows that cannot be told" if seen.rows is None else f"{'' if seen.exact else 'about '}{seen.rows:,} rows"
        )
        print(f"{source}: {rows} of {seen.kind} in {size}" + f" ({how})" * (seen.rows is not None), file=sys.stderr)
    if seen.rows is not None:
        print(f"cost: {found.estimate(seen.rows, seen.row_bytes)}", file=sys.stderr)


def _followed(found: BatchRun) -> Progress:
    """Show how far it is until it has ended."""
    with tqdm(unit="row", unit_scale=True, desc="batch", disable=None, file=sys.stderr) as bar:
        while True:
            seen = found.progress()
            if seen.rows is not None and bar.total is None:
                bar.reset(seen.rows)
            bar.set_postfix(failed=seen.failed, refresh=False)
            bar.update(seen.answered + seen.failed - bar.n)
            if not seen.running:
                return seen
            time.sleep(runs.SECONDS_BETWEEN_LOOKS)


def _end(options: argparse.Namespace, found: BatchRun, seen: Progress) -> int:
    rows = seen.rows or 0
    print(
        f"{found.name}: {seen.answered:,} of {rows:,} rows answered, {rows - seen.answered:,} not, "
        f"in {seen.seconds:.0f} s ({seen.rate:,.0f} rows/s)",
        file=sys.stderr,
    )
    print(f"cost: {found.cost(seen)}", file=sys.stderr)
    incomplete = seen.answered != rows
    if options.fetch is not None:
        joined = found.fetch(options.fetch)
        print(
            f"{options.fetch}: {joined.rows:,} rows, {joined.predicted:,} predicted, {joined.faulty:,} with faults, "
            f"{joined.failed:,} in batches that failed",
            file=sys.stderr,
        )
        if joined.disarmed:
            print(formulas.notice(joined.disarmed), file=sys.stderr)
        incomplete = joined.predicted != joined.rows
    return SOME_ROWS_FAILED if incomplete else 0


def _why(found: BatchRun, seen: Progress) -> str:
    said = found.reason() if seen.failed else ""
    return f"{seen.why}; a batch failed, as {said}" if said else seen.why


def _how_to_go_on(found: BatchRun) -> str:
    return f"; the run goes on in AWS: `ml-inference batch --name {found.name}` follows it again"


def _how_to_redrive(found: BatchRun) -> str:
    return f"; once that is mended, `ml-inference batch --name {found.name} --redrive` runs what is left"
