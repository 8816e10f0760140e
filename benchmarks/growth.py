"""How ratios change with the trees and features of a model, and with the rows of a request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost

from benchmarks import packages, payloads, subjects, timing
from benchmarks.folders import BUILD
from benchmarks.subjects import Subject

TREES = (10, 100, 1000, 5000)
FEATURES = (10, 100, 1000, 5000)
ROWS = (1, 10, 100, 1000, 10_000)


@dataclass(frozen=True)
class Point:
    """What every subject took, in seconds, for one size.

    Attributes:
        size: Trees, features or rows.
        samples: By subject.
    """

    size: int
    samples: dict[str, timing.Sample]

    def times(self, subject: str) -> float:
        """Return how many times the handler's time a subject's is."""
        return self.samples[subject].median / self.samples["handler"].median


@dataclass(frozen=True)
class Curve:
    """What grows, and what was measured at each size."""

    name: str
    points: tuple[Point, ...]


def curves(starts: int, rounds: int) -> list[Curve]:
    """Measure everything that grows."""
    return [
        Curve("cold start, by trees", tuple(_cold(size, _model(trees=size), starts) for size in TREES)),
        Curve("2 rows, by trees", tuple(_warm(size, _model(trees=size), 2, rounds) for size in TREES)),
        # As many rows as fit into Lambda's 6 MB with the most features.
        Curve("20 rows, by features", tuple(_warm(size, _model(features=size), 20, rounds) for size in FEATURES)),
        Curve("records, by rows", tuple(_warm(size, subjects.MODEL, size, rounds) for size in ROWS)),
    ]


def _cold(size: int, model: Path, starts: int) -> Point:
    everyone = _everyone(model)
    taken = timing.cold(everyone, payloads.as_json(_rows(model, 2)), starts)
    return Point(size, {subject.name: start.seconds for subject, start in zip(everyone, taken, strict=True)})


def _warm(size: int, model: Path, rows: int, rounds: int) -> Point:
    everyone = _everyone(model)
    event = payloads.as_json(_rows(model, rows))
    # A request with no more than some hundred thousand values a turn; the tutorial's handler is the slowest.
    width = xgboost.Booster(model_file=model).num_features()
    calls = max(2, min(50, 100_000 // (rows * width)))
    before = payloads.much(_rows(model, 2))
    taken = timing.warm(everyone, [event] * len(everyone), calls, rounds, before)
    return Point(size, dict(zip((subject.name for subject in everyone), taken, strict=True)))


def _everyone(model: Path) -> list[Subject]:
    peers = [subjects.tutorial(model)]
    with suppress(packages.NoIndexError):  # the first table says so
        peers += [subjects.careful(model), subjects.onnx(model), subjects.compiled(model)]
    return [*peers, subjects.handler(model)]


def _rows(model: Path, rows: int) -> payloads.Rows:
    if model == subjects.MODEL:
        return payloads.records(rows)
    return payloads.noise(rows, xgboost.Booster(model_file=model).feature_names or [])


def _model(trees: int = 100, features: int = 13) -> Path:
    """Return a model of that size, trained on noise: only its size matters here."""
    path = BUILD / f"trees-{trees}-features-{features}.ubj"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(7)
        names = [f"feature {index}" for index in range(features)]
        rows = random.normal(size=(2000, features))
        data = xgboost.DMatrix(rows, random.normal(size=2000), feature_names=names)
        xgboost.train({"max_depth": 5, "eta": 0.05, "nthread": 1}, data, trees).save_model(path)
    return path
