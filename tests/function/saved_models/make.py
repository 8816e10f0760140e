"""Writes the archive beside this file that belongs to the XGBoost it is run with, in a throw-away environment.

    uv run --no-project --python 3.10 --with xgboost==1.6.2 --with 'numpy<2' --with 'setuptools<75' make.py
    uv run --no-project --python 3.11 --with xgboost-cpu==2.1.4 --with 'numpy<3' make.py
    uv run --no-project --python 3.11 --with xgboost-cpu==3.0.5 --with pandas make.py
    uv run --no-project --python 3.11 --with xgboost-cpu==3.1.2 --with pandas make.py
    uv run --no-project --python 3.11 --with xgboost-cpu==3.2.0 --with pandas make.py
    uv run --no-project --python 3.13 --with xgboost-cpu==3.4.1 --with pandas make.py

An archive holds one small model of every kind that its version can save, as UBJSON and as JSON, and beside each the
predictions that this version itself gave for `rows()`: so that the tests can tell that an endpoint answers as the
version that saved the model did. The rows are made by counting, not by chance, to be the same everywhere.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

VERSION = tuple(map(int, xgboost.__version__.split(".")[:2]))
ROWS = 1_000
TRAINED = 240
ROUNDS = 3
NAMES = ["length", "width", "height", "kind"]
COLOURS = ["red", "white", "rose", "a: true"]
ACCENTED = ["rouge", "blanc", "rosé", "甜的"]

KINDS: dict[str, dict[str, Any]] = {
    "regression": {},
    "absolute": {"objective": "reg:absoluteerror"},
    "squared-log": {"objective": "reg:squaredlogerror"},
    "pseudo-huber": {"objective": "reg:pseudohubererror"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie"},
    "logistic": {"objective": "reg:logistic"},
    "quantile": {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]},
    "binary": {"objective": "binary:logistic"},
    "margin": {"objective": "binary:logitraw"},
    "hinge": {"objective": "binary:hinge"},
    "classes": {"objective": "multi:softprob", "num_class": 3},
    "class": {"objective": "multi:softmax", "num_class": 3},
    "count": {"objective": "count:poisson"},
    "cox": {"objective": "survival:cox"},
    "aft": {"objective": "survival:aft"},
    "pairwise": {"objective": "rank:pairwise"},
    "ndcg": {"objective": "rank:ndcg"},
    "dart": {"booster": "dart", "rate_drop": 0.5, "one_drop": True},
    "dart-classes": {"booster": "dart", "rate_drop": 0.5, "objective": "multi:softprob", "num_class": 3},
    "forest": {"num_parallel_tree": 3, "subsample": 0.7, "colsample_bynode": 0.8},
    "forest-classes": {"num_parallel_tree": 2, "subsample": 0.7, "objective": "multi:softprob", "num_class": 3},
    "leaf-wise": {"grow_policy": "lossguide", "max_leaves": 5, "max_depth": 0, "tree_method": "hist"},
    "pruned": {"tree_method": "exact", "gamma": 8.0, "max_depth": 4},
    "base-score": {"base_score": 3.25},
    "stopped": {"eta": 0.9},
    "continued": {"eta": 0.9},
    "missing": {},
    "unnamed": {},
    "one-hot": {"tree_method": "approx", "max_cat_to_onehot": 9},
    "partitioned": {"tree_method": "approx", "max_cat_to_onehot": 1},
    "colours": {"max_cat_to_onehot": 1},
    "years": {"max_cat_to_onehot": 1},
    "accented": {"max_cat_to_onehot": 1},
    "targets": {"tree_method": "hist"},
    "vectors": {"tree_method": "hist", "multi_strategy": "multi_output_tree"},
    "linear": {"booster": "gblinear"},
}

SINCE = {
    **dict.fromkeys(("absolute",), (1, 7)),
    **dict.fromkeys(("quantile", "vectors"), (2, 0)),
    **dict.fromkeys(("colours", "years"), (3, 1)),
    "accented": (3, 4),
}
"""The first version that can save a kind of model rightly; every other kind is as old as the oldest."""

CATEGORICAL = ("one-hot", "partitioned")
NAMED: dict[str, list[Any]] = {"colours": COLOURS, "years": [1998, 2004, 2021, 1987], "accented": ACCENTED}


def rows(count: int = ROWS) -> Any:
    """Rows of three numbers, multiples of 1/16 from -4 to 4, and a category code from 0 to 3, float32."""
    at = np.arange(count, dtype=np.int64)
    numbers = [((at * step + 17) * (at + step) % 8191 % 129 - 64) / 16 for step in (3457, 2741, 1789)]
    return np.column_stack([*numbers, at * 5 % 7 % 4]).astype(np.float32)


def targets(kind: str, table: Any) -> Any:
    """What a kind of model learns, from the rows alone."""
    score = table[:, 0] - 2 * table[:, 1] + (table[:, 3] == 2) * 3 + (table[:, 2] > 1)
    score = np.nan_to_num(score)
    if kind in ("targets", "vectors"):
        return np.column_stack([score, -score, np.abs(score)])
    objective = KINDS[kind].get("objective", "")
    if objective.startswith("multi"):
        return np.digitize(score, [-3, 3])
    if objective.startswith(("binary", "rank")) or objective == "reg:logistic":
        return (score > 0).astype(int)
    positive = objective in ("reg:gamma", "reg:tweedie", "reg:squaredlogerror", "count:poisson", "survival:cox")
    return np.round(np.abs(score)) + 1 if positive or objective == "survival:aft" else score


def matrix(kind: str, table: Any, goal: Any = None) -> xgboost.DMatrix:
    """XGBoost's form of the rows, as the kind needs it."""
    if kind in NAMED:
        import pandas as pd

        frame = pd.DataFrame(table, columns=NAMES)
        names: Any = np.array(NAMED[kind], dtype="int64" if kind == "years" else object)
        frame["kind"] = pd.Categorical.from_codes(table[:, 3].astype(int), names)
        return xgboost.DMatrix(frame, goal, enable_categorical=True, nthread=1)
    types = ["float", "float", "float", "c" if kind in CATEGORICAL else "float"]
    names = None if kind == "unnamed" else NAMES
    if kind == "missing":
        table = table.copy()
        table[::3, 2] = np.nan
    categorical = {"enable_categorical": True} if kind in CATEGORICAL else {}
    return xgboost.DMatrix(table, goal, feature_names=names, feature_types=types, nthread=1, **categorical)


