"""How good is a prediction, and is it better than another? RMSE first, since it is what training minimises.

Figures are rounded where they are made: their last bits depend on the CPU, and they are committed.
"""

import numpy as np
import numpy.typing as npt
from scipy.stats import bootstrap  # type: ignore[import-untyped, unused-ignore]
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

RESAMPLES = 5000
CONFIDENCE = 0.95


def metrics(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, float]:
    """Return the error measures of some predictions.

    Args:
        actual: Shape (rows,), quality scores.
        predicted: Shape (rows,), same order.

    Returns:
        `rmse` and `mae` in points of quality, `r2` as a share; rounded to six digits.
    """
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    return {
        "rmse": round(float(root_mean_squared_error(y, p)), 6),
        "mae": round(float(mean_absolute_error(y, p)), 6),
        "r2": round(float(r2_score(y, p)), 6),
    }


def difference(actual: npt.ArrayLike, ours: npt.ArrayLike, theirs: npt.ArrayLike) -> dict[str, float]:
    """Return by how much our RMSE differs from another model's, with a bootstrap interval.

    The bootstrap is paired: each resample draws wines, and both models are judged on the same ones. What is hard
    about a wine is hard for both and cancels.

    Args:
        actual: Shape (rows,), quality scores.
        ours: Shape (rows,), same order.
        theirs: Shape (rows,), same order.

    Returns:
        `rmse` (ours minus theirs: negative is better) and the ends `low` and `high` of the percentile interval at
        `confidence`; rounded to four digits.
    """
    y = np.asarray(actual, dtype=np.float64)
    squared = [np.square(np.asarray(predicted, dtype=np.float64) - y) for predicted in (ours, theirs)]
    result = bootstrap(
        squared,
        lambda a, b, axis: np.sqrt(a.mean(axis=axis)) - np.sqrt(b.mean(axis=axis)),
        paired=True,
        n_resamples=RESAMPLES,
        batch=500,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(0),
    )
    interval = result.confidence_interval
    return {
        "rmse": round(float(np.sqrt(squared[0].mean()) - np.sqrt(squared[1].mean())), 4),
        "low": round(float(interval.low), 4),
        "high": round(float(interval.high), 4),
        "confidence": CONFIDENCE,
    }
