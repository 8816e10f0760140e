"""Writes the golden file of a trained model: a few records, with what XGBoost's own package predicts for them.

Use it where models are trained: it needs `xgboost` and `pandas`, which a deployment does not. What a golden file is and
how it is compared is in `golden.py`.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from .bundled_handler import model_reader
from .golden import GOLDEN_FILE, TOLERANCE, Golden

if TYPE_CHECKING:
    import pandas as pd


def golden_predictions(
    model: bytes, features: "pd.DataFrame", tolerance: float = TOLERANCE, missing: float | None = None
) -> Golden:
    """Golden records and predictions of a saved model.

    Args:
        model: The whole file. If training was stopped early, the rounds up to the best one count, as they do for the
            endpoint.
        features: 20 to 50 rows that the model was not trained on, shape (rows, features), columns in model order.
        tolerance: Largest absolute difference of a prediction that is accepted.
        missing: The number that means a missing value besides NaN, as `missing_values` of the component has it; what
            the model file says if not given, which is none but in those that estimators of XGBoost 1.6 and 1.7 saved.

    Returns:
        Records and predictions in the order of the rows; a missing value is None, a category its name, or its code if
        the model knows codes only, and the prediction of a model with several outputs a list.

    Raises:
        ValueError: The file is not a model that can be served, or the rows do not fit it.
    """
    import xgboost as xgb

    found = model_reader.read(model)
    counts = found.missing if missing is None else missing
    rows = xgb.DMatrix(features, missing=counts, nthread=1, enable_categorical=True)
    predictions = xgb.Booster(model_file=bytearray(model)).predict(
        rows, iteration_range=(0, found.rounds_used), output_margin=found.untransformed
    )
    return Golden(
        model_sha256=hashlib.sha256(model).hexdigest(),
        tolerance=tolerance,
        records=[
            {str(name): value for name, value in row.items()} for row in _as_sent(features, found).to_dict("records")
        ],
        predictions=predictions.astype(float).tolist(),
    )


def _as_sent(features: "pd.DataFrame", model: model_reader.Model) -> "pd.DataFrame":
    """Rows as a client of the endpoint has to send them."""
    import pandas as pd

    sent = features.astype(object)
    for index, names in model.categories.items():
        column = features.iloc[:, index]
        if names is None and isinstance(column.dtype, pd.CategoricalDtype):
            sent.isetitem(index, column.cat.codes.astype(object).array)
    return sent.where(features.notna(), None)


def write_golden(
    model_file: Path | str, features: "pd.DataFrame", tolerance: float = TOLERANCE, missing: float | None = None
) -> Path:
    """Writes the golden file of a saved model beside it.

    Args:
        model_file: As saved by XGBoost.
        features: See `golden_predictions`.
        tolerance: See `golden_predictions`.
        missing: See `golden_predictions`.

    Returns:
        The file written.

    Raises:
        OSError: The model cannot be read or the file cannot be written.
        ValueError: The file is not a model that can be served, or the rows do not fit it.
    """
    model_file = Path(model_file)
    file = model_file.with_name(GOLDEN_FILE)
    golden_predictions(model_file.read_bytes(), features, tolerance, missing).write(file)
    return file
