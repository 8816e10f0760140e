"""What a run leaves: results.json, a page with tables, and a plot."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.growth import ByRows, ByTrees
from benchmarks.ratios import Ratio
from benchmarks.subjects import HERE, ROOT
from benchmarks.timing import Sample

RESULTS = HERE / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks.svg"

_SERIES = ("baseline, records", "handler, records", "handler, columns", "handler, CSV")


def line(ratio: Ratio) -> str:
    """Return a promise as a line for people."""
    sign = "≤" if ratio.at_most else "≥"
    verdict = "kept" if ratio.kept else "MISSED"
    return (
        f"{ratio.name:45} {_spread(ratio.baseline, ratio.unit):>26} {_spread(ratio.handler, ratio.unit):>26} "
        f"{ratio.ratio:7.1f}x  {sign} {ratio.target:g}x {verdict}"
    )


def write(ratios: Sequence[Ratio], trees: Sequence[ByTrees], rows: Sequence[ByRows], notes: Sequence[str]) -> None:
    """Write results, page and plot."""
    versions = {name: metadata.version(name) for name in ("xgboost-cpu", "pandas", "numpy", "scikit-learn", "orjson")}
    machine = {"python": platform.python_version(), "system": platform.system(), "processor": platform.machine()}
    results: dict[str, Any] = {
        "machine": machine,
        "packages": versions,
        "ratios": [{**asdict(ratio), "kept": ratio.kept} for ratio in ratios],
        "by_trees": [asdict(entry) for entry in trees],
        "by_rows": [asdict(entry) for entry in rows],
        "notes": list(notes),
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(_page(ratios, trees, rows, notes, {**machine, **versions}))
    _plot(PLOT, trees, rows)


def _spread(sample: Sample, unit: str) -> str:
    return f"{_plain(sample.median)} {unit} ({_plain(sample.low)}-{_plain(sample.high)})"


def _plain(number: float) -> str:
    """Return a number with three digits that count, never with an exponent."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _page(
    ratios: Sequence[Ratio],
    trees: Sequence[ByTrees],
    rows: Sequence[ByRows],
    notes: Sequence[str],
    versions: dict[str, str],
) -> str:
    parts = [
        "# Benchmarks",
        "",
        "Written by `make bench`; the figures are in `benchmarks/results.json`. The baseline does what tutorials do: "
        "pandas' `read_json` and `XGBRegressor.predict`, without prints (`benchmarks/baseline.py`). Same Python, "
        "model and rows, one core, the sides taking turns; cold ones in a fresh process each. Medians, quartiles in "
        "brackets. Times are the processor's, so that other programs do not count, but wall-clock ones behind the "
        "runtime. The ratio is what counts: times belong to the machine. "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        "",
        "| | baseline | handler | ratio | promised |",
        "|---|---|---|---|---|",
        *(_ratio_row(ratio) for ratio in ratios),
        "",
        *(f"{note}\n" for note in notes),
        "## Growth with trees and rows",
        "",
        "![Cold start by trees, call by rows](benchmarks.svg)",
        "",
        "Two rows as records, in milliseconds:",
        "",
        "| trees | model | cold: baseline | cold: handler | warm: baseline | warm: handler |",
        "|---|---|---|---|---|---|",
        *(_tree_row(entry) for entry in trees),
        "",
        "Warm calls by rows, in milliseconds; more than 10,000 records exceed Lambda's 6 MB, columns and CSV do not:",
        "",
        "| rows | " + " | ".join(_SERIES) + " |",
        "|---|" + "---|" * len(_SERIES),
        *(_row_row(entry) for entry in rows),
    ]
    return "\n".join(parts) + "\n"


def _ratio_row(ratio: Ratio) -> str:
    sign = "≤" if ratio.at_most else "≥"
    return (
        f"| {ratio.name} | {_spread(ratio.baseline, ratio.unit)} | {_spread(ratio.handler, ratio.unit)} "
        f"| **{ratio.ratio:.1f}x** | {sign} {ratio.target:g}x{'' if ratio.kept else ' (missed)'} |"
    )


def _tree_row(entry: ByTrees) -> str:
    cells = [_plain(sample.median * 1000) for kind in (entry.cold, entry.warm) for sample in kind.values()]
    return f"| {entry.trees:,} | {entry.model_bytes / 1e6:.2f} MB | " + " | ".join(cells) + " |"


def _row_row(entry: ByRows) -> str:
    cells = [_plain(entry.warm[name].median * 1000) if name in entry.warm else "-" for name in _SERIES]
    return f"| {entry.rows:,} | " + " | ".join(cells) + " |"


def _plot(path: Path, trees: Sequence[ByTrees], rows: Sequence[ByRows]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "benchmarks", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name in ("baseline", "handler"):
        counts = [entry.trees for entry in trees]
        left.loglog(counts, [entry.cold[name].median * 1000 for entry in trees], "o-", label=name)
    left.set(title="Cold start, two rows", xlabel="trees", ylabel="milliseconds")
    left.legend()
    for name in _SERIES:
        some = [entry for entry in rows if name in entry.warm]
        right.loglog([e.rows for e in some], [e.warm[name].median * 1000 for e in some], "o-", label=name)
    right.set(title="Warm call", xlabel="rows", ylabel="milliseconds")
    right.legend()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
