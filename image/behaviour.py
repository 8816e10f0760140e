"""Does the running image answer as the function must? Predictions, refusals, and its own errors.

What is expected comes from the golden file beside the model, or from XGBoost's own package where there is none.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from components import golden
from image.events import Case, url_event
from image.lambda_container import Answer
from local.errors import LocalError
from local.expectation import expectation


class Container(Protocol):
    """What answers: `image.lambda_container.LambdaContainer`."""

    def invoke(self, events: Sequence[object]) -> list[Answer]:
        """Hand in the events one after the other."""


@dataclass(frozen=True)
class Times:
    """What the first and the later answers took, in milliseconds, seen from inside the container.

    Attributes:
        cold: The first: the runtime starts, imports the handler and loads the model.
        warm: The median of the later ones.
    """

    cold: float
    warm: float


def expected(model: Path) -> golden.Golden:
    """All golden predictions of a model, or XGBoost's own for records made up from it.

    Raises:
        LocalError: The model cannot be read.
        LocalError: Its golden file cannot be used.
    """
    beside = model.with_name("golden.json")
    if not beside.exists():
        return expectation(model)
    try:
        return golden.load(beside)
    except golden.GoldenError as error:
        raise LocalError(str(error)) from None


def check_golden(container: Container, known: golden.Golden) -> Times:
    """Ask for the golden predictions: all at once, then every record alone, and once through the Function URL's event.

    Raises:
        LocalError: An answer differs.
    """
    alone = [[record] for record in known.records]
    through_url = url_event(json.dumps(known.records))
    first, *each, url = container.invoke([known.records, *alone, through_url])
    _compare(known, first)
    for number, answer in enumerate(each):
        _compare(_only(known, number), answer, f"record {number} alone: ")
    if url.error is not None or url.body.get("statusCode") != 200:
        raise LocalError(f"the Function URL's event with the golden records was answered {url.error or url.body}")
    _compare(known, Answer(json.loads(url.body["body"]), url.milliseconds), "through the Function URL's event: ")
    return Times(first.milliseconds, median(answer.milliseconds for answer in each))


def check_statuses(container: Container, cases: list[Case]) -> None:
    """Send every request and compare the status; a refusal has to be a problem document.

    Raises:
        LocalError: A status differs, or a refusal does not say what is wrong.
    """
    for case, answer in zip(cases, container.invoke([case.event for case in cases]), strict=True):
        if answer.error is not None:
            raise LocalError(f"{case.name}: the function failed, must answer {case.status}: {answer.error}")
        status = answer.body.get("statusCode") if isinstance(answer.body, dict) else None
        if status != case.status:
            raise LocalError(f"{case.name}: answered {status}, must be {case.status}")
        kind = answer.body["headers"].get("content-type", "")
        if (status >= 400) != kind.startswith("application/problem+json"):
            raise LocalError(f"{case.name}: answered {status} with content-type {kind}")


def check_direct_failure(container: Container) -> None:
    """Invoke directly with what are no records of the model: Lambda must be told that the function failed.

    Raises:
        LocalError: It was not.
    """
    events: list[object] = [{"not": "records"}, [{"no feature of any model": 1.0}], "records"]
    for event, answer in zip(events, container.invoke(events), strict=True):
        if answer.error is None:
            raise LocalError(f"invoked directly with {json.dumps(event)}, the function did not fail")


def statuses(cases: Iterable[Case]) -> str:
    """The distinct statuses of some requests, as one line."""
    return " ".join(map(str, sorted({case.status for case in cases})))


def _compare(known: golden.Golden, answer: Answer, where: str = "") -> None:
    if answer.error is not None:
        raise LocalError(f"{where}the function failed: {answer.error}")
    try:
        known.check(answer.body)
    except golden.GoldenError as error:
        raise LocalError(f"{where}{error}") from None


def _only(known: golden.Golden, number: int) -> golden.Golden:
    return golden.Golden(known.model_sha256, known.tolerance, [known.records[number]], [known.predictions[number]])
