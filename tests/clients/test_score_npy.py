"""Are arrays what NumPy makes of them?"""

import io
import math

import numpy as np
import pytest
from ml_inference_client.errors import InferenceError
from ml_inference_client.score import npy


def saved(array: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_numpy_reads_the_rows() -> None:
    read = np.load(io.BytesIO(npy.body([[1.5, None, 3], [0.1, -2, 7e37]])))
    assert read.dtype == np.float32
    assert read.shape == (3, 2)
    assert math.isnan(read[1, 0])
    assert read[:, 1].tolist() == [np.float32(0.1), -2, np.float32(7e37)]


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("width", [1, 4])
def test_what_numpy_writes_is_read(rows: int, width: int) -> None:
    answer = np.random.default_rng(0).random((rows, width) if width > 1 else rows, dtype=np.float32)
    assert npy.predictions(saved(answer), rows, width) == answer.astype(float).tolist()


@pytest.mark.parametrize(
    "content", [b"", b"[1.0, 2.0]", saved(np.zeros(3, np.float32)), saved(np.zeros(2, np.float32))[:-1]]
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(InferenceError, match="did not answer 2 rows with as many predictions"):
        npy.predictions(content, 2, 1)
