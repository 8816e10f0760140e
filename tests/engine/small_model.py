"""Models of two features, trained in a moment, with golden files that fit them or do not."""

import hashlib
from pathlib import Path

import numpy as np
import xgboost

from components.golden import Golden

RECORDS = [{"a": 0.1, "b": 0.2}, {"a": 0.5, "b": 0.5}, {"a": 0.9, "b": 0.7}]


def train(folder: Path, slope: float, wrong_by: float = 0.0) -> Path:
    """Write a model and its golden file into a new folder.

    Args:
        folder: Where; must not exist.
        slope: What the model learns: about `slope * (a + b)`.
        wrong_by: Added to the golden predictions, so that the model fails its check; 0 for one that passes.

    Returns:
        The model file.
    """
    folder.mkdir()
    rows = np.random.default_rng(0).random((200, 2), dtype=np.float32)
    data = xgboost.DMatrix(rows, slope * rows.sum(axis=1), feature_names=["a", "b"])
    booster = xgboost.train({"max_depth": 3, "nthread": 1}, data, 5)
    model = folder / "model.ubj"
    booster.save_model(model)
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    expected = [value + wrong_by for value in predictions(model)]
    Golden(sha256, 1e-05, RECORDS, expected).write(folder / "golden.json")
    return model


def predictions(model: Path) -> list[float]:
    """What a model says of `RECORDS`, by XGBoost's own package."""
    booster = xgboost.Booster(model_file=model)
    rows = np.array([list(record.values()) for record in RECORDS], dtype=np.float32)
    return [float(value) for value in booster.predict(xgboost.DMatrix(rows, feature_names=["a", "b"]))]
