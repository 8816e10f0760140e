"""What the endpoint must answer: golden predictions where there are some, else XGBoost's own.

Without a golden file the records are made up from the model itself, from the values at which its trees decide, so that
a model with any features can be tried.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from components import golden
from local.errors import LocalError

RECORDS = 2
"""How many records are sent: enough to see that answers differ, few enough to read."""

TOLERANCE = 1e-5
"""Absolute, in the model's unit, where no golden file gives one."""


def expectation(model: Path) -> golden.Golden:
    """A few records and the predictions they must give.

    Args:
        model: An XGBoost model file; `golden.json` beside it is used if there is one.

    Raises:
        LocalError: The model cannot be read, or its golden file does not belong to it.
    """
    try:
        sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    except OSError as error:
        raise LocalError(
            f"the model {model} cannot be read: {error.strerror}; train it with `make train` or name another"
        ) from None
    beside = model.with_name("golden.json")
    if not beside.exists():
        return made_up(model, sha256)
    try:
        known = golden.load(beside, sha256)
    except golden.GoldenError as error:
        raise LocalError(str(error)) from None
    return golden.Golden(sha256, known.tolerance, known.records[:RECORDS], known.predictions[:RECORDS])


def source(model: Path) -> str:
    """Where the expected predictions come from, as a reader would name it."""
    return "golden" if model.with_name("golden.json").exists() else "XGBoost"


def made_up(model: Path, sha256: str) -> golden.Golden:
    """Records for a model without golden file, with what XGBoost's own Python package predicts for them."""
    import numpy as np
    import xgboost

    try:
        booster = xgboost.Booster(model_file=model)
    except xgboost.core.XGBoostError as error:
        reason = str(error).strip().splitlines()[0]
        raise LocalError(f"XGBoost cannot load the model {model}: {reason}; save it with Booster.save_model") from None
    # A model trained without names gets the names that XGBoost itself prints for it.
    names = booster.feature_names or [f"f{column}" for column in range(booster.num_features())]
    records = made_up_records(booster, names)
    matrix = xgboost.DMatrix(
        np.array([[record[name] for name in names] for record in records], dtype=np.float32),
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
    )
    best = booster.attr("best_iteration")
    rounds = (0, int(best) + 1 if best is not None else 0)
    predictions = booster.predict(matrix, iteration_range=rounds).astype(float).tolist()
    return golden.Golden(sha256, TOLERANCE, records, predictions)


def made_up_records(booster: Any, names: Sequence[str]) -> list[dict[str, float]]:
    """Records whose values are thresholds of the model's own trees, the same ones for the same model."""
    thresholds: dict[str, list[float]] = {}
    for tree in booster.get_dump(dump_format="json"):
        for name, value in splits(json.loads(tree)):
            thresholds.setdefault(name, []).append(value)
    choose = random.Random(0)  # noqa: S311 - chance of the reproducible kind
    return [{name: choose.choice(thresholds.get(name, [1.0])) for name in names} for _ in range(RECORDS)]


def splits(node: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """The features and thresholds of a tree's decisions; yes-or-no features decide between 0 and 1."""
    if "split" in node:
        value = node.get("split_condition", 1)
        yield node["split"], float(value) if isinstance(value, int | float) else 1.0
        for child in node.get("children", ()):
            yield from splits(child)
