"""When is a request sent again, and after how long?

Predictions change nothing, so every request may be repeated. The sender signs each attempt again.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Throttled; the function crashed; it is not served (yet); it took too long.
RETRIED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class Retry:
    """Exponential backoff with full jitter.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Attributes:
        attempts: The most times that a request is sent, at least 1.
        base_seconds: Longest wait after the first attempt; it doubles with each further one.
        cap_seconds: Longest wait of all, even where the endpoint asks for more (`Retry-After`).
    """

    attempts: int = 6
    base_seconds: float = 0.25
    cap_seconds: float = 20.0

    def seconds(self, attempt: int, asked: float = 0.0, chance: float | None = None) -> float:
        """How long to wait after an attempt.

        Args:
            attempt: Its number, from 1.
            asked: Seconds that the endpoint asked for.
            chance: Between 0 and 1; drawn if not given.
        """
        share = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
        longest: float = min(self.cap_seconds, self.base_seconds * 2 ** (attempt - 1))
        return max(share * longest, min(asked, self.cap_seconds))


def asked_seconds(headers: Mapping[str, str], now: datetime | None = None) -> float:
    """The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); 0 if there is none or it is nonsense.

    A date counts from the answer's own `Date`, because this machine's clock may be wrong.

    Args:
        headers: The answer's, names in lower case.
        now: This machine's time; for tests.
    """
    asked = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", asked):
        return float(asked)
    until = _date(asked)
    since = _date(headers.get("date", "")) or now or datetime.now(UTC)
    return max((until - since).total_seconds(), 0.0) if until else 0.0


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date.replace(tzinfo=date.tzinfo or UTC)
