"""What would others have achieved? Models to compare with, fitted on the same rows as ours.

They are what a sceptic asks for first: no model, a straight line, the library's defaults, a forest without boosting,
and the parameters published with the example that this deployment set out from.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from model.fit import Parameters, fit, matrix, observed
from model.splits import Part

XGBOOST_DEFAULTS = Parameters(booster={}, rounds=100, seed=0)
"""What `xgboost.XGBRegressor()` does."""

PUBLISHED = Parameters(
    booster={
        "learning_rate": 0.14805276225628836,
        "max_depth": 4,
        "gamma": 0.8308284589258269,
        "min_child_weight": 19,
        "subsample": 0.8057534921563381,
        "colsample_bytree": 0.49563261913456746,
    },
    rounds=427,
    seed=2,
)
"""From https://github.com/kyopark2014/lambda-with-ML-container. Both the parameters and the number of rounds were
chosen there on the test part of this very split, which favours them in the comparison."""

FOREST_TREES = 100

OURS = "this model"
PUBLISHED_NAME = "published parameters"


@dataclass(frozen=True)
class Baseline:
    """A fitted model to compare with.

    Attributes:
        predict: From features of shape (rows, 13) to quality of shape (rows,).
        size_bytes: As it would be stored: UBJ for XGBoost, a pickle for scikit-learn.
    """

    predict: Callable[[pd.DataFrame], npt.NDArray[Any]]
    size_bytes: int


def baselines(train: Part) -> dict[str, Baseline]:
    """Return the fitted baselines by name, the simplest first."""
    forest = RandomForestRegressor(FOREST_TREES, random_state=0, n_jobs=1)
    return {
        "mean of the training part": _sklearn(DummyRegressor(), train),
        "linear regression": _sklearn(LinearRegression(), train),
        "XGBoost, default parameters": _xgboost(XGBOOST_DEFAULTS, train),
        f"random forest, {FOREST_TREES} trees": _sklearn(forest, train),
        PUBLISHED_NAME: _xgboost(PUBLISHED, train),
    }


def _sklearn(estimator: Any, train: Part) -> Baseline:
    estimator.fit(train.features, train.target)
    return Baseline(lambda features: np.asarray(estimator.predict(features)), len(pickle.dumps(estimator)))


def _xgboost(parameters: Parameters, train: Part) -> Baseline:
    booster = fit(parameters, observed(train))
    return Baseline(lambda features: booster.predict(matrix(features)), len(booster.save_raw("ubj")))
