"""How is a booster fitted? By XGBoost, on one thread, from given parameters.

One thread, because sums of floats taken in another order give another model: this way the number of cores does
not matter and the same library writes the same bytes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb

from model.splits import Part

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


@dataclass(frozen=True)
class TrainingSet:
    """Rows to fit a booster on.

    Attributes:
        features: Shape (rows, 13), columns in model order.
        target: Shape (rows,), quality: scores, or a teacher's estimates of them.
        weight: Shape (rows,); None weighs all alike.
    """

    features: pd.DataFrame
    target: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.target)


def observed(train: Part) -> TrainingSet:
    """Return the rows as they are, with the tasters' scores."""
    return TrainingSet(train.features, train.target.to_numpy(np.float64))


def matrix(
    features: pd.DataFrame, target: npt.ArrayLike | None = None, weight: npt.ArrayLike | None = None
) -> xgb.DMatrix:
    """Return XGBoost's form of the rows; feature names and types are those of the data frame's columns."""
    return xgb.DMatrix(features, label=target, weight=weight, nthread=1, enable_categorical=True)


def fit(parameters: Parameters, training: TrainingSet, show_every: int | None = None) -> xgb.Booster:
    """Fit a booster.

    Args:
        parameters: What determines the model.
        training: The only rows the model sees.
        show_every: Print the training RMSE each so many rounds; None prints nothing.

    Returns:
        The booster with feature names and types, so that the model file alone defines the endpoint's contract.
    """
    rows = matrix(training.features, training.target, training.weight)
    return xgb.train(
        {**FIXED, **parameters.booster, "seed": parameters.seed},
        rows,
        num_boost_round=parameters.rounds,
        evals=[(rows, "train")] if show_every else [],
        verbose_eval=show_every or False,
    )
