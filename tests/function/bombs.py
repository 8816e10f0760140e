"""What do bodies of 6 MB cost that were made to cost much? `python -m tests.function.bombs` prints it for each of them.

The tests hold status and memory of each; how many seconds one takes is for this command to say, since a timed test
would fail on a busy machine. Linux only: no other system tells a process's largest size.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost

from tests.function.bodies import GOOD, MEBIBYTE, packed, sized, with_age, zeros

FUNCTION = Path(__file__).parents[2] / "function"
EVENT = Path(__file__).parents[1] / "events" / "function_url_post.json"

CSV = {"content_type": "text/csv"}

# name: (allowed statuses, content type and encoding, body); each about 6 MB, which is all that Lambda lets through.
BOMBS: dict[str, tuple[int, dict[str, str], Callable[[], str | bytes]]] = {
    "open brackets": (413, {}, lambda: sized("", "[", "")),
    "nested arrays": (413, {}, lambda: "[" * (3 * MEBIBYTE) + "]" * (3 * MEBIBYTE)),
    "nested objects": (413, {}, lambda: sized("", '{"a":', "")),
    "a million empty rows": (413, {}, lambda: sized("[", "{},", "{}]")),
    "a million empty arrays": (413, {}, lambda: sized("[", "[],", "[]]")),
    "empty rows up to the limit": (422, {}, lambda: sized("[", "{}" + " " * 22 + ",", "{}]")),
    "an integer of six million digits": (400, {}, lambda: with_age("9" * (6 * MEBIBYTE))),
    "a fraction of six million digits": (200, {}, lambda: with_age("0." + "9" * (6 * MEBIBYTE))),
    "an exponent of six million digits": (422, {}, lambda: with_age("1e" + "9" * (6 * MEBIBYTE))),
    "a number of six million zeros": (200, {}, lambda: with_age("0." + "0" * (6 * MEBIBYTE) + "1")),
    "a million long integers": (422, {}, lambda: sized("[", "9" * 300 + ",", "9]")),
    "a string of 6 MB": (422, {}, lambda: with_age('"' + "a" * (6 * MEBIBYTE) + '"')),
    "a string of escapes": (422, {}, lambda: with_age(sized('"', "\\u00e9", '"'))),
    "a string of backslashes": (422, {}, lambda: with_age(sized('"', "\\\\", '"'))),
    "a key of 6 MB": (422, {}, lambda: "[{" + '"' + "k" * (6 * MEBIBYTE) + '": 1}]'),
    "six hundred thousand keys": (422, {}, lambda: json.dumps([{f"{i:06}": 1 for i in range(500_000)}])),
    "one key a million times": (422, {}, lambda: sized("[{", '"a":1,', '"a":1}]')),
    "an array of a million numbers": (422, {}, lambda: sized("[", "1.5,", "1]")),
    "a value of a million numbers": (422, {}, lambda: with_age(sized("[", "1.5,", "1]"))),
    "columns of a million numbers": (413, {}, lambda: '{"income":[' + "1," * 900_000 + '1],"age":['
        + "2," * 900_000 + '2],"height: cm":[' + "3," * 900_000 + "3]}"),
    "columns with a string at the end": (422, {}, lambda: '{"income":[1],"age":[2],"height: cm":['
        + "3," * (3 * MEBIBYTE) + '"x"]}'),
    "records with a fault at the end": (422, {}, lambda: sized("[", GOOD + ",", '{"income": "x"}]')),
    "records with every value wrong": (422, {}, lambda: sized("[", '{"income":"","age":"","height: cm":""},', "{}]")),
    "colons": (400, {}, lambda: ":" * (6 * MEBIBYTE)),
    "commas": (400, {}, lambda: sized("[", ",", "]")),
    "spaces": (400, {}, lambda: " " * (6 * MEBIBYTE)),
    "base64 of nothing": (400, {}, lambda: b"=" * (4 * MEBIBYTE)),
    "gzip of 200 megabytes": (413, {"content_encoding": "gzip"}, lambda: zeros(200 * MEBIBYTE)),
    "gzip of ten megabytes of brackets": (413, {"content_encoding": "gzip"}, lambda: packed("[" * (10 * MEBIBYTE))),
    "gzip of rows": (413, {"content_encoding": "gzip"}, lambda: packed(sized("[", "{},", "{}]", 10 * MEBIBYTE))),
    "CSV of commas": (422, CSV, lambda: "," * (6 * MEBIBYTE)),
    "CSV of line ends": (422, CSV, lambda: "\n" * (6 * MEBIBYTE)),
    "CSV of ones": (422, CSV, lambda: sized("", "1,", "1")),
    "CSV of short lines": (413, CSV, lambda: sized("", "1\n", "1")),
    "CSV of a million good lines": (413, CSV, lambda: sized("", "1,2,3\n", "1,2,3")),
    "CSV of as many good lines as may be": (200, CSV, lambda: "1.2500000,2.2500000,3.25\n" * 250_000),
    "CSV of as many bad lines as may be": (422, CSV, lambda: "1.2500000,2.2500000,word\n" * 250_000),
    "CSV of as many quoted lines as may be": (422, CSV, lambda: '"1.25000","2.2500","3"\n' * 250_000 + "1,2,x\n"),
    "CSV with a long last line": (422, CSV, lambda: "1,2,3\n" + "," * (6 * MEBIBYTE)),
    "CSV of words": (413, CSV, lambda: sized("", "a,b,c\n", "a,b,c")),
    "CSV of quotes": (413, CSV, lambda: sized("", '"1","2","x"\n', '"1","2","3"')),
    "CSV with one quote of 6 MB": (413, CSV, lambda: '"' + "1,2,3\n" * MEBIBYTE),
    "CSV header of many columns": (422, CSV, lambda: "income," + "x," * (3 * MEBIBYTE) + "\n"),
}  # fmt: skip

SECONDS = 2
"""Of processor time that a bomb may take."""

MEMORY_MB = 614
"""60 % of the function's default memory, library and interpreter included."""

