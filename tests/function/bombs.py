"""What do bodies cost that were made to cost much? `python -m tests.function.bombs` prints it for each of them.

The tests hold status and memory of each. What one takes is for this command to say: seconds, or with `--instructions`
what callgrind counts, which no other program on the machine can touch and which must stay within a multiple of what the
body weighs. Linux only: no other system tells a process's largest size.
"""

from __future__ import annotations

import argparse
import base64
import functools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from tests.function.bodies import GOOD, MEBIBYTE, npy, packed, sized, with_age, zeros

FUNCTION = Path(__file__).parents[2] / "function"
EVENT = Path(__file__).parents[1] / "events" / "function_url_post.json"

CSV = {"content_type": "text/csv"}
LINES = {"content_type": "application/jsonlines"}
LIBSVM = {"content_type": "text/libsvm"}
NPY = {"content_type": "application/x-npy"}
FLOATS = {"content_type": "application/x-float32"}
TENSORS = {"path": "/v2/models/small/infer"}
GZIP = {"content_encoding": "gzip"}

WIDE = 10_000
"""Features of the wide model, which are called as `column` says. Everything may be left out of its rows."""


def column(at: int) -> str:
    """Return the name of a feature of the wide model."""
    return f"column_{at:05}"


def dense_gzip() -> bytes:
    """Return gzip of some 20 KB that grows nearly as much as may be: records that come again at deflate's reach."""
    digits = random.Random(1)
    block = ",".join(with_age(f"{digits.random():.9f}")[1:-1] for _ in range(600))
    return packed("[" + ",".join([block] * 10) + "]")


