"""What made a prediction: TreeSHAP contributions, in the model's margin.

The contributions of a row and its base sum to the margin, from which the objective makes the prediction: the very
same number for plain regression, the log odds for a logistic one.
https://xgboost.readthedocs.io/en/stable/prediction.html
"""

from __future__ import annotations

import booster
import parse
import predict
import respond
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from float32_rows import Batch
    from request import Request

MAX_NUMBERS = 200_000
"""Contributions in an answer: rows, times margins, times features and the base. More would exceed Lambda's 6 MB."""

MAX_SPLITS = 50_000_000
"""Splits on the ways to all leaves, times rows: 20 to 35 nanoseconds each, so one to two seconds of a whole core."""


def answer(request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Predict and explain the rows of a request."""
    batch, _ = parse.batch(request, contract)
    return respond.as_json(explanations(batch, contract), request, contract), batch.rows


def most_rows(contract: Contract) -> int:
    """Return for how many rows of a request the model can be explained; 0 if not for a single one."""
    numbers = contract.booster.margins() * (len(contract.features) + 1)
    return min(MAX_NUMBERS // numbers, MAX_SPLITS // max(1, contract.path_length))


def explanations(batch: Batch, contract: Contract) -> list[dict[str, object]]:
    """Return for each row its prediction, the base, and the contribution of each feature.

    Base and contributions are lists, one element for each output, if the model has several.

    Raises:
        Problem: 413 for too many rows; 422 if the library cannot explain this kind of model.
    """
    if batch.rows == 0:
        return []
    allowed = most_rows(contract)
    if allowed == 0:
        raise Problem(413, "the model is too large to be explained within a request; explain it where it was trained")
    if batch.rows > allowed:
        raise Problem(413, f"this model is explained for at most {allowed} row(s) at a time, got {batch.rows}")
    predicted = predict.predictions(batch, contract)
    try:
        flat, shape = contract.booster.contributions(
            batch.values, batch.rows, contract.iterations, batch.column_major, batch.base_margin
        )
    except booster.LibraryError:
        raise Problem(422, "XGBoost cannot explain this kind of model") from None
    _, outputs, width = shape
    rows = [flat[start : start + outputs * width] for start in range(0, len(flat), outputs * width)]
    return [
        {
            "prediction": prediction,
            "base": _outputs(row, width - 1, width),
            "contributions": {feature: _outputs(row, index, width) for index, feature in enumerate(contract.features)},
        }
        for prediction, row in zip(predicted, rows, strict=True)
    ]


def _outputs(row: list[float], index: int, width: int) -> float | list[float]:
    values = row[index::width]
    return values[0] if len(values) == 1 else values
