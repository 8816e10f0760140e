"""Writes what the last `make bench` found into docs: `python -m docs.generate_benchmarks`.

Reads benchmarks/results.json; writes the page, its picture, and the four figures of README between their markers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.growth import Curve, Point
from benchmarks.measurements import Measurement
from benchmarks.report import PEERS, Results, plain, ratio
from docs.benchmarks_picture import picture

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "benchmarks.svg"

FIGURES = {
    "cold: import, model, first answer": "cold start to the first answer",
    "warm: 2 rows as records": "a call with 2 rows",
    "peak memory after the first answer": "peak memory",
    "installed bytes": "installed size",
}
"""The measurements that README shows, and what they are called there."""

MARKERS = ("<!-- figures: python -m docs.generate_benchmarks -->\n", "<!-- end of figures -->\n")

INTRODUCTION = """\
# Benchmarks

Written by `make bench`; every figure is in `benchmarks/results.json`. The columns of the others say **how many times
the handler's figure** theirs was in the same run: above 1 the handler is better, below 1 the other is. One core, the
same Python, model and XGBoost, rows that all differ, everybody taking turns; cold starts in a fresh process each;
medians. Times are processor time, which other programs do not disturb; behind Lambda's runtime client and interface
emulator they are wall-clock times, and large bodies are mostly the client's own work on the text of the event, which
binary bodies spare it.

- **tutorial**: pandas' `read_json` and `XGBRegressor.predict`, as tutorials deploy it. It reads records only, so in
  every line it gets records.
- **careful**: `Booster.inplace_predict` on numpy, orjson; neither pandas nor scikit-learn installed.
- **ONNX Runtime**: the model converted to ONNX. **compiled trees**: the trees as C code by tl2cgen, called by ctypes.
  Both give the same predictions up to the last digit of a float32.

None of them checks a request: each answers a misspelt or missing feature with a 502, or takes swapped columns and
booleans for numbers and predicts. None explains a prediction, reads CSV or describes itself, and a model of another
kind (categories, DART, several outputs) needs other code. Their sources are in `benchmarks/peers/`."""

PROMISES = """\
## Promises

`make bench` fails when one is not kept. The **floor** is the cheapest known way that still asks XGBoost: a parser that
takes nothing out of the body, rows that are ready already, the answer written. Nothing that looks at a request can
reach it. The **no-op** is a function that does nothing."""

GROWTH = """\
## Growth

![How many times as long as the handler the others take, by trees, features and rows](benchmarks.svg)

More trees and more rows leave more of everybody's time to the model itself: where XGBoost does the work, the ratios go
towards 1. ONNX Runtime and compiled trees walk large models for a few rows in a fraction of its time; why the handler
asks XGBoost all the same is in [ADR 34](adr/0034-what-is-left-of-a-small-request-is-the-librarys.md)."""

INSTRUCTIONS = """\
## Instructions

Counted by callgrind (`python -m benchmarks.instructions`), so a busy machine does not change them. CI fails when one
changes by more than 3 % without being recorded again."""


def figures(results: Results) -> str:
    """The table in README: the handler's own figure, and how many times as much the others take."""
    found = {one.name: one for one in results.measurements}
    rows = [
        [meaning, f"**{_own(found[name])}**", *_others(found[name])]
        for name, meaning in FIGURES.items()
        if name in found  # sizes need a package index
    ]
    return _table(["", "this handler", *PEERS], rows) + "\n"


def with_figures(readme: str, results: Results) -> str:
    """README with these figures between its markers."""
    first, last = map(re.escape, MARKERS)
    shown, count = re.subn(f"(?s)(?<={first}).*?(?={last})", lambda _: figures(results), readme)
    if count != 1:
        raise ValueError(f"README must have {MARKERS[0].strip()} and {MARKERS[1].strip()} once each")
    return shown


def page(results: Results) -> str:
    """docs/benchmarks.md."""
    promises = [
        [one.name, report.promise(promise), f"{measured:.2f}x{'' if kept else ', **missed**'}"]
        for one in results.measurements
        for promise, measured, kept in one.verdicts()
    ]
    counts = [[name, f"{count / 1e6:,.2f} M"] for name, count in results.instructions.items()]
    parts = [
        INTRODUCTION,
        ", ".join(f"{name} {version}" for name, version in results.versions.items()) + ".",
        _table(["", "handler", *PEERS], [[one.name, _own(one), *_others(one)] for one in results.measurements]),
        *results.notes,
        PROMISES,
        _table(["", "promised", "measured"], promises),
        GROWTH,
        *map(_growth, results.curves),
        INSTRUCTIONS,
        _table(["", "instructions"], counts),
    ]
    return "\n\n".join(parts) + "\n"


def _growth(curve: Curve) -> str:
    rows = [
        [f"{point.size:,}", f"{plain(point.samples['handler'].median * 1000)} ms", *_others(point)]
        for point in curve.points
    ]
    return _table([curve.name, "handler", *PEERS], rows)


def _own(one: Measurement) -> str:
    return f"{plain(one.samples['handler'].median)} {one.unit}"


def _others(one: Measurement | Point) -> list[str]:
    return [ratio(one.times(name)) if name in one.samples else "-" for name in PEERS]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    """Writes page, picture and README's figures."""
    results = Results.read()
    PAGE.write_text(page(results), encoding="utf-8", newline="\n")
    PICTURE.write_text(picture(results.curves), encoding="utf-8", newline="\n")
    README.write_text(with_figures(README.read_text(encoding="utf-8"), results), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