def train(kind: str) -> xgboost.Booster:
    """A small model of a kind."""
    table = rows(TRAINED)
    goal = targets(kind, table)
    data = matrix(kind, table, goal)
    if KINDS[kind].get("objective", "").startswith("rank"):
        data.set_group([20] * (TRAINED // 20))
    if kind == "aft":
        data.set_float_info("label_lower_bound", goal)
        data.set_float_info("label_upper_bound", goal + 1)
    parameters = {"max_depth": 2, "nthread": 1, "seed": 16, **KINDS[kind]}
    if kind == "linear":
        del parameters["max_depth"]
    if kind not in ("stopped", "continued"):
        return xgboost.train(parameters, data, ROUNDS)
    held_out = matrix(kind, table, -goal)
    stopping: dict[str, Any] = {"evals": [(held_out, "held_out")], "early_stopping_rounds": 2, "verbose_eval": False}
    stopped = xgboost.train(parameters, data, 9, **stopping)
    return stopped if kind == "stopped" else xgboost.train(parameters, data, 2, xgb_model=stopped)


def predict(kind: str, booster: xgboost.Booster) -> Any:
    """What the version itself predicts; the rounds up to the best one, as its estimators do."""
    best = booster.attr("best_iteration")
    end = 0 if best is None or kind == "linear" else int(best) + 1
    return booster.predict(matrix(kind, rows()), iteration_range=(0, end)).astype(np.float32)


def main() -> None:
    """Train every kind and write the archive."""
    archive = Path(__file__).with_name(f"{VERSION[0]}.{VERSION[1]}.tar.xz")
    with tarfile.open(archive, "w:xz", preset=9) as packed, tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            if SINCE.get(kind, (0, 0)) > VERSION:
                continue
            booster = train(kind)
            answers = io.BytesIO()
            np.save(answers, predict(kind, booster))
            put(packed, f"{kind}.npy", answers.getvalue())
            for suffix in ("ubj", "json"):
                file = Path(folder) / f"{kind}.{suffix}"
                booster.save_model(str(file))
                put(packed, file.name, file.read_bytes())


def put(packed: tarfile.TarFile, name: str, content: bytes) -> None:
    """A file of an archive, always with the same time."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    packed.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    main()
