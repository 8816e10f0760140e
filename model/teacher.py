"""Who teaches the model? Two estimators that err in different ways, averaged; too slow and too large to be served.

A forest of extremely randomised trees follows steps and thresholds; a Gaussian process draws a smooth surface where the
trees see noise. Their mean errs less than either, and less than any boosting that was tried on these wines. See
docs/adr/0023-the-model-learns-from-a-teacher.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RationalQuadratic, WhiteKernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from model.split import Part

FOREST_TREES = 300
FEATURES_PER_SPLIT = 0.5
LENGTH_SCALE = 5.0
"""In standard deviations: how far apart two wines may be and still tell something about each other."""
SCALE_MIXTURE = 0.5
NOISE_SHARE = 0.4
"""Variance of the tasters' disagreement against that of the surface."""

PIECE_ROWS = 1000
"""The process compares every row it judges with every row it knows: 32 MB for a piece, instead of a gigabyte."""


@dataclass(frozen=True)
class Teacher:
    """The two fitted estimators."""

    forest: ExtraTreesRegressor
    surface: GaussianProcessRegressor

    def predict(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the estimated quality, shape (rows,), of features of shape (rows, 13)."""
        rows = features.to_numpy(np.float64)
        pieces = [rows[start : start + PIECE_ROWS] for start in range(0, len(rows), PIECE_ROWS)]
        return np.concatenate([(self.forest.predict(piece) + self.surface.predict(piece)) / 2 for piece in pieces])


def teacher(train: Part) -> Teacher:
    """Fit the teacher on the rows that the model may see, and on no others."""
    rows, target = train.features.to_numpy(np.float64), train.target.to_numpy(np.float64)
    kernel = RationalQuadratic(LENGTH_SCALE, SCALE_MIXTURE) + WhiteKernel(NOISE_SHARE)
    surface = make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True))
    forest = ExtraTreesRegressor(FOREST_TREES, max_features=FEATURES_PER_SPLIT, random_state=0)
    return Teacher(forest.fit(rows, target), surface.fit(rows, target))
