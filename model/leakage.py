"""Could the score be too good to be true? Checks that no answer reaches the model unseen.

Three ways are watched: a row that stands in both parts, equal measurements that stand in both parts, and a column
that gives the target away. What no check can see is a measurement taken after the wine was tasted.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeRegressor

from model.splits import Part

TELLTALE_R2 = 0.6
"""A single laboratory value explains at most a quarter of the variance of quality (alcohol does); all of them
together about 40 %. A column that explains more than this on its own was made from the answer."""

SUSPICIOUS_RMSE = 0.66
"""On the published split nothing honest was seen to score below this."""


class LeakError(Exception):
    """The test part, or the target, is visible to training. The message names rows or columns and the way out."""


def check_for_leaks(train: Part, test: Part) -> None:
    """Refuse a pair of parts on which an error would be understated.

    Raises:
        LeakError: A row or its measurements stand in both parts, or a feature gives the target away.
    """
    shared = train.features.index.intersection(test.features.index)
    if len(shared):
        raise LeakError(f"{len(shared)} rows stand in both parts, the first with index {shared[0]}: split by row, once")
    twins = test.features.index[_as_rows(test.features).isin(set(_as_rows(train.features)))]
    if len(twins):
        raise LeakError(
            f"{len(twins)} test rows have the measurements of a training row, the first with index {twins[0]}: "
            "drop duplicates before splitting"
        )
    for name in train.features.columns:
        explained = explained_alone(train.features[[name]], train.target)
        if explained > TELLTALE_R2:
            raise LeakError(
                f"column {name!r} alone explains {explained:.0%} of the variance of {train.target.name}, "
                f"more than {TELLTALE_R2:.0%}: was it made from the target? Leave it out of the features"
            )


def explained_alone(feature: pd.DataFrame, target: pd.Series) -> float:
    """Return the share of the target's variance that one column explains on rows not fitted on, at most 1.

    A small tree finds any shape of dependence, not only a straight one.
    """
    tree = DecisionTreeRegressor(max_leaf_nodes=16, min_samples_leaf=10, random_state=0)
    shuffled = np.random.default_rng(0).permutation(len(target))
    # As arrays, and in a loop: scikit-learn's cross-validation takes longer than all that it has done here.
    rows, answers = feature.to_numpy()[shuffled], target.to_numpy()[shuffled]
    predicted = np.empty(len(answers))
    for part in range(3):
        held_back = np.arange(len(answers)) % 3 == part
        predicted[held_back] = tree.fit(rows[~held_back], answers[~held_back]).predict(rows[held_back])
    return float(r2_score(answers, predicted))


def _as_rows(features: pd.DataFrame) -> pd.Series:
    return pd.Series(list(features.itertuples(index=False, name=None)), index=features.index)
