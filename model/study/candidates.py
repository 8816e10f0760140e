"""What does a search find? Trials, and for each a few candidates: models of different sizes that could be fitted."""

from dataclasses import dataclass
from typing import Any

SIZE_LIMITS_BYTES = (450_000, 225_000, 110_000, 55_000)
"""Every trial is scored at each, so that one search shows what size buys. The first is the largest model
considered: its bytes are loaded while a user waits for a cold start, and its trees are walked at every call. The search
minimises the error there."""

MODEL_SEED = 0
"""Of the model's own sampling of rows and columns. It is not searched for: that would be choosing by luck."""


@dataclass(frozen=True)
class Candidate:
    """Parameters, and a number of rounds that keeps the model below a size limit.

    Attributes:
        trial: Number of the trial within the study, from 0.
        booster: XGBoost's parameters, by its own names.
        rounds: Number of boosting rounds with the least mean error below the limit.
        rmse: Mean over the folds at that number of rounds, in points of quality.
        size_bytes: As UBJ, fitted on the whole training part.
    """

    trial: int
    booster: dict[str, Any]
    rounds: int
    rmse: float
    size_bytes: int


@dataclass(frozen=True)
class Trial:
    """One finished trial of a search.

    Attributes:
        number: Within the study, from 0.
        booster: XGBoost's parameters, by its own names.
        rmse: Mean over the folds, in points of quality; over the folds reached if the trial was pruned.
        candidates: One for each of `SIZE_LIMITS_BYTES`; none if the trial was pruned.
    """

    number: int
    booster: dict[str, Any]
    rmse: float
    candidates: tuple[Candidate, ...]

    @property
    def pruned(self) -> bool:
        """Whether the trial was given up because it did worse than most."""
        return not self.candidates
