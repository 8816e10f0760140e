"""How are the training rows cut for cross-validation? Stratified by quality, never through equal feature rows.

Two wines with the same measurements may have got different scores; were they to stand in two folds, a deep tree
could look the answer up. UCI's files hold no such pair after preparation, but other data may.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from model.split import Part

FOLDS = 10
"""Ten rather than five, so that a fold has nearly as many rows as the model: the nearest wines matter most here."""

RAREST_GRADES = (4, 8)
"""Scores below and above are counted with these when stratifying: there are too few 3s and 9s for so many folds."""


@dataclass(frozen=True)
class Fold:
    """One cut of the training part.

    Attributes:
        fit: The rows a booster is fitted on, about four fifths.
        score: The rows it is scored on, the rest.
    """

    fit: Part
    score: Part


def folds(train: Part, seed: int) -> list[Fold]:
    """Return `FOLDS` cuts that together score every training row once.

    Args:
        train: The training part; no row of the test part may be in it.
        seed: Of the partition; another seed gives another one.
    """
    strata = train.target.clip(*RAREST_GRADES)
    groups = train.features.groupby(list(train.features.columns), sort=False).ngroup()
    cuts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(train.features, strata, groups)
    return [Fold(_take(train, fit), _take(train, score)) for fit, score in cuts]


def _take(part: Part, positions: np.ndarray) -> Part:
    return Part(part.features.iloc[positions], part.target.iloc[positions])
