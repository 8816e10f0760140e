"""How is a booster fitted? By XGBoost, on one thread, from given parameters.

One thread, because sums of floats taken in another order give another model: this way the number of cores does
not matter and the same library writes the same bytes.
"""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pandas as pd
import xgboost as xgb

from model.lesson import Lesson

FIXED = {"objective": "reg:squarederror", "tree_method": "hist", "nthread": 1}
"""What is not tuned, and must not differ between tuning and training."""


@dataclass(frozen=True)
class Parameters:
    """What determines a model, given the rows.

    Attributes:
        booster: XGBoost's parameters by its own names, without those of `FIXED`.
        rounds: Number of boosting rounds.
        seed: Of the sampling of rows and columns.
    """

    booster: dict[str, Any]
    rounds: int
    seed: int


def matrix(
    features: pd.DataFrame, target: npt.ArrayLike | None = None, weight: npt.ArrayLike | None = None
) -> xgb.DMatrix:
    """Return XGBoost's form of the rows; feature names and types are those of the data frame's columns."""
    return xgb.DMatrix(features, label=target, weight=weight, nthread=1, enable_categorical=True)


def fit(parameters: Parameters, lesson: Lesson, show_every: int | None = None) -> xgb.Booster:
    """Fit a booster.

    Args:
        parameters: What determines the model.
        lesson: The only rows the model sees.
        show_every: Print the training RMSE each so many rounds; None prints nothing.

    Returns:
        The booster with feature names and types, so that the model file alone defines the endpoint's contract.
    """
    rows = matrix(lesson.features, lesson.target, lesson.weight)
    return xgb.train(
        {**FIXED, **parameters.booster, "seed": parameters.seed},
        rows,
        num_boost_round=parameters.rounds,
        evals=[(rows, "train")] if show_every else [],
        verbose_eval=show_every or False,
    )
