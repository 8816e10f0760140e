"""The smooth half of the teacher against scikit-learn's Gaussian process, which finds the same by longer means."""

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RationalQuadratic, WhiteKernel
from sklearn.preprocessing import StandardScaler

from model.splits import Part
from model.surface import LENGTH_SCALE, NOISE_SHARE, PIECE_ROWS, Surface


def test_the_surface_is_the_mean_of_scikit_learns_process(parts: tuple[Part, Part]) -> None:
    rows, target = parts[0].features.to_numpy(np.float64), parts[0].target.to_numpy(np.float64)
    known, unknown = rows[:300], rows[300 : 302 + PIECE_ROWS]
    scaler = StandardScaler().fit(known)
    kernel = RationalQuadratic(LENGTH_SCALE, alpha=0.5) + WhiteKernel(NOISE_SHARE)
    process = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True)
    expected = process.fit(scaler.transform(known), target[:300]).predict(scaler.transform(unknown))
    assert np.allclose(Surface(known, target[:300]).predict(unknown), expected, rtol=0, atol=1e-8)
    assert expected.std() > 0.1


def test_a_column_that_never_changes_tells_nothing(parts: tuple[Part, Part]) -> None:
    rows, target = parts[0].features.to_numpy(np.float64)[:100], parts[0].target.to_numpy(np.float64)[:100]
    with_constant = np.column_stack([rows, np.full(len(rows), 7.0)])
    assert np.allclose(Surface(with_constant, target).predict(with_constant), Surface(rows, target).predict(rows))
