"""Direct invocations: a list of records, one record, another JSON form, and events that only keep the function warm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from endpoint import RequestRefusedError

from tests.function.protocols import Serve

RECORD = {"income": 1, "age": 2, "height: cm": 3}

FORMS: dict[str, tuple[Any, bool]] = {
    "one record": (RECORD, False),
    "columns": ({name: [value, value] for name, value in RECORD.items()}, False),
    "split": ({"columns": list(RECORD), "data": [list(RECORD.values())]}, False),
    "instances": ({"instances": [RECORD]}, True),
    "dataframe_split": ({"dataframe_split": {"columns": list(RECORD), "data": [list(RECORD.values())]}}, True),
    "dataframe_records": ({"dataframe_records": [RECORD, RECORD, RECORD]}, True),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_object_is_predicted_as_its_text_would_be(form: str, small_model: Path, serve: Serve) -> None:
    endpoint = serve(small_model)
    event, wrapped = FORMS[form]
    (one,) = endpoint([RECORD], None)
    answer = endpoint(event, None)
    predicted = answer["predictions"] if wrapped else answer
    assert predicted == [one] * len(predicted)
    assert len(predicted) == {"columns": 2, "dataframe_records": 3}.get(form, 1)


def test_a_direct_invocation_has_the_limits_of_a_request(small_model: Path, serve: Serve) -> None:
    with pytest.raises(RequestRefusedError, match="more than 262144 rows"):
        serve(small_model)([RECORD] * 262_145, None)


WARM_UPS: dict[str, Any] = {
    "a scheduled rule": {
        "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2026-11-01T12:00:00Z", "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/warm"], "detail": {}},
    "EventBridge Scheduler": {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"},
    "serverless-plugin-warmup": {"source": "serverless-plugin-warmup"},
    "serverless-plugin-lambda-warmup": {"source": "serverless-plugin-lambda-warmup"},
    "lambda-warmer": {"warmer": True, "concurrency": 3},
    "a word": {"warmup": True},
    "another spelling": {"keepWarm": 1},
    "a ping": {"ping": "pong"},
    "no payload": {},
    "null": None,
}  # fmt: skip


@pytest.mark.parametrize("name", WARM_UPS)
def test_a_warm_up_is_answered_and_leaves_no_line(
    name: str, small_model: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = serve(small_model)
    assert endpoint(WARM_UPS[name], None) == {"status": "ok"}
    assert capsys.readouterr().out == ""
    endpoint([RECORD], None)
    assert json.loads(capsys.readouterr().out)["cold"] is False


@pytest.mark.parametrize(
    "event",
    [{"warmup": False}, {"source": "aws.s3"}, {"source": "lambda", **RECORD}, {"Records": []}, {"income": 1},
     {"warmup": True, **RECORD}, {"source": ["aws.events"]}],
)  # fmt: skip
def test_what_is_no_warm_up_is_refused_as_a_record(event: Any, small_model: Path, serve: Serve) -> None:
    with pytest.raises(RequestRefusedError, match="in the rows"):
        serve(small_model)(event, None)


def test_a_warm_up_of_a_model_that_is_not_served_fails(tmp_path: Path, serve: Serve) -> None:
    with pytest.raises(RequestRefusedError, match="the model is not served"):
        serve(tmp_path / "none.ubj")({"source": "aws.events"}, None)
