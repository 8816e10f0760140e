"""Which feature did a client probably mean?

Comparing two names takes time with the product of their lengths, so that a request has only so much of it: then names
are no longer compared, and the refusal is as right without a guess.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

EFFORT = 250_000
"""Product of the lengths of all names that are compared for one request: some ten milliseconds."""

FEW = 64
"""Features of a model in which each is compared; of more only those that begin or end as the name does."""


class Spelling:
    """The features of a model, and what is left of a request's effort."""

    def __init__(self, features: Sequence[str]) -> None:
        self._features = features
        self._effort = EFFORT

    def unknown(self, name: str) -> str:
        """Return a message for a name that is no feature, with the feature that was probably meant.

        The message does not repeat the name: it may be logged by whoever invoked the function.
        """
        near = self._nearest(name)
        return f'not a feature of the model; did you mean "{near}"?' if near else "not a feature of the model"

    def _nearest(self, name: str) -> str | None:
        if len(name) * len(name) > self._effort:
            return None
        from difflib import get_close_matches

        likely = self._features
        if len(likely) > FEW:
            start, end = name[:3].casefold(), name[-3:].casefold()
            self._effort -= len(likely)
            likely = [feature for feature in likely if _alike(feature, start, end)]
        compared = []
        for feature in likely:
            cost = len(name) * len(feature)
            if cost <= self._effort:
                self._effort -= cost
                compared.append(feature)
        near = get_close_matches(name, compared, n=1)
        return near[0] if near else None


def _alike(feature: str, start: str, end: str) -> bool:
    return feature[:3].casefold() == start or feature[-3:].casefold() == end
