"""What is in this model file? Enough to show in a preview what a deployment changes.

What the file says is read by the handler's own reader, so that preview, staging, image and handler agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .bundled_handler import model_reader


@dataclass(frozen=True)
class ModelSummary:
    """A model at a glance.

    Attributes:
        sha256: SHA-256 of the file, 64 hexadecimal digits.
        xgboost: Version that saved it, such as `3.2.0`.
        objective: XGBoost's name of what was learnt, such as `reg:squarederror`.
        booster: `gbtree` or `dart`.
        trees: Number of trees.
        rounds: Number of boosting rounds.
        rounds_used: How many of them predict: those up to the best one if training was stopped early, else all.
        depth: Longest way from a root to a leaf over all trees, in splits.
        outputs: Numbers that a prediction has: 1, or the number of classes or targets.
        features: Feature names in the model's order.
    """

    sha256: str
    xgboost: str
    objective: str
    booster: str
    trees: int
    rounds: int
    rounds_used: int
    depth: int
    outputs: int
    features: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The attributes as plain values, for a stack output."""
        return asdict(self)

    def sentence(self) -> str:
        """One line, short enough for the description of a Lambda function (256 characters)."""
        used = "" if self.rounds_used == self.rounds else f" ({self.rounds_used} of {self.rounds} rounds predict)"
        return (
            f"XGBoost {self.xgboost} {self.objective[:40]}, {self.trees} trees of depth {self.depth}{used}, "
            f"{len(self.features)} features, SHA-256 {self.sha256}"
        )


def summarize(model: model_reader.Model, sha256: str) -> ModelSummary:
    """What of a model goes into a preview.

    Args:
        model: What the file says.
        sha256: The file's SHA-256.
    """
    return ModelSummary(
        sha256=sha256,
        xgboost=model_reader.dotted(model.saved_by),
        objective=model.objective,
        booster=model.booster,
        trees=model.trees,
        rounds=model.rounds,
        rounds_used=model.rounds_used,
        depth=model.depth,
        outputs=model.outputs,
        features=list(model.features),
    )


def difference(records: Sequence[Mapping[str, Any]], predictions: Sequence[Any], model: ModelSummary) -> str | None:
    """Why records and predictions cannot be this model's: other feature names, or answers of another form."""
    features = set(model.features)
    for index, (record, prediction) in enumerate(zip(records, predictions, strict=True)):
        missing, surplus = sorted(features - record.keys()), sorted(record.keys() - features)
        if missing or surplus:
            return f"record {index} lacks the features {missing} and has {surplus}, which the model does not know"
        numbers = len(prediction) if isinstance(prediction, list) else 1
        if numbers != model.outputs:
            return f"prediction {index} has {numbers} numbers, the model gives {model.outputs}"
    return None
