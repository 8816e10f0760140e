"""Does a figure depend on the luck of one split? The same parameters, fitted and judged on many splits.

The parameters were chosen on the training part of the published split, and most of its rows stand in the test parts
of the others: what is found here shows how far the error scatters, and is a little flattering as an error.
"""

from collections.abc import Callable

import pandas as pd

from model.evaluate import metrics
from model.fit import Parameters, fit, matrix
from model.split import split

SPLIT_SEEDS = range(20)


def over_splits(
    parameters: Parameters, table: pd.DataFrame, say: Callable[[str], None] = lambda _: None
) -> list[float]:
    """Return the RMSE on the test part of each split, in the order of `SPLIT_SEEDS`.

    Args:
        parameters: Fitted anew on each training part.
        table: As `prepare.prepare` returns it.
        say: Receives one line of progress per split.
    """
    errors = []
    for seed in SPLIT_SEEDS:
        train, test = split(table, seed)
        errors.append(metrics(test.target, fit(parameters, train).predict(matrix(test.features)))["rmse"])
        say(f"split {seed}: RMSE {errors[-1]:.4f}")
    return errors
