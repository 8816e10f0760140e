"""How is a booster fitted? By XGBoost, on one thread, from parameters that stand in `parameters.json`.

One thread, because sums of floats taken in another order give another model: this way the number of cores does
not matter and the same library writes the same bytes.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xgboost as xgb

from model.split import Part

PARAMETERS_FILE = Path(__file__).with_name("parameters.json")

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


def read_parameters(path: Path = PARAMETERS_FILE) -> Parameters:
    """Read the recorded parameters.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not JSON, or a field is missing.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        return Parameters(dict(content["booster"]), int(content["rounds"]), int(content["seed"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} must be JSON with 'booster', 'rounds' and 'seed' ({error!r})") from error


def matrix(features: pd.DataFrame, target: pd.Series | None = None) -> xgb.DMatrix:
    """Return XGBoost's form of the rows; feature names and types are those of the data frame's columns."""
    return xgb.DMatrix(features, label=target, nthread=1)


def fit(parameters: Parameters, train: Part, show_every: int | None = None) -> xgb.Booster:
    """Fit a booster on the training part.

    Args:
        parameters: What determines the model.
        train: The only rows the model sees.
        show_every: Print the training RMSE each so many rounds; None prints nothing.

    Returns:
        The booster with feature names and types, so that the model file alone defines the endpoint's contract.
    """
    rows = matrix(train.features, train.target)
    return xgb.train(
        {**FIXED, **parameters.booster, "seed": parameters.seed},
        rows,
        num_boost_round=parameters.rounds,
        evals=[(rows, "train")] if show_every else [],
        verbose_eval=show_every or False,
    )
