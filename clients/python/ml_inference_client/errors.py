"""What can go wrong between a caller and the endpoint. Messages are for people, without credentials or values."""

from collections.abc import Mapping, Sequence
from typing import Any


class InferenceError(Exception):
    """The base of every error here; its text is one line that says what to do."""


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end; its text is one line that says what is kept.

    Attributes:
        signal: The signal's number.
    """

    def __init__(self, signal: int, sentence: str) -> None:
        super().__init__(sentence)
        self.signal = signal


class SettingsError(InferenceError):
    """Endpoint, region or role is missing, or they contradict each other."""


class CredentialsError(InferenceError):
    """There are no AWS credentials, or they may not assume the role."""


class ForbiddenError(InferenceError):
    """The endpoint answered 403.

    Attributes:
        cause: A word for programs, such as `clock-skew`; see `refusal.py`.
    """

    def __init__(self, cause: str, sentence: str) -> None:
        super().__init__(f"403 Forbidden: {sentence}")
        self.cause = cause


class RequestRefusedError(InferenceError):
    """The endpoint will not answer this request, however often it is sent.

    Attributes:
        status: The HTTP status.
        detail: The endpoint's sentence, without the faults.
        faults: The endpoint's list of faults (`row`, `field`, `code`, `message`); may be empty.
    """

    def __init__(self, status: int, detail: str, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(f"{status}: {'; '.join([detail, *map(_where, faults)])}")
        self.status = status
        self.detail = detail
        self.faults = faults


class UnavailableError(InferenceError):
    """The endpoint was throttled, broken or unreachable at every attempt."""


def _where(fault: Mapping[str, Any]) -> str:
    place = [f"row {fault['row']}"] if "row" in fault else []
    place += [f'"{fault["field"]}"'] if "field" in fault else []
    return f"{', '.join(place)}: {fault.get('message', fault.get('code', 'no reason given'))}"