# name: (allowed status, path and headers, body); most about 6 MB, which is all that Lambda lets through.
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
    "gzip that grows as much as may be": (200, GZIP, dense_gzip),
    "lines of records": (200, LINES, lambda: (GOOD + "\n") * 140_000),
    "lines of records, the last one broken": (400, LINES, lambda: (GOOD + "\n") * 140_000 + "{"),
    "lines of records, the last one with a key twice": (
        422, LINES, lambda: (GOOD + "\n") * 140_000 + '{"income": 1, "income": 2, "age": 2, "height: cm": 3}'),
    "lines of empty records": (413, LINES, lambda: "{}\n" * (2 * MEBIBYTE)),
    "lines of nothing": (413, LINES, lambda: "\n" * (6 * MEBIBYTE)),
    "LIBSVM of as many lines as may be": (200, LIBSVM, lambda: "1 0:1.25 1:2.25 2:3.25\n" * 262_000),
    "LIBSVM of as many lines, the last one broken": (400, LIBSVM, lambda: "0:1.25 1:2.25 2:3.25\n" * 262_000 + "0:x"),
    "LIBSVM of line ends": (422, LIBSVM, lambda: "\n" * (6 * MEBIBYTE)),
    "LIBSVM of colons": (400, LIBSVM, lambda: ":" * (6 * MEBIBYTE)),
    "LIBSVM of one line": (422, LIBSVM, lambda: "0:1 " * (MEBIBYTE + MEBIBYTE // 2)),
    "float32 of too many rows": (413, FLOATS, lambda: bytes(12 * 370_000)),
    "float32 of as many rows as may be": (200, FLOATS, lambda: bytes(12 * 262_144)),
    "float32 of NaN": (422, FLOATS, lambda: b"\xff" * (12 * 262_144)),
    "npy of bytes": (413, NPY, lambda: npy("|u1", (1_500_000, 3))),
    "npy of as many halves as may be": (200, NPY, lambda: npy("<f2", (262_144, 3))),
    "npy of as many doubles as may be": (200, NPY, lambda: npy(">f8", (180_000, 3))),
    "npy with a header of brackets": (400, NPY, lambda: npy("<f4", (1, 3), "(" * 9_000)),
    "tensor of a million numbers": (413, TENSORS, lambda: '{"inputs":[{"name":"x","datatype":"INT8",'
        '"shape":[1000000,3],"data":[' + "1," * 2_999_999 + "1]}]}"),
    "tensor of many rows": (200, TENSORS, lambda: '{"inputs":[{"name":"x","datatype":"INT64","shape":[262144,3],'
        '"data":[' + "[1,2,3]," * 262_143 + "[1,2,3]]}]}"),
    "as many tensors": (413, TENSORS, lambda: '{"inputs":[' + sized(
        "", '{"name":"a","shape":[0],"datatype":"FP32","data":[]},', '{"name":"b"}') + "]}"),
    "tensors given twice": (422, TENSORS, lambda: '{"inputs":[{"name":"x","datatype":"INT8","shape":[1,3],'
        '"data":[1,2,3],"data":[1,2,3],"parameters":' + sized("[", "1,", "1]") + "}]}"),
    "records with base margins": (200, {}, lambda: sized("[", GOOD[:-1] + ', "base_margin": 1},', GOOD[:-1]
        + ', "base_margin": 1}]')),
    "records with base margins, one missing": (422, {}, lambda: sized("[", GOOD[:-1] + ', "base_margin": 1},', GOOD
        + "]")),
    "wide: as many empty records as may be": (200, {}, lambda: "[" + "{}," * 1_676 + "{}]"),
    "wide: too many empty records": (413, {}, lambda: "[" + "{}," * 200_000 + "{}]"),
    "wide: empty records with a fault at the end": (422, {}, lambda: "[" + "{}," * 1_676 + '{"x": 1}]'),
    "wide: empty lines of LIBSVM": (200, LIBSVM, lambda: "0\n" * 1_677),
    "wide: a table of one column": (200, CSV, lambda: column(7) + "\n" + "1\n" * 1_677),
    "wide: columns of which one is given": (413, {}, lambda: f'{{"{column(7)}":[' + "1," * 2_999_999 + "1]}"),
    "wide: whole records": (200, {}, lambda: json.dumps([{column(at): 1.5 for at in range(WIDE)}] * 28)),
    "wide: commas": (200, CSV, lambda: ("," * (WIDE - 1) + "\n") * 600),
    "wide: every name misspelt": (422, {}, lambda: json.dumps([{f"clumn_{at:05}": 1 for at in range(WIDE)}] * 28)),
    "wide: a header misspelt": (422, CSV, lambda: ",".join(f"clumn_{at:05}" for at in range(WIDE)) + "\n1,2,3\n"),
    "wide: explained": (200, {"path": "/explain"}, lambda: json.dumps([{column(at): 1.5 for at in range(WIDE)}] * 9)),
    "wide: too much to be explained": (413, {"path": "/explain"}, lambda: "[" + "{}," * 500 + "{}]"),
}  # fmt: skip

CHARACTER = 3_000
"""Instructions that a character of a body may take at most; a packed body weighs `request.MAX_EXPANSION` times what it
does, and `request.MAX_SMALL` at least."""

REQUEST = 1_000_000_000
"""Instructions that a request may take besides: modules that are imported for the first time, as many values as
`limits.MAX_VALUES`, of which only the rows are sent, and an answer of 6 MB."""

SECONDS = 2
"""Of processor time that a bomb may take."""

MEMORY_MB = 614
"""60 % of the function's default memory, library and interpreter included."""

_CPU_LIMIT_SECONDS = 20
"""A bomb that takes minutes is stopped."""

_SCRIPT = """
import sys; sys.path[:0] = {paths!r}
import json, resource, time, handler, request
resource.setrlimit(resource.RLIMIT_CPU, ({limit}, {limit}))
event = json.load(open({event!r}))
started = time.process_time()
response = handler.handler(event, None)
seconds = time.process_time() - started
lines = open("/proc/self/status").readlines()  # getrusage's figure survives exec: it would be its parent's own size
peak = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))
grows = [request.MAX_BODY, request.MAX_SMALL, request.MAX_EXPANSION]
print(json.dumps([response["statusCode"], peak, seconds, *grows]))
"""


@dataclass(frozen=True)
class Answer:
    """What one bomb got and cost.

    Attributes:
        status: HTTP status.
        peak_mb: Largest resident size of the process, in MB.
        seconds: Processor time of the call.
        weight: Characters of the body, and of a packed one those that it may grow to.
        instructions: Of the whole process; 0 if they were not counted.
    """

    status: int
    peak_mb: int
    seconds: float
    weight: int
    instructions: int


def models(folder: Path) -> None:
    """Write the models that the bombs are for: `small.ubj` and `wide.ubj`."""
    rows = np.random.default_rng(3).normal(size=(500, 3)).astype(np.float32)
    data = xgboost.DMatrix(rows, rows @ [1, 2, 3], feature_names=["income", "age", "height: cm"])
    xgboost.train({"max_depth": 3, "nthread": 1}, data, 20).save_model(folder / "small.ubj")
    names = [column(at) for at in range(WIDE)]
    data = xgboost.DMatrix(np.eye(9, WIDE, dtype=np.float32), np.arange(9), feature_names=names)
    xgboost.train({"nthread": 1, "min_child_weight": 0}, data, 2).save_model(folder / "wide.ubj")


def explode(name: str, folder: Path, under: Sequence[str] = ()) -> Answer:
    """Send one of `BOMBS` to a handler in a process of its own.

    Args:
        name: A key of `BOMBS`.
        folder: That of `models`; the event's file is written there too.
        under: A program that runs the process, with its arguments.
    """
    _, options, body = BOMBS[name]
    content = body()
    encoded = isinstance(content, bytes)
    event = json.loads(EVENT.read_text())
    event["rawPath"] = options.get("path", "/")
    event["isBase64Encoded"] = encoded
    event["body"] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    event["headers"] |= {key.replace("_", "-"): value for key, value in options.items() if key != "path"}
    model = "wide" if name.startswith("wide") else "small"
    status, peak, seconds, longest, small, growth = _answer(event, model, folder, under)
    weight = len(content)
    if "content_encoding" in options:
        weight = min(longest, max(small, growth * weight))
    return Answer(status, peak, seconds, weight, 0)


def _answer(event: dict[str, object], model: str, folder: Path, under: Sequence[str]) -> list[Any]:
    """Return status, largest size and seconds of one event, and the three limits of a packed body."""
    file = folder / "event.json"
    file.write_text(json.dumps(event))
    paths = [str(FUNCTION), *(path for path in sys.path if path.endswith("site-packages"))]
    limit = _CPU_LIMIT_SECONDS * (100 if under else 1)
    settings = dict.fromkeys(("ALLOW_MISSING", "ALLOW_ABSENT"), "true") if model == "wide" else {}
    finished = subprocess.run(
        [*under, sys.executable, "-c", _SCRIPT.format(paths=paths, limit=limit, event=str(file))],
        env={**os.environ, **settings, "MODEL_PATH": str(folder / f"{model}.ubj"), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit * 6,
    )
    if finished.returncode:
        raise RuntimeError(f"the handler's process ended with {finished.returncode}: {finished.stderr[-2000:]}")
    told: list[Any] = json.loads(finished.stdout.splitlines()[-1])
    return told


def counted(name: str, folder: Path) -> Answer:
    """Return what one bomb got and cost, its instructions beyond those of a process that answers nothing.

    Raises:
        RuntimeError: valgrind is not installed.
    """
    out = folder / "callgrind.out"
    answer = explode(name, folder, _under(out))
    idle = _idle("wide" if name.startswith("wide") else "small", folder)
    return replace(answer, instructions=max(0, _total(out) - idle))


def _under(out: Path) -> list[str]:
    valgrind = shutil.which("valgrind")
    if not valgrind:
        raise RuntimeError("valgrind is not installed (on Debian and Ubuntu: apt-get install valgrind)")
    return [valgrind, "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}"]


@functools.cache
def _idle(model: str, folder: Path) -> int:
    """Return the instructions of a process that serves a model and answers no rows."""
    out = folder / "idle.out"
    event = json.loads(EVENT.read_text())
    event["body"], event["isBase64Encoded"] = "[]", False
    _answer(event, model, folder, _under(out))
    return _total(out)


def _total(out: Path) -> int:
    totals = [line for line in out.read_text().splitlines() if line.startswith(("summary:", "totals:"))]
    return int(totals[-1].split()[1])


def main() -> int:
    """Print a line for each bomb; returns the process's exit status: 0 if none takes too much."""
    parser = argparse.ArgumentParser(prog="python -m tests.function.bombs", description=__doc__)
    parser.add_argument("--instructions", action="store_true", help="count instructions, which takes half an hour")
    parser.add_argument("names", nargs="*", help="only these bombs")
    arguments = parser.parse_args()
    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        models(folder)
        for name in arguments.names or BOMBS:
            answer = counted(name, folder) if arguments.instructions else explode(name, folder)
            answers[name] = answer
            took = f"{answer.instructions / 1e6:7,.0f} M" if arguments.instructions else f"{answer.seconds:6.2f} s"
            print(f"{name:48} {answer.status} {answer.weight / 1e6:6.2f} MB {took} {answer.peak_mb:5} MB", flush=True)
    memory = max(answer.peak_mb for answer in answers.values())
    if arguments.instructions:
        dearest = max((answer.instructions - REQUEST) / answer.weight for answer in answers.values())
        print(
            f"{len(answers)} bombs, beyond {REQUEST / 1e6:,.0f} M at most {dearest:,.0f} (≤ {CHARACTER:,}) a character"
        )
        return 0 if dearest <= CHARACTER else 1
    seconds = max(answer.seconds for answer in answers.values())
    print(f"{len(answers)} bombs, at most {seconds:.2f} s (≤ {SECONDS} s) and {memory} MB (≤ {MEMORY_MB} MB)")
    return 0 if seconds <= SECONDS and memory <= MEMORY_MB else 1


if __name__ == "__main__":
    sys.exit(main())
