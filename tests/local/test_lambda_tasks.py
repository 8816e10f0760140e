"""How the emulator's engine retries what Lambda answers: the component's own definition, and a function that fails."""

import asyncio
import json
import threading
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, s3, stepfunctions

from components import batch_definition
from local.distributed_map import DistributedMaps
from local.lambda_tasks import LambdaTasks

ROWS, ROWS_PER_BATCH = 100, 10
REPLACED = (
    (stepfunctions, "_run_distributed_map"),
    (stepfunctions, "handle_request"),
    (stepfunctions, "_s3_object_text"),
    (stepfunctions, "_call_lambda"),
    (stepfunctions, "_find_matching_retrier"),
    (lambda_svc, "_reserved_concurrency"),
    (lambda_runtime.Worker, "invoke"),
)

DEFINITION = batch_definition.definition(
    batch_definition.Run(
        "arn:aws:lambda:us-east-1:000000000000:function:wine:live", "rows", "answers", ROWS_PER_BATCH, 3, 0.0, 30
    )
)
RETRIERS = json.loads(DEFINITION)["States"]["jsonl-object"]["ItemProcessor"]["States"]["predict-jsonl-object"]["Retry"]
RETRIED = [(error, retrier) for retrier in RETRIERS for error in retrier["ErrorEquals"]]


class Engine:
    """The engine in this process.

    Attributes:
        failures: How often each batch, known by its first row, fails before it is answered, and by which error.
        calls: How often each batch was given to the function.
        waits: Seconds that were waited before another attempt.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures: dict[int, tuple[str, int]] = {}
        self.calls, self.waits = Counter[int](), list[float]()
        self._lock = threading.Lock()
        for module, name in REPLACED:
            monkeypatch.setattr(module, name, getattr(module, name))
        monkeypatch.setattr(stepfunctions, "_call_lambda", self._function)
        monkeypatch.setattr(stepfunctions, "_scaled_sleep", self.waits.append)
        # A run of the emulator's rests before its first state.
        monkeypatch.setattr(stepfunctions, "time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))
        DistributedMaps(stepfunctions, s3)
        LambdaTasks(stepfunctions, lambda_svc, lambda_runtime)
        for bucket in ("rows", "answers"):
            s3._create_bucket(bucket, b"", {})
        rows = "".join(json.dumps({"a": row}) + "\n" for row in range(ROWS))
        s3._put_object("rows", "in.jsonl", rows.encode(), {})
        self._machine = self._ask(
            "CreateStateMachine", name=f"m-{id(self)}", definition=DEFINITION, roleArn="arn:aws:iam::0:role/r"
        )

    def _function(self, _name: str, event: Any) -> Any:
        first = event["Items"][0]["index"]
        error, times = self.failures.get(first, ("", 0))
        with self._lock:
            self.calls[first] += 1
            if self.calls[first] <= times:
                raise stepfunctions._ExecutionError(error, json.dumps({"errorMessage": "not now"}))
        return [{"index": item["index"], "prediction": item["row"]["a"] / 2} for item in event["Items"]]

    def _ask(self, action: str, **what: Any) -> Any:
        headers = {"x-amz-target": f"AWSStepFunctions.{action}"}
        answer = asyncio.run(stepfunctions.handle_request("POST", "/", headers, json.dumps(what).encode(), {}))
        assert answer[0] == 200, answer[2]
        return json.loads(answer[2])

    def run(self) -> tuple[str, dict[str, Any]]:
        """How a run ended, and what it wrote."""
        given = json.dumps({"key": "in.jsonl", "format": "jsonl", "output": "out"})
        run = self._ask("StartExecution", stateMachineArn=self._machine["stateMachineArn"], input=given)
        while (seen := self._ask("DescribeExecution", executionArn=run["executionArn"]))["status"] == "RUNNING":
            time.sleep(0.01)
        (found,) = self._ask("ListMapRuns", executionArn=run["executionArn"])["mapRuns"]
        folder = f"out/{found['mapRunArn'].rpartition(':')[2]}"
        manifest = json.loads(self._object(f"{folder}/manifest.json"))
        return seen["status"], {
            kind: [json.loads(line) for file in files for line in self._object(file["Key"]).splitlines()]
            for kind, files in manifest["ResultFiles"].items()
        }

    def _object(self, key: str) -> bytes:
        body: bytes = s3._get_object("answers", key, {}, {})[2]
        return body


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return Engine(monkeypatch)


def indices(results: dict[str, Any]) -> list[int]:
    """The rows of all results, answered or not."""
    unanswered = [json.loads(batch["Input"])["Items"] for kind in ("FAILED", "PENDING") for batch in results[kind]]
    return sorted(row["index"] for rows in [results["SUCCEEDED"], *unanswered] for row in rows)


@pytest.mark.parametrize(("error", "retrier"), RETRIED, ids=[error for error, _ in RETRIED])
def test_a_run_in_which_calls_fail_half_way_loses_no_row(engine: Engine, error: str, retrier: dict[str, Any]) -> None:
    engine.failures = {30: (error, 1), 60: (error, retrier["MaxAttempts"])}
    status, results = engine.run()
    assert status == "SUCCEEDED"
    assert indices(results) == list(range(ROWS))
    assert {answer["index"]: answer["prediction"] for answer in results["SUCCEEDED"]} == {
        row: row / 2 for row in range(ROWS)
    }
    assert engine.calls == {**dict.fromkeys(range(0, ROWS, 10), 1), 30: 2, 60: retrier["MaxAttempts"] + 1}


@pytest.mark.parametrize(("error", "retrier"), RETRIED, ids=[error for error, _ in RETRIED])
def test_what_never_stops_failing_ends_the_run_and_its_rows_are_told(
    engine: Engine, error: str, retrier: dict[str, Any]
) -> None:
    engine.failures = {30: (error, 1_000)}
    status, results = engine.run()
    assert status == "FAILED"
    assert engine.calls[30] == retrier["MaxAttempts"] + 1
    assert [batch["Error"] for batch in results["FAILED"]] == [error]
    assert indices(results) == list(range(ROWS))


def test_a_batch_that_is_refused_is_not_asked_for_again(engine: Engine) -> None:
    engine.failures = {30: ("RequestRefusedError", 1)}
    status, _ = engine.run()
    assert (status, engine.calls[30], engine.waits) == ("FAILED", 1, [])


def test_waits_are_drawn_below_a_limit_that_doubles_up_to_the_longest(engine: Engine) -> None:
    engine.failures = {30: ("Lambda.TooManyRequestsException", 12)}
    engine.run()
    limits = [1, 2, 4, 8, 16, *[30] * 7]
    assert all(0 <= wait <= limit for wait, limit in zip(engine.waits, limits, strict=True))
    assert len(set(engine.waits)) == len(limits), "drawn, not computed"


def test_a_function_that_wakes_up_is_asked_at_regular_intervals(engine: Engine) -> None:
    engine.failures = {30: ("Lambda.CodeArtifactUserPendingException", 5)}
    assert engine.run()[0] == "SUCCEEDED"
    assert engine.waits == [15] * 5
