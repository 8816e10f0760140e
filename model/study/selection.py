"""Which candidate becomes the model? The best of the smallest size class whose error cannot be told from the least.

The search looked at the same folds hundreds of times, so its winners are partly lucky. The finalists are therefore
scored again on partitions that the search never saw, and chosen by that. See
docs/adr/0020-choose-the-model-on-the-frontier.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import root_mean_squared_error

from model.distillation import transfer_set
from model.fit import Parameters, matrix
from model.refit import student
from model.splits import Part, folds
from model.study.candidates import MODEL_SEED, SIZE_LIMITS_BYTES, Candidate, Trial

FINALISTS_PER_LIMIT = 3

FRESH_FOLD_SEEDS = (20,)
"""Of partitions that the search did not use."""

INDISTINGUISHABLE_RMSE = 0.001
"""In points of quality. Repeating the fresh scoring with other seeds moves a finalist's error by about so much; the
test part cannot resolve a tenth of the difference that its own bootstrap interval spans."""


@dataclass(frozen=True)
class Finalist:
    """A candidate scored again.

    Attributes:
        candidate: What the search said of it.
        fresh_rmse: Mean RMSE over the fresh folds, in points of quality.
    """

    candidate: Candidate
    fresh_rmse: float

    @property
    def parameters(self) -> Parameters:
        """What fits this model."""
        return Parameters(self.candidate.booster, self.candidate.rounds, MODEL_SEED)


def shortlist(trials: Iterable[Trial]) -> list[Candidate]:
    """Return the few best of each size class, without repetition, the largest class first.

    A class reaches from one of `SIZE_LIMITS_BYTES` down to the next.
    """
    chosen: dict[tuple[int, int], Candidate] = {}
    floors = (*SIZE_LIMITS_BYTES[1:], 0)
    pool = [candidate for trial in trials for candidate in trial.candidates]
    for ceiling, floor in zip(SIZE_LIMITS_BYTES, floors, strict=True):
        in_class = [candidate for candidate in pool if floor < candidate.size_bytes <= ceiling]
        distinct = {(candidate.trial, candidate.rounds): candidate for candidate in in_class}
        ranked = sorted(distinct.items(), key=lambda item: (item[1].rmse, item[1].size_bytes))
        chosen.update(ranked[:FINALISTS_PER_LIMIT])
    return list(chosen.values())


def score_again(
    candidates: Iterable[Candidate], train: Part, say: Callable[[str], None] = lambda _: None
) -> list[Finalist]:
    """Score candidates on fresh partitions of the training part, at a fixed number of rounds.

    Args:
        candidates: What `shortlist` returned.
        train: The training part.
        say: Receives one line of progress per candidate.
    """
    cuts = [(seed, transfer_set(cut.train), cut.validation) for seed in FRESH_FOLD_SEEDS for cut in folds(train, seed)]
    finalists = []
    for candidate in candidates:
        errors = []
        for seed, training, judges in cuts:
            booster = student(Parameters(candidate.booster, candidate.rounds, seed), training)
            errors.append(root_mean_squared_error(judges.target, booster.predict(matrix(judges.features))))
        finalists.append(Finalist(candidate, round(float(np.mean(errors)), 5)))
        say(f"trial {candidate.trial}: RMSE {finalists[-1].fresh_rmse:.4f} with {candidate.size_bytes:,} bytes")
    return finalists


def choose(finalists: Iterable[Finalist]) -> Finalist:
    """Return the best finalist of the smallest size class that is within `INDISTINGUISHABLE_RMSE` of the best.

    Classes, not bytes, are compared: a model is not worth a larger error for being smaller by a hair.

    Raises:
        ValueError: No finalist keeps to the largest size.
    """
    best_of_class: dict[int, Finalist] = {}
    for finalist in sorted(finalists, key=lambda finalist: (finalist.fresh_rmse, finalist.candidate.size_bytes)):
        limits = [limit for limit in SIZE_LIMITS_BYTES if finalist.candidate.size_bytes <= limit]
        if limits:
            best_of_class.setdefault(min(limits), finalist)
    if not best_of_class:
        raise ValueError(f"no candidate fits into {SIZE_LIMITS_BYTES[0]:,} bytes: run more trials")
    best = min(finalist.fresh_rmse for finalist in best_of_class.values())
    good_enough = (limit for limit, one in best_of_class.items() if one.fresh_rmse <= best + INDISTINGUISHABLE_RMSE)
    return best_of_class[min(good_enough)]
