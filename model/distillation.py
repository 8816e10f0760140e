"""What does a small model learn from? A teacher's estimates, on the real wines and on many synthetic ones between them.

The score of one wine is a whole number and noisy; a teacher's estimate is neither, and a synthetic wine shows the
teacher's opinion where no real one lies. So a small model learns what otherwise takes a large one (knowledge
distillation: Buciluă, Caruana, Niculescu-Mizil 2006, doi:10.1145/1150402.1150464).

The teacher is two estimators that err in different ways, averaged; too slow and too large to be served. A forest of
extremely randomised trees follows steps and thresholds; a Gaussian process draws a smooth surface where the trees see
noise. Their mean errs less than either, and less than any boosting that was tried on these wines. See
docs/adr/0023-the-model-learns-from-a-teacher.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from model.fit import TrainingSet
from model.splits import Part
from model.surface import Surface

FOREST_TREES = 300
FEATURES_PER_SPLIT = 0.5

SYNTHETIC_ROWS = 30_000
NEIGHBOURS = 10
SWAPPED_SHARE = 0.3
"""Of a synthetic wine's measurements, those taken from the neighbour."""

REAL_WEIGHT = 16.0
"""Of a real wine against a synthetic one: together about twice as much as all synthetic ones."""

TARGET_DIGITS = 3
"""The teacher's sums differ between CPUs in their last bits. Rounded, they do not: the same targets everywhere."""

SYNTHETIC_SEED = 0


def transfer_set(train: Part) -> TrainingSet:
    """Return the real wines and synthetic ones with the estimates of a teacher that saw these rows and no others."""
    synthetic = synthetic_wines(train.features)
    features = pd.concat([train.features, synthetic], ignore_index=True)
    weight = np.concatenate([np.full(len(train), REAL_WEIGHT), np.ones(len(synthetic))])
    return TrainingSet(features, teacher(train).predict(features).round(TARGET_DIGITS), weight)


@dataclass(frozen=True)
class Teacher:
    """The two fitted estimators."""

    forest: ExtraTreesRegressor
    surface: Surface

    def predict(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the estimated quality, shape (rows,), of features of shape (rows, 13)."""
        rows = features.to_numpy(np.float64)
        # Wines that meet in a leaf of one tree go like ways through the others, which processors guess: half as long.
        order = np.argsort(self.forest.estimators_[0].apply(rows))
        by_forest = np.empty(len(rows))
        by_forest[order] = self.forest.predict(rows[order])
        return np.asarray((by_forest + self.surface.predict(rows)) / 2)


def teacher(train: Part) -> Teacher:
    """Fit the teacher on the rows that the model may see, and on no others."""
    rows, target = train.features.to_numpy(np.float64), train.target.to_numpy(np.float64)
    forest = ExtraTreesRegressor(FOREST_TREES, max_features=FEATURES_PER_SPLIT, random_state=0)
    return Teacher(forest.fit(rows, target), Surface(rows, target))


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
