"""Scores a million rows once, killed with `kill -9` half-way and resumed, and prints throughput and peak memory.

python -m tests.clients.benchmark_score [ROWS]

Client, emulator and function share this machine's cores, so the throughput is a lower bound of the client's own; what
the function alone can do is told by the processor time of its processes.
Every row of the output is compared with the model's own prediction.
"""

import contextlib
import csv
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost

from local.cloud import Credentials
from tests.clients.local_endpoint import REPOSITORY, LocalEndpoint, deployed

DISTINCT = 5_000
"""Rows that differ; a larger file repeats them, each time with another id."""

CLIENT = REPOSITORY / "clients" / "python"


@dataclass(frozen=True)
class Measured:
    """One scoring of a file.

    Attributes:
        seconds: From start to end of the command, both runs together if it was killed once.
        function_seconds: Processor time that the function's processes took meanwhile; NaN where /proc does not tell.
        peak_mb: Largest resident memory of the command that ended by itself, in MB.
        killed_after: Rows that were safe when it was killed; None if it was not.
    """

    seconds: float
    function_seconds: float
    peak_mb: float
    killed_after: int | None


def measure(endpoint: LocalEndpoint, caller: Credentials, folder: Path, rows: int, kill_halfway: bool) -> Measured:
    """Write a file of rows, score it, and check every prediction.

    Args:
        endpoint: Where it is scored.
        caller: Credentials of the invoker role.
        folder: Where the files go.
        rows: How many rows.
        kill_halfway: Whether to kill the command once half of the rows are safe, and run it again.
    """
    folder.mkdir(exist_ok=True)
    table, output = folder / "rows.csv", folder / "scored.csv"
    expected = write_table(table, rows)
    command = [
        sys.executable, "-m", "ml_inference_client", "score", str(table), str(output), "--keep", "id",
        "--endpoint", endpoint.url, "--connect-to", endpoint.cloud.url, "--role-arn", "",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "PYTHONPATH": str(CLIENT),
        "AWS_ACCESS_KEY_ID": caller.access_key_id,
        "AWS_SECRET_ACCESS_KEY": caller.secret_access_key,
        "AWS_SESSION_TOKEN": caller.session_token or "",
    }
    started, before, safe = time.monotonic(), function_seconds(), None
    if kill_halfway:
        process = subprocess.Popen(command, env=environment)
        safe = wait_for_rows(output.with_name("scored.csv.unfinished") / "journal", rows // 2, process)
        process.kill()
        process.wait()
        assert not output.exists()
    process = subprocess.Popen(command, env=environment)
    peak = peak_of(process)
    seconds, taken = time.monotonic() - started, function_seconds() - before
    check(output, expected, rows)
    return Measured(seconds, taken, peak, safe)


def function_seconds() -> float:
    """Processor time of the function's processes so far, which are the emulator's; NaN where /proc does not tell."""
    parents, emulators, ticks = {}, set(), {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)], ticks[int(entry.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
            if b"emulator_process" in (entry / "cmdline").read_bytes() and int(fields[1]) == os.getpid():
                emulators.add(int(entry.name))
    functions = [ticks[process] for process, parent in parents.items() if parent in emulators]
    return sum(functions) / os.sysconf("SC_CLK_TCK") if functions else math.nan


def write_table(table: Path, rows: int) -> list[float]:
    """Write the rows; returns the predictions of the distinct ones."""
    records = json.loads((REPOSITORY / "model" / "golden.json").read_text())["records"]
    names, choose = list(records[0]), random.Random(0)
    distinct = [[choose.choice(records)[name] for name in names] for _ in range(DISTINCT)]
    texts = [",".join(map(str, row)) for row in distinct]
    with table.open("w") as file:
        file.write(",".join([*names, "id"]) + "\n")
        file.writelines(f"{texts[row % DISTINCT]},{row}\n" for row in range(rows))
    booster = xgboost.Booster(model_file=REPOSITORY / "model" / "wine_quality.ubj")
    matrix = xgboost.DMatrix(np.array(distinct, dtype=np.float32), feature_names=names)
    predictions: list[float] = booster.predict(matrix).astype(float).tolist()
    return predictions


def wait_for_rows(journal: Path, rows: int, process: "subprocess.Popen[bytes]") -> int:
    """Wait until the journal vouches for so many rows; returns how many it did."""
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError, KeyError, IndexError):
            safe = int(json.loads(journal.read_bytes().split(b"\n")[-2].partition(b" ")[2])["progress"]["rows"])
            if safe >= rows:
                return safe
        time.sleep(0.05)
    raise AssertionError("the run ended before it could be killed")


def peak_of(process: "subprocess.Popen[bytes]") -> float:
    """Wait for the end of a process; returns its largest resident memory in MB, NaN where /proc does not tell."""
    peak = math.nan
    while process.poll() is None:
        # Not the usage that the system reports at the end: that begins with the memory of the process that forked.
        with contextlib.suppress(OSError, AttributeError):
            high = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
            peak = int(high[1]) / 1024 if high else peak
        time.sleep(0.02)
    assert process.returncode in (0, -signal.SIGKILL), f"the command ended with {process.returncode}"
    return peak


def check(output: Path, expected: list[float], rows: int) -> None:
    """Each row is there once, in order, with its prediction and its id."""
    count = 0
    for count, line in enumerate(lines(output), start=1):
        row = count - 1
        assert line == [str(row), repr(expected[row % DISTINCT]), str(row)], f"row {row} is wrong"
    assert count == rows, f"{count} of {rows} rows are in the output"


def lines(output: Path) -> Iterator[list[str]]:
    """The output's lines without its header."""
    with output.open(newline="") as file:
        reader = csv.reader(file)
        assert next(reader) == ["row", "prediction", "id"]
        yield from reader


def main() -> None:
    """Measure a tenth of the rows, then all of them with a kill in the middle."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with deployed() as endpoint, tempfile.TemporaryDirectory() as folder:
        caller = endpoint.identity(endpoint.outputs["invoker_role_arn"]).session
        print(f"{'rows':>10} {'seconds':>8} {'rows/s':>9} {'peak MB':>8} {'rows/s of the function':>23}")
        for size, kill in ((rows // 10, False), (rows, False), (rows, True)):
            done = measure(endpoint, caller, Path(folder) / f"{size}{kill}", size, kill)
            killed = "" if done.killed_after is None else f"  killed after {done.killed_after:,} rows, resumed"
            print(
                f"{size:>10,} {done.seconds:>8.1f} {size / done.seconds:>9,.0f} {done.peak_mb:>8.0f} "
                f"{size / done.function_seconds:>23,.0f}{killed}",
                flush=True,
            )
    print("every row is in the output once, in order, with the model's own prediction")


if __name__ == "__main__":
    main()
