"""What a run leaves: printed lines, and results.json, from which docs/generate_benchmarks.py writes its pages."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from benchmarks import subjects
from benchmarks.folders import HERE
from benchmarks.growth import Curve, Point
from benchmarks.measurements import Measurement, Promise
from benchmarks.timing import Sample

RESULTS = HERE / "results.json"

PEERS = ("tutorial", "careful", "ONNX Runtime", "compiled trees")
"""Those beside whom everything is measured, in the order of the columns."""

COLUMNS = (*PEERS, "no-op", "floor")


@dataclass(frozen=True)
class Results:
    """Everything that a run found.

    Attributes:
        versions: Of what it ran with, by name.
        measurements: The table.
        curves: What grows, in seconds.
        instructions: Counts of callgrind by what was counted.
        notes: What could not be measured, and why.
    """

    versions: dict[str, str]
    measurements: list[Measurement]
    curves: list[Curve]
    instructions: dict[str, int]
    notes: list[str]

    def save(self) -> None:
        """Write results.json; each promise with its measured ratio."""
        found = asdict(self)
        for one, entry in zip(self.measurements, found["measurements"], strict=True):
            verdicts = one.verdicts()
            entry["promises"] = [{**asdict(kind), "measured": ratio, "kept": kept} for kind, ratio, kept in verdicts]
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")

    @classmethod
    def read(cls) -> Results:
        """Return what the last run found."""
        found = json.loads(RESULTS.read_text())
        measurements = [
            Measurement(
                one["name"],
                one["unit"],
                _samples(one["samples"]),
                tuple(Promise(kind["against"], kind["ratio"], kind["at_most"]) for kind in one["promises"]),
            )
            for one in found["measurements"]
        ]
        curves = [
            Curve(curve["name"], tuple(Point(point["size"], _samples(point["samples"])) for point in curve["points"]))
            for curve in found["curves"]
        ]
        return cls(found["versions"], measurements, curves, found["instructions"], found["notes"])


def versions() -> dict[str, str]:
    """Return the versions that decide about times."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "xgboost": subjects.library_version(),
        **{name: metadata.version(name) for name in ("pandas", "numpy", "scikit-learn", "orjson")},
    }


def heading() -> str:
    """Return the heading of the lines that are printed."""
    return f"{'times the handler takes':46} {'handler':>10} " + " ".join(f"{name[:9]:>9}" for name in COLUMNS)


def line(measured: Measurement) -> str:
    """Return a measurement as a line for people."""
    own = f"{plain(measured.samples['handler'].median)} {measured.unit}"
    further = [name for name in measured.samples if name not in (*COLUMNS, "handler")]  # an earlier commit
    cells = [
        f"{f'{measured.times(name):.2f}x' if name in measured.samples else '-':>9}" for name in (*COLUMNS, *further)
    ]
    verdicts = [f"{promise(kind)} {'kept' if kept else 'MISSED'}" for kind, _, kept in measured.verdicts()]
    return f"{measured.name:46} {own:>10} " + " ".join(cells) + "  " + ", ".join(verdicts)


def promise(kind: Promise) -> str:
    """Return a promise in few words."""
    return f"≤ {kind.ratio:g}x {kind.against}" if kind.at_most else f"{kind.against} ≥ {kind.ratio:g}x"


def plain(number: float) -> str:
    """Return a number with three digits that count, never with an exponent."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def ratio(number: float) -> str:
    """Return a ratio with two digits that count."""
    return f"{number:.0f}x" if number >= 9.95 else f"{number:.1f}x" if number >= 0.995 else f"{number:.2f}x"


def _samples(found: Mapping[str, Any]) -> dict[str, Sample]:
    return {name: Sample(**sample) for name, sample in found.items()}
