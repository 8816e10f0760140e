"""How many processor instructions the handler needs: a figure that no other program on the machine can touch.

Counted by valgrind's callgrind in processes of the same worker that the times come from. Counts belong to a Python and
to the packages below it; those of record stand in instructions.json, and a change that makes the handler dearer has to
record them again, and say why:

    python -m benchmarks.instructions            compare with what is recorded
    python -m benchmarks.instructions --record   record
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import payloads, runtime, subjects
from benchmarks.folders import HERE
from benchmarks.subjects import Event, Process, Subject

RECORD = HERE / "instructions.json"

TOLERANCE = 0.03
"""Share by which a count may grow, or shrink, before it has to be recorded again."""

FIRST = (2, 100, 1000)
"""Rows of the requests of records whose first answers are counted."""

WARM = (("2 rows", 2, "records", 40), ("100 rows", 100, "records", 10), ("100 rows as columns", 100, "columns", 10),
        ("100 rows as CSV", 100, "CSV", 10),
        ("1,000 rows", 1000, "records", 4), ("1,000 rows as binary", 1000, "binary", 20))  # fmt: skip
"""Requests by name: rows, form, and how many calls are counted after as many that are not."""

EARLY = 2
"""How many of them are also counted in a process that has parsed and written little so far (ADR 32), by half as many
calls."""

WATCHED = ("2 rows", "1,000 rows")
"""Which of them are also counted with drift metrics switched on."""


class NoCallgrindError(Exception):
    """Instructions cannot be counted here. The message says why."""


@dataclass(frozen=True)
class Change:
    """A count beside its record.

    Attributes:
        name: What is counted.
        recorded: Instructions of record; 0 where there is no record yet.
        counted: Instructions now.
    """

    name: str
    recorded: int
    counted: int

    @property
    def growth(self) -> float:
        """The share by which the count grew; negative if it shrank, infinite if it is new."""
        return self.counted / self.recorded - 1 if self.recorded else math.inf

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.name:28} {self.recorded:>13,} {self.counted:>13,} {self.growth:+7.1%}"


def count(subject: Subject | None = None) -> dict[str, int]:
    """Count the instructions of first answers, import and model included, and of warm calls.

    Args:
        subject: Whose; the handler's if none is given.

    Raises:
        NoCallgrindError: valgrind is not installed, or the runtime client cannot run here.
    """
    subject = subject or subjects.handler()
    counts = {f"first answer: {rows:,} rows": _first(subject, subjects.no_op(), rows) for rows in FIRST}
    try:
        within, empty = map(runtime.beside_the_client, (subject, subjects.no_op()))
    except runtime.NotHereError as reason:
        raise NoCallgrindError(str(reason)) from None
    counts["within Lambda: first answer, 2 rows"] = _first(within, empty, 2)
    for at, (name, rows, form, calls) in enumerate(WARM):
        if at < EARLY:
            counts[f"early: {name}"] = _call(subject, rows, form, calls // 2, [])
        counts[f"warm: {name}"] = _call(subject, rows, form, calls, [(1, 2)])
    return counts


def count_drift() -> dict[str, int]:
    """Count the warm calls of a handler with drift metrics, of which the record has those without as well.

    Raises:
        NoCallgrindError: valgrind is not installed.
    """
    watching = subjects.watching()
    return {
        f"warm: {name}, drift metrics": _call(watching, rows, form, calls, [(1, 2)])
        for name, rows, form, calls in WARM
        if name in WATCHED
    }


def _first(subject: Subject, no_op: Subject, rows: int) -> int:
    """Return the instructions from the start of a process to its first answer, less those of doing nothing."""
    events = [payloads.as_json(payloads.records(rows))]
    return _total(subject, events, []) - _total(no_op, events, [])


def _call(subject: Subject, rows: int, form: str, calls: int, before: Sequence[tuple[int, int]]) -> int:
    """Return the instructions of a call, out of as many as are needed to be repeatable."""
    events = [payloads.FORMS[form](payloads.records(rows)), payloads.much(payloads.records(2))]
    less, more = (_total(subject, events, [*before, (0, times * calls)]) for times in (1, 2))
    return (more - less) // calls


def changes() -> list[Change]:
    """Count, and set beside the record.

    Raises:
        NoCallgrindError: Nothing can be counted here, or the record is of another Python or XGBoost.
    """
    record = json.loads(RECORD.read_text())
    if record["counted_with"] != _parts():
        raise NoCallgrindError(f"the record is of {record['counted_with']}, this is {_parts()}")
    counts = {**count(), **count_drift()}
    return [Change(name, record["instructions"].get(name, 0), counts[name]) for name in counts]


def recorded() -> dict[str, int]:
    """Return the counts of record."""
    found: dict[str, int] = json.loads(RECORD.read_text())["instructions"]
    return found


def _total(subject: Subject, events: list[Event], calls: Sequence[tuple[int, int]]) -> int:
    """Return all instructions of a process that answers its first event, and then events by index so many times."""
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise NoCallgrindError("valgrind is not installed (on Debian and Ubuntu: apt-get install valgrind)")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        under = [valgrind, "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]
        fixed = Subject(**{**vars(subject), "settings": {**subject.settings, "PYTHONHASHSEED": "0"}})
        # Once beforehand, so that compiled modules and file caches are there.
        with Process(fixed, events) as process:
            for index, times in calls:
                process.times(index, times)
        with Process(fixed, events, under) as process:
            for index, times in calls:
                process.times(index, times)
        totals = [line for line in out.read_text().splitlines() if line.startswith(("summary:", "totals:"))]
    return int(totals[-1].split()[1])


def _parts() -> dict[str, str]:
    """Return what the counts belong to."""
    packages = {name: metadata.version(name) for name in ("orjson",)}
    return {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "xgboost": subjects.library_version(),
        **packages,
    }


def main() -> int:
    """Compare or record; returns the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description="Count instructions.")
    parser.add_argument("--record", action="store_true", help="record what is counted now")
    try:
        if parser.parse_args().record:
            document: dict[str, Any] = {"counted_with": _parts(), "instructions": {**count(), **count_drift()}}
            RECORD.write_text(json.dumps(document, indent=1) + "\n")
            print(RECORD.read_text(), end="")
            return 0
        found = changes()
    except NoCallgrindError as reason:
        print(f"not counted: {reason}", file=sys.stderr)
        return 1
    for change in found:
        print(change)
    return 0 if all(abs(change.growth) <= TOLERANCE for change in found) else 1


if __name__ == "__main__":
    sys.exit(main())
