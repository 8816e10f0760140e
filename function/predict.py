"""From the matrix to predictions in the shape that clients get.

Leaves out checking the values (validate.py) and writing the answer (respond.py).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from typing import Any

    from contract import Contract


def predictions(values: array[float], contract: Contract) -> list[Any]:
    """Predict a row-major matrix of float32.

    Returns:
        A float for each row, widened from the library's float32; a list of floats for each row if the model has
        several outputs.
    """
    rows = len(values) // len(contract.features)
    if rows == 0:
        return []
    flat, shape = contract.booster.predict(values, rows, contract.iterations)
    width = len(flat) // shape[0]
    if width == 1:
        return flat
    return [flat[start : start + width] for start in range(0, len(flat), width)]