_CPU_LIMIT_SECONDS = 20
"""A bomb that takes minutes is stopped."""

_SCRIPT = """
import sys; sys.path[:0] = {paths!r}
import json, resource, time, handler
resource.setrlimit(resource.RLIMIT_CPU, ({limit}, {limit}))
event = json.load(open({event!r}))
started = time.process_time()
response = handler.handler(event, None)
seconds = time.process_time() - started
lines = open("/proc/self/status").readlines()  # getrusage's figure survives exec: it would be its parent's own size
peak = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
print(json.dumps([response["statusCode"], peak, seconds]))
"""


@dataclass(frozen=True)
class Answer:
    """What one bomb got and cost.

    Attributes:
        status: HTTP status.
        peak_mb: Largest resident size of the process, in MB.
        seconds: Processor time of the call.
    """

    status: int
    peak_mb: int
    seconds: float


def explode(name: str, model: Path, folder: Path) -> Answer:
    """Send one of `BOMBS` to a handler in a process of its own.

    Args:
        name: A key of `BOMBS`.
        model: Model file with the features "income", "age" and "height: cm".
        folder: For the event's file.
    """
    _, headers, body = BOMBS[name]
    event = json.loads(EVENT.read_text())
    content = body()
    event["isBase64Encoded"] = isinstance(content, bytes)
    event["body"] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    event["headers"] |= {key.replace("_", "-"): value for key, value in headers.items()}
    file = folder / "event.json"
    file.write_text(json.dumps(event))
    paths = [str(FUNCTION), *(path for path in sys.path if path.endswith("site-packages"))]
    finished = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(paths=paths, limit=_CPU_LIMIT_SECONDS, event=str(file))],
        env={**os.environ, "MODEL_PATH": str(model)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if finished.returncode:
        raise RuntimeError(f"{name}: the handler's process ended with {finished.returncode}: {finished.stderr[-2000:]}")
    return Answer(*json.loads(finished.stdout.splitlines()[-1]))


def main() -> int:
    """Print a line for each bomb; returns the process's exit status: 0 if none takes too much."""
    argparse.ArgumentParser(prog="python -m tests.function.bombs", description=__doc__).parse_args()
    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        rows = np.random.default_rng(3).normal(size=(500, 3)).astype(np.float32)
        data = xgboost.DMatrix(rows, rows @ [1, 2, 3], feature_names=["income", "age", "height: cm"])
        model = Path(scratch) / "model.ubj"
        xgboost.train({"max_depth": 3, "nthread": 1}, data, 20).save_model(model)
        for name in BOMBS:
            answers[name] = explode(name, model, Path(scratch))
            print(f"{name:42} {answers[name].status} {answers[name].seconds:6.2f} s {answers[name].peak_mb:5} MB")
    seconds = max(answer.seconds for answer in answers.values())
    memory = max(answer.peak_mb for answer in answers.values())
    print(f"{len(answers)} bombs, at most {seconds:.2f} s (≤ {SECONDS} s) and {memory} MB (≤ {MEMORY_MB} MB)")
    return 0 if seconds <= SECONDS and memory <= MEMORY_MB else 1


if __name__ == "__main__":
    sys.exit(main())
