"""Does a figure depend on the luck of one split? The same parameters, fitted and judged on many splits.

The parameters were chosen on the training part of the published split, and most of its rows stand in the test parts
of the others: what is found here shows how far the error scatters, and is a little flattering as an error.
"""

from collections.abc import Callable

import pandas as pd
import xgboost as xgb

from model.distillation import transfer_set
from model.evaluation import metrics
from model.fit import fit, matrix, observed
from model.parameters import read_parameters
from model.refit import student
from model.splits import Part, split
from model.study.baselines import PUBLISHED

SPLIT_SEEDS = range(20)


def served(train: Part) -> xgb.Booster:
    """Fit the served model's recorded parameters on another training part."""
    return student(read_parameters(), transfer_set(train))


def published_model(train: Part) -> xgb.Booster:
    """Fit the published parameters on another training part."""
    return fit(PUBLISHED, observed(train))


def over_splits(
    fitted: Callable[[Part], xgb.Booster],
    table: pd.DataFrame,
    say: Callable[[str], None] = lambda _: None,
) -> list[float]:
    """Return the RMSE on the test part of each split, in the order of `SPLIT_SEEDS`.

    Args:
        fitted: Fits the same model on each training part.
        table: As `preparation.prepare` returns it.
        say: Receives one line of progress per split.
    """
    errors = []
    for number, seed in enumerate(SPLIT_SEEDS, 1):
        train, test = split(table, seed)
        errors.append(metrics(test.target, fitted(train).predict(matrix(test.features)))["rmse"])
        say(f"split {number} of {len(SPLIT_SEEDS)}: RMSE {errors[-1]:.4f}")
    return errors
