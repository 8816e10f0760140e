"""How cold starts grow with the trees of a model, and answers with the rows of a request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost

from benchmarks import payloads, subjects, timing

TREES = (100, 300, 1000, 3000, 8000)
ROWS = (1, 10, 100, 1000, 10_000, 100_000)
MOST_ROWS_AS_RECORDS = 10_000
"""More wines as records exceed Lambda's 6 MB; as columns and as CSV a hundred thousand fit."""


@dataclass(frozen=True)
class ByTrees:
    """Cold start and warm call of two rows, in seconds, for a number of trees."""

    trees: int
    model_bytes: int
    cold: dict[str, timing.Sample]
    warm: dict[str, timing.Sample]


@dataclass(frozen=True)
class ByRows:
    """Warm calls, in seconds, for a number of rows; by subject and form."""

    rows: int
    warm: dict[str, timing.Sample]


def by_trees(starts: int, rounds: int) -> list[ByTrees]:
    """Measure models of 100 to 8,000 trees."""
    event = payloads.as_json(payloads.records(2))
    measured = []
    for trees in TREES:
        model = _model(trees)
        pair = [subjects.baseline(model), subjects.handler(model)]
        started = timing.cold(pair, event, starts)
        called = timing.warm(pair, [event, event], calls=20, rounds=rounds)
        cold = {subject.name: start.seconds for subject, start in zip(pair, started, strict=True)}
        warm = {subject.name: sample for subject, sample in zip(pair, called, strict=True)}
        measured.append(ByTrees(trees, model.stat().st_size, cold, warm))
    return measured


def by_rows(rounds: int) -> list[ByRows]:
    """Measure requests of 1 to 100,000 rows."""
    measured = []
    for rows in ROWS:
        table = payloads.records(rows)
        names, who, events = [], [], []
        if rows <= MOST_ROWS_AS_RECORDS:
            names += ["baseline, records", "handler, records"]
            who += [subjects.baseline(), subjects.handler()]
            events += [payloads.as_json(table)] * 2
        names += ["handler, columns", "handler, CSV"]
        who += [subjects.handler()] * 2
        events += [payloads.as_columns(table), payloads.as_csv(table)]
        calls = max(1, min(50, 5000 // rows))
        samples = timing.warm(who, events, calls, rounds)
        measured.append(ByRows(rows, dict(zip(names, samples, strict=True))))
    return measured


def _model(trees: int) -> Path:
    """Return a model of so many trees, trained on noise: only its size matters here."""
    path = subjects.BUILD / f"trees-{trees}.ubj"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        names = xgboost.Booster(model_file=subjects.MODEL).feature_names
        random = np.random.default_rng(7)
        rows = random.normal(size=(2000, len(names or [])))
        data = xgboost.DMatrix(rows, random.normal(size=2000), feature_names=names)
        largest = xgboost.train({"max_depth": 5, "eta": 0.05, "nthread": 1}, data, max(TREES))
        for size in TREES:
            largest[:size].save_model(subjects.BUILD / f"trees-{size}.ubj")
    return path
