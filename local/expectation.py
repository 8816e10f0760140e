"""What the endpoint must answer: golden predictions where there are some, else XGBoost's own.

Without a golden file the records are made up from the model itself, from the values at which its trees decide, so that
a model with any features can be tried.
"""

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from components import golden, model_summary
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
        content = model.read_bytes()
    except OSError as error:
        raise LocalError(
            f"the model {model} cannot be read: {error.strerror}; train it with `make train` or name another"
        ) from None
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        model_summary.summarize(content, sha256)
    except model_summary.UnreadableModelError as error:
        raise LocalError(f"the model {model} {error}") from None
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
    rows = made_up_rows(booster, names)
    matrix = xgboost.DMatrix(
        np.array([[row[name] for name in names] for row in rows], dtype=np.float32),
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
    )
    best = booster.attr("best_iteration")
    rounds = (0, int(best) + 1 if best is not None else 0)
    predictions = booster.predict(matrix, iteration_range=rounds).astype(float).tolist()
    categories = dict(zip(names, category_names(booster), strict=False))
    records = [
        {name: categories[name][int(value)] if categories.get(name) else value for name, value in row.items()}
        for row in rows
    ]
    return golden.Golden(sha256, TOLERANCE, records, predictions)


def made_up_rows(booster: Any, names: Sequence[str]) -> list[dict[str, float]]:
    """Rows whose values are what the model's own trees decide by, the same ones for the same model.

    Returns:
        For each name a number: a threshold, or the code of a category.
    """
    decided_by: dict[str, list[float]] = {}
    for tree in booster.get_dump(dump_format="json"):
        for name, values in splits(json.loads(tree)):
            decided_by.setdefault(name, []).extend(values)
    kinds = dict(zip(names, booster.feature_types or [], strict=False))
    choose = random.Random(0)  # noqa: S311 - chance of the reproducible kind
    never_asked = {name: [0.0 if kinds.get(name) == "c" else 1.0] for name in names}
    return [{name: choose.choice(decided_by.get(name) or never_asked[name]) for name in names} for _ in range(RECORDS)]


def category_names(booster: Any) -> list[list[Any]]:
    """The names of each feature's categories in the order of their codes, empty for a number.

    Read from what XGBoost's own package saves and not by the handler, whose reading of them is what a trial tries.

    Nothing at all if the model knows none: it was saved before XGBoost 3.1, and takes codes.
    """
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    encodings = model.get("gbtree", model).get("model", {}).get("cats", {}).get("enc", [])
    return [_names(encoding) for encoding in encodings]


def _names(encoding: dict[str, Any]) -> list[Any]:
    values: list[int] = encoding["values"]
    if "offsets" not in encoding:
        return list(values)
    text = bytes(value % 256 for value in values)
    return [text[start:end].decode(errors="replace") for start, end in pairwise(encoding["offsets"])]


def splits(node: dict[str, Any]) -> Iterator[tuple[str, list[float]]]:
    """The features of a tree's decisions and what they decide by: a threshold, or categories' codes.

    Yes-or-no features decide between 0 and 1.
    """
    if "split" in node:
        value = node.get("split_condition", 1)
        yield node["split"], [float(each) for each in (value if isinstance(value, list) else [value])]
        for child in node.get("children", ()):
            yield from splits(child)
