"""Answers that say what their numbers are: the predicted class, and the names of classes or outputs.

A client asks for them by `?answer=class` or `?answer=named`; `?answer=plain` is what it gets without.
"""

from __future__ import annotations

import classes
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from contract import Contract
    from request import Request

ANSWERS = ("plain", "class", "named")
"""Values of the query's parameter `answer`."""


def asked_for(predicted: list[Any], request: Request, contract: Contract) -> tuple[list[Any], tuple[str, ...] | None]:
    """Return what a request asks to know of each row, and the names of its columns; none for plain predictions.

    Args:
        predicted: A number or a list of numbers for each row.
        request: The request.
        contract: The served model's contract.

    Raises:
        Problem: 400, `answer` has another value, or asks for a class where the model has none.
    """
    parameters = [part.partition("=") for part in request.query.split("&")]
    asked = [value for name, _, value in parameters if name == "answer"]
    if not asked:
        return predicted, None
    if len(asked) > 1 or asked[0] not in ANSWERS:
        raise Problem(400, f"the parameter answer must be one of {', '.join(ANSWERS)}")
    if asked[0] == "plain":
        return predicted, None
    if asked[0] == "class":
        return list(map(_predicted_class(contract), predicted)), ("class",)
    return _named(predicted, contract)


def _predicted_class(contract: Contract) -> Callable[[Any], Any]:
    """Return what tells the class of a prediction."""
    names = classes.names(contract)
    if names is None:
        raise Problem(400, "the model is no classifier and predicts no class; leave out answer=class")
    return lambda prediction: classes.predicted(prediction, names)


def _named(predicted: list[Any], contract: Contract) -> tuple[list[Any], tuple[str, ...]]:
    names = classes.names(contract)
    if names is not None:
        shown = tuple(map(str, names))
        rows: list[dict[str, Any]] = [{"class": classes.predicted(prediction, names)} for prediction in predicted]
        if classes.are_labels_alone(contract):
            return rows, ("class",)
        for row, prediction in zip(rows, predicted, strict=True):
            row["probabilities"] = dict(zip(shown, classes.probabilities(prediction), strict=True))
        return rows, ("class", *shown)
    outputs = classes.outputs(contract)
    if len(outputs) == 1:
        return [{outputs[0]: prediction} for prediction in predicted], outputs
    return [dict(zip(outputs, prediction, strict=True)) for prediction in predicted], outputs
