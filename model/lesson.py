"""What is a booster fitted on? Rows with a target and a weight: the wines themselves, or a teacher's lesson about them.

A lesson holds the real wines and many synthetic ones between them, each with the teacher's estimate instead of the
tasters' score. The score of one wine is a whole number and noisy; the estimate is neither, and a synthetic wine
shows the teacher's opinion where no real one lies. So a small model learns what otherwise takes a large one
(knowledge distillation: Buciluă, Caruana, Niculescu-Mizil 2006, doi:10.1145/1150402.1150464).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from model.split import Part
from model.teacher import teacher

SYNTHETIC_ROWS = 30_000
NEIGHBOURS = 10
SWAPPED_SHARE = 0.3
"""Of a synthetic wine's measurements, those taken from the neighbour."""

REAL_WEIGHT = 16.0
"""Of a real wine against a synthetic one: together about twice as much as all synthetic ones."""

TARGET_DIGITS = 3
"""The teacher's sums differ between CPUs in their last bits. Rounded, they do not: the same lesson everywhere."""

SYNTHETIC_SEED = 0


@dataclass(frozen=True)
class Lesson:
    """Rows to fit a booster on.

    Attributes:
        features: Shape (rows, 13), columns in model order.
        target: Shape (rows,), quality.
        weight: Shape (rows,); None weighs all alike.
    """

    features: pd.DataFrame
    target: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.target)


def plain(train: Part) -> Lesson:
    """Return the rows as they are, with the tasters' scores."""
    return Lesson(train.features, train.target.to_numpy(np.float64))


def distilled(train: Part) -> Lesson:
    """Return the real wines and synthetic ones with the estimates of a teacher that saw these rows and no others."""
    synthetic = synthetic_wines(train.features)
    features = pd.concat([train.features, synthetic], ignore_index=True)
    weight = np.concatenate([np.full(len(train), REAL_WEIGHT), np.ones(len(synthetic))])
    return Lesson(features, teacher(train).predict(features).round(TARGET_DIGITS), weight)


def synthetic_wines(features: pd.DataFrame) -> pd.DataFrame:
    """Return `SYNTHETIC_ROWS` wines, each a real one with some measurements of another one like it.

    Args:
        features: Shape (rows, columns), more than one row.

    Returns:
        Shape (`SYNTHETIC_ROWS`, columns), the same columns with the same types.
    """
    values = features.to_numpy(np.float64)
    scaled = StandardScaler().fit_transform(values)
    neighbours = min(NEIGHBOURS, len(values) - 1)
    near = NearestNeighbors(n_neighbors=neighbours, algorithm="kd_tree").fit(scaled).kneighbors(return_distance=False)
    draw = np.random.default_rng(SYNTHETIC_SEED)
    one = draw.integers(len(values), size=SYNTHETIC_ROWS)
    other = near[one, draw.integers(neighbours, size=SYNTHETIC_ROWS)]
    swapped = draw.random((SYNTHETIC_ROWS, values.shape[1])) < SWAPPED_SHARE
    mixed = np.where(swapped, values[other], values[one])
    return pd.DataFrame(mixed, columns=features.columns).astype(features.dtypes.to_dict())
