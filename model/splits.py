"""Which rows train, which validate, and which test?

The test part is the one that published figures for this model use, so that they compare. Cross-validation cuts the
training part into folds, stratified by quality and never through equal feature rows: two wines with the same
measurements may have got different scores, and were they to stand in two folds, a deep tree could look the answer up.
UCI's files hold no such pair after preparation, but other data may.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from model.schema import FEATURE_NAMES, TARGET

SPLIT_SEED = 2
TEST_SHARE = 0.25

FOLDS = 10
"""Ten rather than five, so that a fold has nearly as many rows as the model: the nearest wines matter most here."""

RAREST_GRADES = (4, 8)
"""Scores below and above are counted with these when stratifying: there are too few 3s and 9s for so many folds."""


@dataclass(frozen=True)
class Part:
    """Rows of the prepared table, features apart from the target.

    Attributes:
        features: Shape (rows, 13), columns in model order; the index is the prepared table's.
        target: Shape (rows,), quality 0 to 10, same index.
    """

    features: pd.DataFrame
    target: pd.Series

    def __len__(self) -> int:
        return len(self.target)


def split(table: pd.DataFrame, seed: int = SPLIT_SEED) -> tuple[Part, Part]:
    """Return the training part and the test part, 3 to 1, rows drawn at random.

    Args:
        table: As `preparation.prepare` returns it.
        seed: Of the draw; the default gives 3,990 and 1,330 rows that figures in the model card refer to.
    """
    train, test = train_test_split(table, test_size=TEST_SHARE, random_state=seed)
    return part(train), part(test)


def part(rows: pd.DataFrame) -> Part:
    """Separate the features of some rows from their target."""
    return Part(rows[FEATURE_NAMES], rows[TARGET.name])


@dataclass(frozen=True)
class Fold:
    """One cut of the training part.

    Attributes:
        train: The rows a booster is fitted on, about nine tenths.
        validation: The rows it is scored on, the rest.
    """

    train: Part
    validation: Part


def folds(train: Part, seed: int) -> list[Fold]:
    """Return `FOLDS` cuts that together score every training row once.

    Args:
        train: The training part; no row of the test part may be in it.
        seed: Of the partition; another seed gives another one.
    """
    strata = train.target.clip(*RAREST_GRADES)
    groups = train.features.groupby(list(train.features.columns), sort=False).ngroup()
    cuts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(train.features, strata, groups)
    return [Fold(_take(train, fitted), _take(train, held_back)) for fitted, held_back in cuts]


def _take(part: Part, positions: np.ndarray) -> Part:
    return Part(part.features.iloc[positions], part.target.iloc[positions])
