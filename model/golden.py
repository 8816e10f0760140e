"""Which predictions must a deployed model give? A few records, with what XGBoost's own package predicts for them.

They are checked in the image build and on the published Lambda version before it takes traffic. This works for any
XGBoost model: `write_golden` is also what `docs/your-own-model.md` uses.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import xgboost as xgb

from model.fit import matrix

GOLDEN_FILE = "golden.json"
"""Beside the model, where the deployment looks for it."""

TOLERANCE = 1e-5
"""Absolute, in the unit of the target: for wines about twenty times the spacing of float32 numbers near six, and far
below the difference that a wrong library, a swapped column or a damaged model makes."""


def golden(booster: xgb.Booster, features: pd.DataFrame, model_sha256: str, tolerance: float) -> dict[str, Any]:
    """Return golden records and predictions.

    Args:
        booster: The model as it will be deployed. If it was stopped early, the rounds up to the best one count, as
            they do for the endpoint.
        features: 20 to 50 rows that the model was not trained on, shape (rows, features), columns in model order.
        model_sha256: Of the model file, so that golden predictions of another model are recognised.
        tolerance: Largest absolute difference of a prediction that is let through.

    Returns:
        `model_sha256`, `tolerance`, `records` and `predictions`, in the order of the rows; a missing value is None, a
        category its name, and the prediction of a model with several outputs a list.
    """
    best = booster.attr("best_iteration")
    rounds = (0, int(best) + 1) if best is not None else (0, 0)
    predictions = booster.predict(matrix(features), iteration_range=rounds)
    return {
        "model_sha256": model_sha256,
        "tolerance": tolerance,
        "records": features.astype(object).where(features.notna(), None).to_dict("records"),
        "predictions": predictions.astype(float).tolist(),
    }


def write_golden(model_file: Path | str, features: pd.DataFrame, tolerance: float = TOLERANCE) -> Path:
    """Write the golden file of a saved model beside it.

    Args:
        model_file: `.ubj` or `.json`, as saved by XGBoost.
        features: See `golden`.
        tolerance: See `golden`.

    Returns:
        The file written.

    Raises:
        OSError: The model cannot be read or the file not written.
        ValueError: The rows do not fit the model.
    """
    model_file = Path(model_file)
    sha256 = hashlib.sha256(model_file.read_bytes()).hexdigest()
    content = golden(xgb.Booster(model_file=model_file), features, sha256, tolerance)
    file = model_file.with_name(GOLDEN_FILE)
    file.write_bytes(to_json(content).encode())
    return file


def to_json(content: dict[str, Any]) -> str:
    """Return a file's text, the same for the same content.

    Raises:
        ValueError: A number is not finite: JSON has no name for it.
    """
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
