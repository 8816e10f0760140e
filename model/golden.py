"""Which predictions must the deployed model give? A few records of the test part, with what training saw.

They are checked in the image build and on the published Lambda version before it takes traffic.
"""

import json
from typing import Any

import pandas as pd
import xgboost as xgb

from model.fit import matrix

RECORDS = 32
"""Enough to pass through every tree on different paths, few enough for one small request."""

TOLERANCE = 1e-5
"""Absolute, in points of quality: about twenty times the spacing of float32 numbers near six, and far below a
difference that a wrong library, a swapped column or a damaged model makes."""


def golden(booster: xgb.Booster, features: pd.DataFrame, model_sha256: str) -> dict[str, Any]:
    """Return the golden records and predictions.

    Args:
        booster: The model as it will be deployed.
        features: Rows of the test part, at least one of either colour.
        model_sha256: Of the model file, so that golden predictions of another model are recognised.

    Returns:
        `model_sha256`, `tolerance`, `records` (a white wine, a red wine, then others) and `predictions`.
    """
    chosen = choose(features)
    predictions = booster.predict(matrix(chosen))
    return {
        "model_sha256": model_sha256,
        "tolerance": TOLERANCE,
        "records": chosen.to_dict("records"),
        "predictions": [float(value) for value in predictions],
    }


def choose(features: pd.DataFrame) -> pd.DataFrame:
    """Return the first white wine, the first red one, then the rows that follow, `RECORDS` in all."""
    first = [features["color_white"].idxmax(), features["color_red"].idxmax()]
    return pd.concat([features.loc[first], features.drop(index=first)]).head(RECORDS)


def to_json(content: dict[str, Any]) -> str:
    """Return the file's text, the same for the same content."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
