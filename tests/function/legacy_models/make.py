"""Writes the models beside this file with an old XGBoost, in a throw-away environment.

    uv run --no-project --python 3.10 --with xgboost==1.6.2 --with 'numpy<2' --with 'setuptools<75' make.py
    uv run --no-project --python 3.11 --with xgboost-cpu==2.1.4 --with 'numpy<3' make.py

Each model comes with rows and the predictions that the old version itself gave for them, so that the tests can tell
that the endpoint answers as the version that saved the model did.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

ROUNDS = 8
ROWS = 600
SHOWN = 40
NAMES = ["length", "width", "kind"]
# Needed from 1.6 on to let a column be categorical.
CATEGORICAL = {"enable_categorical": True}


def data(random: np.random.Generator, target: str) -> tuple[Any, Any]:
    """Return rows of two numbers and a category code, and targets of the wanted sort."""
    rows = np.column_stack([random.normal(size=(ROWS, 2)), random.integers(0, 4, size=ROWS)]).astype(np.float32)
    score = rows[:, 0] - 2 * rows[:, 1] + (rows[:, 2] == 2) + random.normal(size=ROWS) / 10
    targets = {
        "number": score,
        "yes or no": (score > 0).astype(int),
        "one of three": np.digitize(score, [-1, 1]),
        "count": np.floor(np.exp(np.clip(score, -3, 3) / 2)),
    }
    return rows, targets[target]


KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "regression": ({}, "number"),
    "stopped": ({"eta": 0.9, "max_depth": 6}, "number"),
    "binary": ({"objective": "binary:logistic"}, "yes or no"),
    "classes": ({"objective": "multi:softprob", "num_class": 3}, "one of three"),
    "ranking": ({"objective": "rank:pairwise"}, "yes or no"),
    "count": ({"objective": "count:poisson"}, "count"),
    "dart": ({"booster": "dart", "rate_drop": 0.3}, "number"),
    "categorical": ({"tree_method": "approx", "max_cat_to_onehot": 1}, "number"),
}


def main() -> None:
    """Train every kind and write it, its rows and its predictions."""
    version = xgboost.__version__
    series = ".".join(version.split(".")[:2])
    answers = {}
    for kind, (parameters, target) in KINDS.items():
        random = np.random.default_rng(16)
        rows, targets = data(random, target)
        types = ["float", "float", "c" if kind == "categorical" else "float"]
        matrix = xgboost.DMatrix(rows, targets, feature_names=NAMES, feature_types=types, **CATEGORICAL)
        if kind == "ranking":
            matrix.set_group([20] * (ROWS // 20))
        stopping: dict[str, Any] = {}
        if kind == "stopped":
            held_out = xgboost.DMatrix(rows, -targets, feature_names=NAMES, feature_types=types)
            stopping = {"evals": [(held_out, "held_out")], "early_stopping_rounds": 3, "verbose_eval": False}
        base = {"max_depth": 3, "nthread": 1, "seed": 16, **parameters}
        booster = xgboost.train(base, matrix, ROUNDS, **stopping)
        suffix = "json" if kind in ("regression", "categorical") else "ubj"
        name = f"{kind}-{series}.{suffix}"
        booster.save_model(str(Path(__file__).with_name(name)))
        shown = xgboost.DMatrix(rows[:SHOWN], feature_names=NAMES, feature_types=types, **CATEGORICAL)
        end = booster.best_iteration + 1 if kind == "stopped" else 0
        predictions = booster.predict(shown, iteration_range=(0, end)).astype(np.float64).tolist()
        answers[name] = {"rows": rows[:SHOWN].astype(np.float64).tolist(), "predictions": predictions}
    Path(__file__).with_name(f"answers-{series}.json").write_text(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
