"""`make bench`: measures everything, prints the ratios, writes results.json, docs/benchmarks.md and the plot."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import growth, packages, ratios, report, runtime, subjects


def main() -> int:
    """Run the benchmarks; returns the process's exit status: 0 if every promise is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="repetitions of everything, in threes")
    parser.add_argument("--print-only", action="store_true", help="without growth curves; writes nothing")
    options = parser.parse_args()
    if not subjects.MODEL.exists():
        print(f"{subjects.MODEL} is missing: train it first (make train)", file=sys.stderr)
        return 1
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core, for every process that is started
    repeat = max(1, options.repeat)
    notes: list[str] = []
    print("in fresh and warm processes ...", flush=True)
    found = ratios.in_processes(starts=3 * repeat, rounds=3 * repeat)
    try:
        found += ratios.on_disk()
    except packages.NoIndexError as reason:
        notes.append(f"Not measured on disk: {reason}.")
        print(notes[-1])
    print("behind Lambda's runtime client and interface emulator ...", flush=True)
    try:
        found += ratios.behind_the_runtime(starts=2 * repeat, calls=200)
    except runtime.NotHereError as reason:
        notes.append(f"Not measured behind Lambda's runtime client: {reason}.")
        print(notes[-1])
    for ratio in found:
        print(report.line(ratio))
    if not options.print_only:
        print("growth with trees ...", flush=True)
        trees = growth.by_trees(starts=repeat, rounds=repeat)
        print("growth with rows ...", flush=True)
        rows = growth.by_rows(rounds=repeat)
        report.write(found, trees, rows, notes)
        print("written: benchmarks/results.json, docs/benchmarks.md, docs/benchmarks.svg")
    return 0 if all(ratio.kept for ratio in found) else 1


if __name__ == "__main__":
    sys.exit(main())
