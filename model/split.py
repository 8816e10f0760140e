"""Which rows train and which test? The split that published figures for this model use, so that they compare."""

from dataclasses import dataclass

import pandas as pd
from sklearn.model_selection import train_test_split

from model.schema import FEATURE_NAMES, TARGET

SPLIT_SEED = 2
TEST_SHARE = 0.25


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
        table: As `prepare.prepare` returns it.
        seed: Of the draw; the default gives 3,990 and 1,330 rows that figures in the model card refer to.
    """
    train, test = train_test_split(table, test_size=TEST_SHARE, random_state=seed)
    return part(train), part(test)


def part(rows: pd.DataFrame) -> Part:
    """Separate the features of some rows from their target."""
    return Part(rows[FEATURE_NAMES], rows[TARGET.name])
