"""How good is a prediction? RMSE first, since it is what training minimises; MAE and R² for people."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

Vector = npt.ArrayLike


def metrics(actual: Vector, predicted: Vector) -> dict[str, float]:
    """Return the error measures of some predictions.

    Args:
        actual: Shape (rows,), quality scores.
        predicted: Shape (rows,), same order.

    Returns:
        `rmse` and `mae` in points of quality, `r2` as a share; rounded to six digits, because the last bits
        depend on the CPU and the figures are committed.
    """
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    return {
        "rmse": round(float(root_mean_squared_error(y, p)), 6),
        "mae": round(float(mean_absolute_error(y, p)), 6),
        "r2": round(float(r2_score(y, p)), 6),
    }
