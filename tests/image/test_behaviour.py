"""Are answers judged rightly? With a container that only pretends."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from components.golden import Golden
from image import behaviour
from image.events import Case, cases, url_event
from image.lambda_container import Answer
from local.errors import LocalError

KNOWN = Golden("ab" * 32, 0.1, [{"a": 1.0}, {"a": 2.0}], [10.0, 20.0])
FAILED = {"errorType": "Runtime.ExitError", "errorMessage": "exit status 139"}


class Pretender:
    """Answers one event after the other with what it was given."""

    def __init__(self, *bodies: Any) -> None:
        self._bodies = list(bodies)

    def invoke(self, events: Sequence[object]) -> list[Answer]:
        assert len(events) == len(self._bodies)
        return [Answer(body, milliseconds) for milliseconds, body in enumerate(self._bodies, start=100)]


def response(body: object, status: int = 200, kind: str = "application/json") -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": kind}, "body": json.dumps(body)}


def test_right_answers_give_the_times_of_the_first_and_the_later_ones() -> None:
    container = Pretender([10.0, 20.0], [10.05], [20.0], response([10.0, 20.0]))
    times = behaviour.check_golden(container, KNOWN)
    assert (times.cold, times.warm) == (100, 101.5)


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        (([10.0, 20.2], [10.0], [20.0], response([10.0, 20.0])), "record 1"),
        (([10.0, 20.0], [20.0], [10.0], response([10.0, 20.0])), "record 0 alone: "),
        (([10.0, 20.0], [10.0], [20.0], response([10.0])), "through the Function URL's event: "),
        (([10.0, 20.0], [10.0], [20.0], response("no", 503)), "was answered .*503"),
        (([10.0, 20.0], [10.0], [20.0], FAILED), "exit status 139"),
        ((FAILED, [10.0], [20.0], response([10.0, 20.0])), "the function failed: Runtime.ExitError: exit status 139"),
        (([10.0, 20.0], FAILED, [20.0], response([10.0, 20.0])), "record 0 alone: the function failed"),
    ],
)
def test_each_kind_of_wrong_answer_is_seen(bodies: tuple[Any, ...], reason: str) -> None:
    with pytest.raises(LocalError, match=reason):
        behaviour.check_golden(Pretender(*bodies), KNOWN)


REFUSED = Case("a bad request", url_event(), 422)


def test_a_refusal_that_says_what_is_wrong_is_right() -> None:
    behaviour.check_statuses(Pretender(response({}, 422, "application/problem+json")), [REFUSED])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (response({}, 200), "answered 200, must be 422"),
        (response({}, 422), "answered 422 with content-type application/json"),
        ([1.0], "answered None, must be 422"),
        (FAILED, "the function failed, must answer 422"),
    ],
)
def test_each_kind_of_wrong_refusal_is_seen(body: Any, reason: str) -> None:
    with pytest.raises(LocalError, match=f"^a bad request: {reason}"):
        behaviour.check_statuses(Pretender(body), [REFUSED])


def test_a_bad_direct_invocation_that_succeeds_is_seen() -> None:
    with pytest.raises(LocalError, match="the function did not fail"):
        behaviour.check_direct_failure(Pretender(FAILED, [], FAILED))


def test_the_requests_reach_every_status_and_end_with_a_good_one() -> None:
    requests = cases({"a": 1.0, "b": 2.0})
    assert behaviour.statuses(requests) == "200 400 404 405 406 413 415 422"
    assert requests[-1].status == 200


def test_a_large_request_is_small_on_its_way_in() -> None:
    assert all(len(json.dumps(case.event)) < 100_000 for case in cases({"a": 1.0}))


def test_a_model_without_golden_file_is_held_against_xgboost_itself(tmp_path: Path) -> None:
    committed = Path(__file__).parents[2] / "model" / "wine_quality.ubj"
    (tmp_path / "model.ubj").write_bytes(committed.read_bytes())
    known = behaviour.expected(tmp_path / "model.ubj")
    assert len(known.records) == len(known.predictions) > 0


def test_a_golden_file_of_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ubj").write_bytes(b"{}")
    (tmp_path / "golden.json").write_text("{}")
    with pytest.raises(LocalError, match="golden file"):
        behaviour.expected(tmp_path / "model.ubj")
