"""`make bench`: measures everything, prints the ratios, writes results.json, docs/benchmarks.md and the plot."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import growth, packages, ratios, report, runtime, subjects


def main() -> int:
    """Run the benchmarks; returns the process's exit status: 0 if every promise is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the repetitions, and nothing is written")
    quick = parser.parse_args().quick
    if not subjects.MODEL.exists():
        print(f"{subjects.MODEL} is missing: train it first (make train)", file=sys.stderr)
        return 1
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one core, for every process that is started
    scale = 1 if quick else 5
    notes: list[str] = []
    print("in fresh and warm processes ...", flush=True)
    found = ratios.in_processes(starts=3 * scale, rounds=3 * scale)
    try:
        found += ratios.on_disk()
    except packages.NoIndexError as reason:
        notes.append(f"Not measured on disk: {reason}.")
        print(notes[-1])
    print("behind Lambda's runtime client and interface emulator ...", flush=True)
    try:
        found += ratios.behind_the_runtime(starts=2 * scale, calls=200)
    except runtime.NotHereError as reason:
        notes.append(f"Not measured behind Lambda's runtime client: {reason}.")
        print(notes[-1])
    for ratio in found:
        print(report.line(ratio))
    if not quick:
        print("growth with trees ...", flush=True)
        trees = growth.by_trees(starts=5, rounds=5)
        print("growth with rows ...", flush=True)
        rows = growth.by_rows(rounds=5)
        report.write(found, trees, rows, notes)
        print("written: benchmarks/results.json, docs/benchmarks.md, docs/benchmarks.svg")
    return 0 if all(ratio.kept for ratio in found) else 1


if __name__ == "__main__":
    sys.exit(main())
