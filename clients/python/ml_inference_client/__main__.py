"""The command: predict records, score a large file or files in S3, try the model on a page, or find out what is wrong.

ml-inference predict records.json
ml-inference score wines.csv predictions.csv
ml-inference batch s3://rows/in.csv s3://answers/2026/
ml-inference playground
ml-inference doctor
"""

import argparse
import functools
import gc
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from ml_inference_client import doctor
from ml_inference_client.batch import command as batch
from ml_inference_client.client import Client
from ml_inference_client.errors import InferenceError, Interrupted, SettingsError
from ml_inference_client.playground import command as playground
from ml_inference_client.retry import Retry
from ml_inference_client.score import command as score
from ml_inference_client.settings import Settings, outputs_from, outputs_of_stack


def process() -> int:
    """Run the command in a process of its own, whose end looks for no garbage: that took a fifth of a short run."""
    status = main()
    gc.freeze()
    return status


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 failed, 128 and the signal's number if one ended it."""
    options = _parser().parse_args(arguments)
    try:
        with _ended_by_signals():
            status: int = options.run(options, _settings(options))
    except KeyboardInterrupt as stop:
        print(f"\r{stop if isinstance(stop, Interrupted) else 'interrupted'}", file=sys.stderr)
        return 128 + (stop.signal if isinstance(stop, Interrupted) else signal.SIGINT)
    except InferenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return status


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take a request to end, or a terminal that goes away, as Ctrl-C is taken: nothing is left half done or unsaid."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise Interrupted(number, f"ended by {signal.Signals(number).name}")

    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    found = {number: signal.getsignal(number) for name in names if (number := getattr(signal, name, None))}
    taken = {number: handler for number, handler in found.items() if handler is signal.SIG_DFL}  # nohup ignores one
    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)


def _predict(options: argparse.Namespace, settings: Settings) -> int:
    records = _records(options.file)
    with Client(settings, retry=_retry(options)) as client:
        predictions = client.predict(records)
    try:
        print(json.dumps(predictions), flush=True)
    except OSError as error:
        sys.stdout = None  # or Python would complain again when it ends
        raise InferenceError(f"the predictions cannot be printed: {error.strerror}") from None
    return 0


def _score(options: argparse.Namespace, settings: Settings) -> int:
    return score.run(options, settings, _retry(options))


def _playground(options: argparse.Namespace, settings: Settings) -> int:
    return playground.run(options, settings, _retry(options))


def _batch(options: argparse.Namespace, settings: Settings) -> int:
    return batch.run(options, settings)


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    finding = None
    for finding in doctor.examine(settings, _retry(options)):
        print(f"{'ok  ' if finding.good else 'FAIL'}  {finding.step:<12} {finding.sentence}", flush=True)
    return 0 if finding is not None and finding.good else 1


def _records(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        records = json.loads(text)
    except OSError as error:
        raise InferenceError(f"{file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InferenceError(f"{file} is not JSON: {error}") from None
    except RecursionError:
        raise InferenceError(f"{file} is nested too deeply for records") from None
    if not isinstance(records, list):
        raise InferenceError(f"{file} must hold a JSON array of records")
    return records


def _settings(options: argparse.Namespace) -> Settings:
    given = {name: getattr(options, name) for name in ("endpoint", "region", "role_arn", "connect_to")}
    outputs = None
    if options.stack_outputs and options.stack:
        raise SettingsError("give --stack or --stack-outputs, not both")
    if options.stack_outputs:
        outputs = outputs_from(options.stack_outputs)
    elif options.stack:
        outputs = outputs_of_stack(options.stack)
    return Settings.find(given, outputs=outputs)


def _retry(options: argparse.Namespace) -> Retry:
    return Retry(attempts=options.attempts)


@functools.cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ml-inference",
        description="Call a model endpoint that wants IAM signatures. Credentials come from AWS's usual chain.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("predict", _predict, "send a JSON array of records, print the predictions"),
        ("score", _score, "send a CSV or Parquet file in chunks; run again after an interruption, it goes on"),
        ("batch", _batch, "score files in S3 by the deployed state machine; take a run up again by its name"),
        ("playground", _playground, "open a page on this machine to try the model; needs the extra of that name"),
        ("doctor", _doctor, "say what is wrong, if anything"),
    ):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.set_defaults(run=run)
        _add_settings(command)
        if name == "predict":
            command.add_argument("file", nargs="?", default="-", help="the records (default: standard input)")
        if name == "score":
            score.add_arguments(command)
        if name == "batch":
            batch.add_arguments(command)
        if name == "playground":
            playground.add_arguments(command)
    return parser


def _add_settings(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("endpoint (default: environment, then `pulumi stack output`)")
    group.add_argument("--endpoint", help="the Function URL; INFERENCE_ENDPOINT")
    group.add_argument("--region", help="its AWS region (default: from its name); INFERENCE_REGION")
    group.add_argument("--role-arn", help="the role to assume; empty: none; INFERENCE_ROLE_ARN")
    group.add_argument(
        "--connect-to", metavar="URL", help="connect here, sign for the endpoint's name; INFERENCE_CONNECT_TO"
    )
    group.add_argument("--stack", help="the Pulumi stack to ask (default: the selected one)")
    group.add_argument(
        "--stack-outputs",
        type=Path,
        metavar="FILE",
        help="what `pulumi stack output --json` printed, instead of asking",
    )
    group.add_argument("--attempts", type=_positive, default=Retry.attempts, help="sends per request (default: 6)")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number, at least 1, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(process())
