"""When is a request sent again, and after how long?

Predictions change nothing, so every request may be repeated. Each attempt is signed anew by whoever sends it.
"""

import random
from dataclasses import dataclass

#: Throttled; the function crashed; it is not served (yet); it took too long.
RETRIED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Retry:
    """Exponential backoff with full jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Attributes:
        attempts: How often a request is sent at most, at least 1.
        base_seconds: Longest wait after the first attempt; it doubles with each further one.
        cap_seconds: Longest wait of all.
    """

    attempts: int = 6
    base_seconds: float = 0.25
    cap_seconds: float = 20.0

    def seconds(self, attempt: int, chance: float | None = None) -> float:
        """How long to wait after an attempt.

        Args:
            attempt: Its number, from 1.
            chance: Between 0 and 1; drawn if not given.
        """
        share = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
        longest: float = min(self.cap_seconds, self.base_seconds * 2 ** (attempt - 1))
        return share * longest
