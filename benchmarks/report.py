"""What a run leaves: results.json, a page with tables, and a plot."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import growth, subjects
from benchmarks.folders import HERE, ROOT
from benchmarks.growth import Curve
from benchmarks.measurements import Measurement, Promise

RESULTS = HERE / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks.svg"

COLUMNS = ("tutorial", "careful", "ONNX Runtime", "compiled trees", "no-op", "floor")

INTRODUCTION = """\
# Benchmarks

Written by `make bench`; every figure is in `benchmarks/results.json`. Each other column says **how many times the
handler's** figure that subject took in the same run: above 1 the handler is better, below 1 the other one. One core,
the same Python, model and XGBoost, rows that all differ, everybody taking turns; cold starts in a fresh process each;
medians. Times are the processor's, so that other programs do not count, but wall-clock ones behind the runtime.

- **tutorial**: pandas' `read_json` and `XGBRegressor.predict`, as tutorials deploy it; it reads records alone, so it is
  sent those in every line.
- **careful**: `Booster.inplace_predict` on numpy, orjson, no pandas.
- **ONNX Runtime**: the model converted to ONNX. **compiled trees**: the trees as C code by tl2cgen, called by ctypes.
  Both give the same predictions but for the last digit of a float32.
- **floor**: the cheapest known steps that still ask XGBoost. A parser that reads nothing out of the body, rows that lie
  ready, the answer written; nobody who looks at a request can reach it.

None of them checks a request, and so each answers a misspelt or missing feature with a 502, or takes swapped columns
and booleans for numbers and predicts; none explains a prediction, reads CSV or describes itself, and a model of another
kind (categories, DART, several outputs) needs other code. Their sources are in `benchmarks/peers/`."""


def heading() -> str:
    """Return the heading of the lines that are printed."""
    return f"{'times the handler takes':36} {'handler':>10} " + " ".join(f"{name[:9]:>9}" for name in COLUMNS)


def line(measured: Measurement) -> str:
    """Return a measurement as a line for people."""
    own = f"{_plain(measured.samples['handler'].median)} {measured.unit}"
    cells = [f"{_times(measured, name):>9}" for name in _columns(measured)]
    verdicts = [f"{_promise(promise)} {'kept' if kept else 'MISSED'}" for promise, _, kept in measured.verdicts()]
    return f"{measured.name:36} {own:>10} " + " ".join(cells) + "  " + ", ".join(verdicts)


def write(
    measured: Sequence[Measurement], curves: Sequence[Curve], instructions: Mapping[str, int], notes: Sequence[str]
) -> None:
    """Write results, page and plot."""
    names = ("pandas", "numpy", "scikit-learn", "orjson")
    versions = {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "xgboost": subjects.library_version(),
        **{name: metadata.version(name) for name in names},
    }
    results: dict[str, Any] = {
        "versions": versions,
        "measurements": [_as_dict(one) for one in measured],
        "curves": [asdict(curve) for curve in curves],
        "instructions": dict(instructions),
        "notes": list(notes),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(_page(measured, curves, instructions, notes, versions))
    _plot(PLOT, curves)


def _as_dict(one: Measurement) -> dict[str, Any]:
    verdicts = [{**asdict(promise), "measured": ratio, "kept": kept} for promise, ratio, kept in one.verdicts()]
    return {
        "name": one.name,
        "unit": one.unit,
        "samples": {name: asdict(sample) for name, sample in one.samples.items()},
        "promises": verdicts,
    }


def _columns(measured: Measurement) -> list[str]:
    further = [name for name in measured.samples if name not in (*COLUMNS, "handler")]  # an earlier commit
    return [*COLUMNS, *further]


def _times(measured: Measurement, subject: str) -> str:
    return f"{measured.times(subject):.2f}x" if subject in measured.samples else "-"


def _promise(promise: Promise) -> str:
    if promise.at_most:
        return f"≤ {promise.ratio:g}x {promise.against}"
    return f"{promise.against} ≥ {promise.ratio:g}x"


def _plain(number: float) -> str:
    """Return a number with three digits that count, never with an exponent."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _page(
    measured: Sequence[Measurement],
    curves: Sequence[Curve],
    instructions: Mapping[str, int],
    notes: Sequence[str],
    versions: Mapping[str, str],
) -> str:
    parts = [
        INTRODUCTION,
        "",
        ", ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "",
        "| | handler | " + " | ".join(COLUMNS) + " | promised |",
        "|---" * (len(COLUMNS) + 3) + "|",
        *(_row(one) for one in measured),
        "",
        *(f"{note}\n" for note in notes),
        "## Growth",
        "",
        "![How many times the handler's time the others take, by trees, features and rows](benchmarks.svg)",
        "",
        "The others' time as a multiple of the handler's. More trees and more rows mean that more of everybody's time",
        "is the model's own: the ratios go towards 1 where XGBoost does the work.",
        "",
        *(text for curve in curves for text in _curve(curve)),
        "## Instructions",
        "",
        "Counted by callgrind (`python -m benchmarks.instructions`), the same on a busy machine. CI fails when one of",
        "them changes by more than 3 % without being recorded again.",
        "",
        "| | instructions |",
        "|---|---|",
        *(f"| {name} | {count / 1e6:,.2f} M |" for name, count in instructions.items()),
    ]
    return "\n".join(parts) + "\n"


def _row(one: Measurement) -> str:
    own = f"{_plain(one.samples['handler'].median)} {one.unit}"
    promised = "<br>".join(f"{_promise(promise)}{'' if kept else ' (missed)'}" for promise, _, kept in one.verdicts())
    return f"| {one.name} | {own} | " + " | ".join(_times(one, name) for name in COLUMNS) + f" | {promised} |"


def _curve(curve: Curve) -> list[str]:
    others = [name for name in growth.names([curve]) if name != "handler"]
    rows = [
        f"| {point.size:,} | {_plain(point.samples['handler'].median * 1000)} ms | "
        + " | ".join(f"{point.samples[name].median / point.samples['handler'].median:.2f}x" for name in others)
        + " |"
        for point in curve.points
    ]
    return [f"| {curve.name} | handler | " + " | ".join(others) + " |", "|---" * (len(others) + 2) + "|", *rows, ""]


def _plot(path: Path, curves: Sequence[Curve]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "benchmarks", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3})
    figure, axes = plt.subplots(1, len(curves), figsize=(3.2 * len(curves), 3.4), sharey=True, layout="constrained")
    for axis, curve in zip(axes, curves, strict=True):
        sizes = [point.size for point in curve.points]
        axis.axhline(1, color="black", linewidth=1)
        for name in growth.names([curve]):
            if name != "handler":
                ratios = [point.samples[name].median / point.samples["handler"].median for point in curve.points]
                axis.loglog(sizes, ratios, "o-", markersize=3, label=name)
        axis.set(title=curve.name, xlabel=curve.name.rpartition(" by ")[2])
    axes[0].set_ylabel("times the handler's time")
    axes[-1].legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
