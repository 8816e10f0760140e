"""What smooth surface lies through the tasted wines? The mean of a Gaussian process, for half of the teacher.

Its kernel is given and not searched for, so that one system of linear equations is all there is to fit. Leaves out how
certain an estimate is: nobody asks. scikit-learn's process solves the system twice, and takes four times as long.
"""

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve  # type: ignore[import-untyped, unused-ignore]
from sklearn.preprocessing import StandardScaler

LENGTH_SCALE = 5.0
"""In standard deviations: how far apart two wines may be and still tell something about each other."""

NOISE_SHARE = 0.4
"""Variance of the tasters' disagreement against that of the surface."""

PIECE_ROWS = 200
"""The process compares every row it judges with every row it knows: 6 MB for a piece, instead of a gigabyte."""

Matrix = npt.NDArray[np.float64]


class Surface:
    """The process, fitted on rows of shape (rows, columns) and a target of shape (rows,) that is not constant."""

    def __init__(self, rows: Matrix, target: Matrix) -> None:
        self._scaler = StandardScaler().fit(rows)
        self._known = self._scaler.transform(rows)
        self._mean, self._spread = target.mean(), target.std()
        alike = np.empty((len(rows), len(rows)))
        for start in range(0, len(rows), PIECE_ROWS):
            end = start + PIECE_ROWS  # LAPACK reads one half of what is symmetric
            alike[start:end, :end] = _likeness(self._known[start:end], self._known[:end])
        alike[np.diag_indices_from(alike)] += NOISE_SHARE
        normal = (target - self._mean) / self._spread
        # Its own transpose, in the order that LAPACK takes without a copy of 127 MB.
        factor = cho_factor(alike.T, overwrite_a=True, check_finite=False)
        self._weights = cho_solve(factor, normal, check_finite=False)

    def predict(self, rows: Matrix) -> Matrix:
        """Return the height of the surface, shape (rows,), at rows of the columns that were fitted."""
        scaled = self._scaler.transform(rows)
        pieces = [scaled[start : start + PIECE_ROWS] for start in range(0, len(scaled), PIECE_ROWS)]
        heights = np.concatenate([_likeness(piece, self._known) @ self._weights for piece in pieces])
        return np.asarray(self._mean + self._spread * heights)


def _likeness(some: Matrix, others: Matrix) -> Matrix:
    """Return 1 / √(1 + (distance / `LENGTH_SCALE`)²) of each pair: the rational quadratic kernel with a mixture of ½.

    The squared distance, |a|² + |b|² - 2ab, is one product of matrices when each row brings its own square along.
    """
    a, b = some / LENGTH_SCALE, others / LENGTH_SCALE
    one = np.column_stack([-2 * a, np.square(a).sum(axis=1) + 1, np.ones(len(a))])
    other = np.column_stack([b, np.ones(len(b)), np.square(b).sum(axis=1)])
    found: Matrix = one @ other.T
    np.sqrt(found, out=found)
    np.divide(1, found, out=found)  # in half the time of `reciprocal`, to the same bits
    return found
