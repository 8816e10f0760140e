"""From a batch to predictions in the shape that clients get.

Leaves out checking the values (validate.py) and writing the answer (respond.py).
"""

from __future__ import annotations

from math import isfinite

import limits
import parse
import respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch
    from request import Request


def answer(request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Predict the rows of a request."""
    return answered(*parse.batch(request, contract), request, contract)


def by_position(request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Predict the rows of a request, in which JSON may hold arrays in the order of the features."""
    return answered(*parse.batch(request, contract, positional=True), request, contract)


def answered(batch: Batch, wrapped: bool, request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Predict a batch and write the answer that the client asks for.

    Args:
        batch: The rows.
        wrapped: Whether JSON has the predictions under their name.
        request: The request.
        contract: The served model's contract.

    Returns:
        The response, and the number of rows.
    """
    predicted = predictions(batch, contract)
    header = None
    if "answer=" in request.query:
        import named_answers

        predicted, header = named_answers.asked_for(predicted, request, contract)
    if request.answer_type == "application/json":
        value = {"predictions": predicted} if wrapped else predicted
        return respond.as_json(value, request, contract, predictions=batch.rows), batch.rows
    import answer_types

    return answer_types.response(predicted, header, request, contract), batch.rows


def predictions(batch: Batch, contract: Contract) -> list[Any]:
    """Predict a batch.

    Returns:
        A float for each row, widened from the library's float32; a list of floats for each row if the model has
        several outputs.

    Raises:
        Problem: 413, the predictions would be too many; 422, with the rows for which the model predicts NaN or
            infinity, which no answer can carry.
    """
    if batch.rows == 0:
        return []
    limits.refuse_too_many_outputs(batch.rows, contract)
    flat, shape = contract.booster.predict(
        batch.values, batch.rows, contract.iterations, batch.column_major, batch.base_margin
    )
    width = len(flat) // shape[0]
    if not isfinite(sum(flat)):
        import faults

        faults.refuse_predictions(flat, width)
    if contract.watch is not None:
        contract.watch(batch, flat)
    if width == 1:
        return flat
    return [flat[start : start + width] for start in range(0, len(flat), width)]
