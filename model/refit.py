"""Which weight suits each leaf, once all trees stand? All leaves together, where boosting weighed tree after tree.

Boosting never goes back: an early tree keeps the weights it got when the later ones were not there yet. Weighing all
leaves at once is a linear problem (the fully corrective step of regularised greedy forests: Johnson, Zhang 2014,
doi:10.1109/TPAMI.2013.159). It costs neither bytes nor time in the served model, whose trees keep their shape.
"""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb
from scipy.sparse import csr_matrix, diags  # type: ignore[import-untyped, unused-ignore]
from scipy.sparse.linalg import lsqr  # type: ignore[import-untyped, unused-ignore]

from model.fit import Parameters, TrainingSet, fit, matrix

DAMPING = 80.0
"""Square root of the ridge penalty on what a leaf's weight moves by: leaves with few rows stay where they are."""

ITERATIONS = 40

WEIGHT_DIGITS = 6
"""Sums differ between CPUs in their last bits; rounded weights do not."""


def student(parameters: Parameters, training: TrainingSet, show_every: int | None = None) -> xgb.Booster:
    """Fit a booster and weigh its leaves together: the model that is served."""
    return refit(fit(parameters, training, show_every), training)


def refit(booster: xgb.Booster, training: TrainingSet) -> xgb.Booster:
    """Return the same trees with leaf weights that fit the training set together.

    Args:
        booster: Fitted on the training set; one output.
        training: What it was fitted on.
    """
    rows = matrix(training.features)
    leaves = booster.predict(rows, pred_leaf=True).astype(np.int64).reshape(len(training), -1)
    first = np.concatenate([[0], np.cumsum(leaves.max(axis=0) + 1)])
    columns = (leaves + first[:-1]).ravel()
    starts = np.arange(0, leaves.size + 1, leaves.shape[1])
    design = csr_matrix((np.ones(leaves.size), columns, starts), shape=(len(training), first[-1]))
    weight = np.ones(len(training)) if training.weight is None else training.weight
    error = np.sqrt(weight) * (training.target - booster.predict(rows))
    moved = lsqr(diags(np.sqrt(weight)) @ design, error, damp=DAMPING, iter_lim=ITERATIONS)[0]
    return _with_weights(booster, [moved[low:high] for low, high in pairwise(first)])


def _with_weights(booster: xgb.Booster, moved: list[npt.NDArray[np.float64]]) -> xgb.Booster:
    """Return a booster whose leaves differ by what `moved` says, tree by tree and node by node."""
    model: dict[str, Any] = json.loads(bytes(booster.save_raw("json")))
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    for tree, moves in zip(trees, moved, strict=True):
        for node, child in enumerate(tree["left_children"]):
            if child == -1 and node < len(moves):  # a leaf keeps its weight where an inner node keeps its threshold
                weight = round(tree["split_conditions"][node] + float(moves[node]), WEIGHT_DIGITS)
                tree["split_conditions"][node] = tree["base_weights"][node] = weight
    changed = xgb.Booster(params={"nthread": 1})
    changed.load_model(bytearray(json.dumps(model).encode()))
    return changed
