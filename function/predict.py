"""From a batch to predictions in the shape that clients get.

Leaves out checking the values (validate.py) and writing the answer (respond.py).
"""

from __future__ import annotations

from math import isfinite

import parse
import respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request
    from validate import Batch


def answer(request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Predict the rows of a request."""
    batch, form = parse.batch(request, contract)
    predicted = predictions(batch, contract)
    if request.answer_type == "text/csv":
        return respond.as_csv(predicted, request, contract), batch.rows
    answered = {"predictions": predicted} if form == "instances" else predicted
    return respond.as_json(answered, request, contract), batch.rows


def predictions(batch: Batch, contract: Contract) -> list[Any]:
    """Predict a batch.

    Returns:
        A float for each row, widened from the library's float32; a list of floats for each row if the model has
        several outputs.

    Raises:
        ArithmeticError: The model predicts a number that JSON cannot carry.
    """
    if batch.rows == 0:
        return []
    flat, shape = contract.booster.predict(batch.values, batch.rows, contract.iterations, batch.column_major)
    if not isfinite(sum(flat)):
        raise ArithmeticError("the model predicts NaN or infinity")
    width = len(flat) // shape[0]
    if width == 1:
        return flat
    return [flat[start : start + width] for start in range(0, len(flat), width)]
