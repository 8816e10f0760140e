"""What the endpoint must answer: golden predictions where there are some, else XGBoost's own.

Without a golden file the records are made up from the model itself, from the values at which its trees decide, so that
a model with any features can be tried.
"""

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components import golden
from components.bundled_handler import model_reader
from local.errors import LocalError

RECORDS = 2
"""How many records are sent: enough to see that answers differ, few enough to read."""


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
    try:
        found = model_reader.read(content)
    except model_reader.UnreadableModelError as error:
        raise LocalError(f"the model {model} {error}") from None
    beside = model.with_name(golden.GOLDEN_FILE)
    if not beside.exists():
        return made_up(content, found)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        known = golden.load(beside, sha256)
    except golden.GoldenError as error:
        raise LocalError(str(error)) from None
    return golden.Golden(sha256, known.tolerance, known.records[:RECORDS], known.predictions[:RECORDS])


def source(model: Path) -> str:
    """Where the expected predictions come from, as a reader would name it."""
    return "golden" if model.with_name(golden.GOLDEN_FILE).exists() else "XGBoost"


def made_up(content: bytes, found: model_reader.Model) -> golden.Golden:
    """Records for a model without golden file, with what XGBoost's own Python package predicts for them.

    Raises:
        LocalError: The XGBoost of this machine cannot load the model.
    """
    import numpy as np
    import xgboost

    try:
        booster = xgboost.Booster(model_file=bytearray(content))
    except xgboost.core.XGBoostError as error:
        raise LocalError(f"XGBoost cannot load the model: {str(error).strip().splitlines()[0]}") from None
    rows = made_up_rows(booster, found)
    matrix = xgboost.DMatrix(
        np.array([[row[name] for name in found.features] for row in rows], dtype=np.float32),
        missing=found.missing,
        feature_names=booster.feature_names,
        feature_types=booster.feature_types,
    )
    rounds = (0, found.rounds_used)
    predictions = booster.predict(matrix, iteration_range=rounds, output_margin=found.untransformed)
    names = {found.features[index]: names for index, names in found.categories.items() if names}
    records = [
        {name: names[name][int(value)] if name in names else value for name, value in row.items()} for row in rows
    ]
    return golden.Golden(
        hashlib.sha256(content).hexdigest(), golden.TOLERANCE, records, predictions.astype(float).tolist()
    )


def made_up_rows(booster: Any, found: model_reader.Model) -> list[dict[str, float]]:
    """Rows whose values are what the model's own trees decide by, the same ones for the same model.

    Returns:
        For each feature a number: a threshold, or the code of a category.
    """
    decided_by: dict[str, list[float]] = {}
    for tree in booster.get_dump(dump_format="json"):
        for name, values in splits(json.loads(tree)):
            decided_by.setdefault(name, []).extend(values)
    choose = random.Random(0)  # noqa: S311 - chance of the reproducible kind
    never_asked = {name: [0.0 if index in found.categories else 1.0] for index, name in enumerate(found.features)}
    return [
        {name: choose.choice(decided_by.get(name) or never_asked[name]) for name in found.features}
        for _ in range(RECORDS)
    ]


def splits(node: dict[str, Any]) -> Iterator[tuple[str, list[float]]]:
    """The features of a tree's decisions and what they decide by: a threshold, or categories' codes.

    Yes-or-no features decide between 0 and 1.
    """
    if "split" in node:
        value = node.get("split_condition", 1)
        yield node["split"], [float(each) for each in (value if isinstance(value, list) else [value])]
        for child in node.get("children", ()):
            yield from splits(child)
