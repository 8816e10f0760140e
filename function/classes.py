"""What a model's outputs are: the classes of a classifier, and the names of either.

XGBoost's file says how many classes there are and not what they are called: the deployment's OUTPUT_NAMES may.
"""

from __future__ import annotations

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract

_MULTICLASS = ("multi:softprob", "multi:softmax")
_LABELS = ("multi:softmax", "binary:hinge")
"""Objectives whose prediction is the number of a class, and no probability."""

_BINARY = ("binary:logistic", "binary:hinge")


def names(contract: Contract) -> tuple[str | int, ...] | None:
    """Return the classes in the order of their numbers, numbers if they have no names; None if there are none.

    A model of several targets gives each a chance of its own: its outputs are no classes.
    """
    count = class_count(contract)
    if count is None:
        return None
    return contract.output_names or tuple(range(count))


def class_count(contract: Contract) -> int | None:
    """Return how many classes a classifier has; None for any other model."""
    objective = contract.objective
    if objective in _MULTICLASS:
        return contract.booster.margins()
    return 2 if objective in _BINARY and contract.booster.margins() == 1 else None


def predicted(prediction: Any, names: tuple[str | int, ...]) -> str | int:
    """Return the class that a prediction means, as XGBoost's classifiers do: the likeliest, the first in a tie."""
    if isinstance(prediction, list):
        return names[max(range(len(prediction)), key=prediction.__getitem__)]
    return names[int(prediction)] if len(names) > 2 else names[int(prediction > 0.5)]


def are_labels_alone(contract: Contract) -> bool:
    """Tell whether the model predicts the number of a class instead of probabilities."""
    return contract.objective in _LABELS


def probabilities(prediction: Any) -> list[float]:
    """Return the probability of each class, as XGBoost's classifiers do: of two, the other's is computed as float32."""
    return prediction if isinstance(prediction, list) else [*array("f", (1 - prediction,)), prediction]


def outputs(contract: Contract) -> tuple[str, ...]:
    """Return the names of the numbers of a prediction that are no classes."""
    count = contract.outputs
    if contract.output_names:
        return contract.output_names
    return ("prediction",) if count == 1 else tuple(f"output_{index}" for index in range(count))
