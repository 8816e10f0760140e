"""`make bench`: measures everything, prints the table, writes results.json and what docs and README show of it."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial

from benchmarks import growth, instructions, measurements, packages, payloads, report, runtime, subjects
from benchmarks.subjects import Subject
from docs import generate_benchmarks


def main() -> int:
    """Run the benchmarks; returns the process's exit status: 0 if every promise is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="repetitions of everything, in threes")
    parser.add_argument("--print-only", action="store_true", help="without growth curves; writes nothing")
    parser.add_argument("--against", metavar="COMMIT", help="also the handler of that commit; writes nothing")
    parser.add_argument(
        "--warm", type=_call, nargs="+", metavar="ROWS:FORM", help="only warm calls, such as 10000:CSV; writes nothing"
    )
    options = parser.parse_args()
    if not subjects.MODEL.exists():
        print(f"{subjects.MODEL} is missing: train it first (make train)", file=sys.stderr)
        return 1
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core, for every process that is started
    repeat = max(1, options.repeat)
    notes: list[str] = []
    peers = _peers(notes)
    if options.against:
        peers.append(subjects.earlier(options.against))
    print(report.heading(), flush=True)
    found: list[measurements.Measurement] = []
    if options.warm:
        found = measurements.in_warm_processes([*peers, subjects.handler()], options.warm, rounds=3 * repeat)
        for measured in found:
            print(report.line(measured))
        return _status(found)
    for measured in measurements.in_processes(peers, starts=3 * repeat, rounds=3 * repeat):
        found.append(measured)
        print(report.line(measured), flush=True)
    for name, measure in (
        ("within Lambda", partial(measurements.within_lambda, peers, starts=3 * repeat)),
        ("on disk", measurements.on_disk),
        (
            "behind Lambda's runtime client",
            partial(measurements.behind_the_runtime, peers, starts=2 * repeat, calls=200),
        ),
    ):
        try:
            for measured in measure():
                found.append(measured)
                print(report.line(measured), flush=True)
        except (packages.NoIndexError, runtime.NotHereError) as reason:
            notes.append(f"Not measured {name}: {reason}.")
            print(notes[-1])
    if not (options.print_only or options.against):
        print("instructions, and growth with trees, features and rows ...", flush=True)
        curves = growth.curves(starts=repeat, rounds=repeat)
        report.Results(report.versions(), found, curves, instructions.recorded(), notes).save()
        generate_benchmarks.main()
        print("written: benchmarks/results.json, docs/benchmarks.md, docs/benchmarks.svg, the figures in README.md")
    return _status(found)


def _call(text: str) -> tuple[int, str]:
    """Return rows and form of a call; argparse refuses others with a sentence of its own."""
    rows, _, form = text.partition(":")
    if not (rows.isdecimal() and int(rows)) or form not in payloads.FORMS:
        forms = ", ".join(payloads.FORMS)
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rows and one of {forms}, such as 10000:CSV")
    return int(rows), form


def _status(found: list[measurements.Measurement]) -> int:
    return 0 if all(kept for measured in found for _, _, kept in measured.verdicts()) else 1


def _peers(notes: list[str]) -> list[Subject]:
    """Return those whose answers are the handler's; who answers otherwise is no peer."""
    everyone = [subjects.tutorial()]
    try:
        everyone += [subjects.careful(), subjects.onnx(), subjects.compiled()]
    except packages.NoIndexError as reason:
        notes.append(f"Not measured beside the others: {reason}.")
        print(notes[-1])
    measurements.check_answers(everyone, payloads.records(100))
    return everyone


if __name__ == "__main__":
    sys.exit(main())
