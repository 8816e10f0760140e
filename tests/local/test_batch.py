"""Batch runs of the real program on the emulator: files in S3 in, a prediction for every row out, whatever fails."""

import array
import contextlib
import csv
import io
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from botocore.exceptions import ClientError

from local import demo, stack_config
from local.cloud import Cloud
from local.deployment import Deployment
from local.emulator import Emulator
from local.errors import LocalError
from local.resources import Target
from local.staged_images import StagedImages
from tests.local.test_never_a_bad_model import Model, model

ROWS_PER_FILE = 17_000
FILES = 3
ROWS_PER_BATCH = 30
#: Batches of a run that something happens to half-way: two workers must not be through before it happened.
LONG = 100
SECONDS = 300

if sys.platform == "linux":
    import fcntl
    import termios


class Runs:
    """A deployed program with batch scoring, and runs of its state machine."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._deployment = Deployment(Target(cloud, StagedImages()))
        self.outputs: dict[str, Any] = {}

    def up(self, served: Model, **batch: Any) -> dict[str, Any]:
        program = stack_config.load(demo.PROJECT).named_after(served.path)
        batch = {"rowsPerBatch": ROWS_PER_BATCH, "maxConcurrency": 2, **batch}
        program.config[f"{program.project}:batch"] = json.dumps(batch)
        self.outputs = self._deployment.deploy(program)
        settings: dict[str, Any] = self.outputs["batch"]
        return settings

    def put(self, key: str, text: str) -> None:
        self.cloud.s3.put_object(Bucket=self.outputs["batch"]["input_bucket"], Key=key, Body=text.encode())

    def start(self, **given: Any) -> str:
        machine = self.outputs["batch"]["state_machine_arn"]
        return self.cloud.stepfunctions.start_execution(stateMachineArn=machine, input=json.dumps(given))[
            "executionArn"
        ]

    def ended(self, run: str) -> str:
        for _ in range(SECONDS * 20):
            status = self.cloud.stepfunctions.describe_execution(executionArn=run)["status"]
            if status != "RUNNING":
                return str(status)
            time.sleep(0.05)
        raise AssertionError(f"the run did not end within {SECONDS} s")

    def map_run(self, run: str) -> Any:
        (found,) = self.cloud.stepfunctions.list_map_runs(executionArn=run)["mapRuns"]
        return self.cloud.stepfunctions.describe_map_run(mapRunArn=found["mapRunArn"])

    def children(self, run: str) -> list[Any]:
        arn = self.map_run(run)["mapRunArn"]
        pages = self.cloud.stepfunctions.get_paginator("list_executions").paginate(mapRunArn=arn)
        return [child for page in pages for child in page["executions"]]

    def results(self, run: str, output: str) -> dict[str, list[Any]]:
        """What the run wrote, by SUCCEEDED, FAILED and PENDING."""
        bucket = self.outputs["batch"]["output_bucket"]
        folder = f"{output}/{self.map_run(run)['mapRunArn'].rpartition(':')[2]}"
        manifest = json.loads(self._get(bucket, f"{folder}/manifest.json"))
        return {
            kind: [json.loads(line) for file in files for line in self._get(bucket, file["Key"]).splitlines()]
            for kind, files in manifest["ResultFiles"].items()
        }

    def _get(self, bucket: str, key: str) -> str:
        return self.cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("batch") / "good", seed=1)


@pytest.fixture(scope="module", autouse=True)
def impatient(emulator: Emulator) -> Iterator[None]:
    """State machines wait a tenth of the time that they say before another attempt."""
    waits = "stepfunctions._SFN_WAIT_SCALE"

    def scale(factor: float) -> None:
        answer = httpx.post(f"{emulator.url}/_ministack/config", json={waits: factor}).json()
        assert answer == {"applied": {waits: factor}}

    scale(0.1)
    yield
    scale(1)


@pytest.fixture(scope="module")
def runs(cloud: Cloud, good: Model) -> Runs:
    deployed = Runs(cloud)
    deployed.up(good)
    return deployed


def table(rows: int, seed: int) -> list[list[float]]:
    values: list[list[float]] = np.random.default_rng(seed).random((rows, 2), dtype=np.float32).astype(float).tolist()
    return values


def as_csv(rows: list[list[Any]], first: int = 0) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["b", "id", "a"])
    writer.writerows([row[1], f"id-{number}", row[0]] for number, row in enumerate(rows, first))
    return text.getvalue()


def expected(runs: Runs, rows: list[list[float]]) -> list[float]:
    """What the endpoint says of the same rows."""
    function = runs.outputs["function_name"]
    records = [{"a": row[0], "b": row[1]} for row in rows]
    answer = runs.cloud.lambda_.invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(records).encode())
    predictions: list[float] = json.loads(answer["Payload"].read())
    return predictions


@pytest.mark.slow
def test_51_000_rows_in_several_files_have_the_endpoints_predictions_in_order(cloud: Cloud, good: Model) -> None:
    runs = Runs(cloud)
    runs.up(good, rowsPerBatch=1000)
    files = [table(ROWS_PER_FILE, seed) for seed in range(FILES)]
    for number, rows in enumerate(files):
        runs.put(f"many/{number}.csv", as_csv(rows, number * ROWS_PER_FILE))
    run = runs.start(prefix="many/", keep=["id"], output="many-answers")
    assert runs.ended(run) == "SUCCEEDED"
    answers = runs.results(run, "many-answers")["SUCCEEDED"]
    assert [answer["index"] for answer in sorted(answers, key=lambda answer: answer["index"])] == list(range(51_000))
    by_id = {answer["keep"]["id"]: answer["prediction"] for answer in answers}
    wanted = [prediction for rows in files for prediction in expected(runs, rows)]
    assert [by_id[f"id-{number}"] for number in range(51_000)] == wanted
    counts = runs.map_run(run)["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (51_000, 51_000, 0)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_one_object_with_bad_rows_is_scored_row_by_row(runs: Runs, kind: str) -> None:
    first, last = 3, 2 * ROWS_PER_BATCH + 1
    rows: list[list[Any]] = table(2 * ROWS_PER_BATCH + 10, seed=7)
    wanted = expected(runs, rows)
    rows[first][0] = rows[last][1] = "bad"
    records = [{"id": f"id-{at}", "a": row[0], "b": row[1]} for at, row in enumerate(rows)]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    runs.put(f"one.{kind}", as_csv(rows) if kind == "csv" else lines)
    run = runs.start(key=f"one.{kind}", format=kind, keep=["id"], output=f"one-{kind}")
    assert runs.ended(run) == "SUCCEEDED"
    answers = sorted(runs.results(run, f"one-{kind}")["SUCCEEDED"], key=lambda answer: answer["index"])
    assert [answer["index"] for answer in answers if "faults" in answer] == [first, last]
    good = [(answer["index"], answer["prediction"]) for answer in answers if "prediction" in answer]
    assert good == [(at, prediction) for at, prediction in enumerate(wanted) if at not in (first, last)]
    assert answers[first]["keep"] == {"id": f"id-{first}"}


def until(seen: Callable[[], bool], otherwise: str) -> None:
    for _ in range(SECONDS * 50):
        if seen():
            return
        time.sleep(0.02)
    raise AssertionError(otherwise)


def half_done(runs: Runs, run: str) -> None:
    """Wait until some batches are done, and not all of them."""

    def seen() -> bool:
        found = runs.cloud.stepfunctions.list_map_runs(executionArn=run)["mapRuns"]
        return bool(found) and runs.map_run(run)["itemCounts"]["succeeded"] >= 2 * ROWS_PER_BATCH

    until(seen, "no batch was done")


def workers(parent: int) -> list[int]:
    """The processes that the emulator runs the function in."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(status.parent.name))
    return found


def unread(worker: int) -> bool:
    """Whether something was written to a process's standard input that it has not read."""
    waiting = array.array("i", [0])
    with contextlib.suppress(OSError):
        pipe = os.open(f"/proc/{worker}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
        try:
            fcntl.ioctl(pipe, termios.FIONREAD, waiting)
        finally:
            os.close(pipe)
    return waiting[0] > 0


def in_order(answers: list[Any]) -> list[Any]:
    return [answer["prediction"] for answer in sorted(answers, key=lambda answer: answer["index"])]


def test_a_run_that_failed_half_way_is_redriven_and_does_only_what_is_left(runs: Runs) -> None:
    """In the middle of it, the alias is taken away and then given back."""
    rows = table(LONG * ROWS_PER_BATCH, seed=8)
    runs.put("half.jsonl", "".join(json.dumps({"a": row[0], "b": row[1]}) + "\n" for row in rows))
    wanted = expected(runs, rows)
    run = runs.start(key="half.jsonl", format="jsonl", output="half")
    half_done(runs, run)
    lambda_, function = runs.cloud.lambda_, runs.outputs["function_name"]
    version = lambda_.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    lambda_.delete_alias(FunctionName=function, Name="live")
    try:
        assert runs.ended(run) == "FAILED"
    finally:
        lambda_.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    before = runs.results(run, "half")
    assert before["SUCCEEDED"]
    assert before["FAILED"]
    assert before["PENDING"], "a run without tolerance must end at the first batch that failed"
    children = len(runs.children(run))

    runs.cloud.stepfunctions.redrive_execution(executionArn=run)
    assert runs.ended(run) == "SUCCEEDED"
    assert in_order(runs.results(run, "half")["SUCCEEDED"]) == wanted
    assert runs.map_run(run)["redriveCount"] == 1
    done = len(before["SUCCEEDED"]) // ROWS_PER_BATCH
    assert len(runs.children(run)) - children == LONG - done, "what was done must not be done again"
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        runs.cloud.stepfunctions.redrive_execution(executionArn=run)


def failures(runs: Runs, run: str, *, running: bool = False) -> Counter[str]:
    """How often calls of the function failed, by the names that Step Functions gives to errors.

    Of batches that are running alone it can be asked again and again: each has a history of its own.
    """
    history = runs.cloud.stepfunctions.get_execution_history
    return Counter(
        event["taskFailedEventDetails"]["error"]
        for child in runs.children(run)
        if child["status"] == "RUNNING" or not running
        for event in history(executionArn=child["executionArn"], maxResults=1000)["events"]
        if event["type"] == "TaskFailed"
    )


def all_rows_are_answered_by_the_same_run(runs: Runs, run: str, output: str, wanted: list[float]) -> None:
    assert runs.ended(run) == "SUCCEEDED"
    assert in_order(runs.results(run, output)["SUCCEEDED"]) == wanted
    seen = runs.map_run(run)
    assert (seen["redriveCount"], seen["executionCounts"]["failed"]) == (0, 0), "it was not tried again in its place"


def test_a_run_that_is_throttled_half_way_waits_and_loses_no_row(runs: Runs) -> None:
    """In the middle of it, the function may not do anything for a while."""
    rows = table(LONG * ROWS_PER_BATCH, seed=10)
    runs.put("throttled.jsonl", "".join(json.dumps({"a": row[0], "b": row[1]}) + "\n" for row in rows))
    wanted = expected(runs, rows)
    run = runs.start(key="throttled.jsonl", format="jsonl", output="throttled")
    half_done(runs, run)
    lambda_, function = runs.cloud.lambda_, runs.outputs["function_name"]
    lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(ClientError, match="TooManyRequestsException"):
            lambda_.invoke(FunctionName=function, Qualifier="live", Payload=b"[]")
        until(
            lambda: failures(runs, run, running=True)["Lambda.TooManyRequestsException"] >= 3, "nothing was throttled"
        )
    finally:
        lambda_.delete_function_concurrency(FunctionName=function)
    all_rows_are_answered_by_the_same_run(runs, run, "throttled", wanted)
    assert failures(runs, run).keys() == {"Lambda.TooManyRequestsException"}


def test_a_run_of_more_batches_at_a_time_than_the_function_may_do_loses_no_row(runs: Runs) -> None:
    rows = table(10 * ROWS_PER_BATCH, seed=11)
    runs.put("narrow.csv", as_csv(rows))
    wanted = expected(runs, rows)
    lambda_, function = runs.cloud.lambda_, runs.outputs["function_name"]
    lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    try:
        run = runs.start(key="narrow.csv", keep=["id"], output="narrow")
        all_rows_are_answered_by_the_same_run(runs, run, "narrow", wanted)
    finally:
        lambda_.delete_function_concurrency(FunctionName=function)
    assert failures(runs, run)["Lambda.TooManyRequestsException"] > 0


@pytest.mark.skipif(sys.platform != "linux", reason="looks into a worker's standard input as Linux shows it")
def test_after_a_worker_died_over_a_batch_no_row_is_lost(runs: Runs, emulator: Emulator) -> None:
    """The workers are halted first: those that a batch lies before hold it for certain when they are killed."""
    rows = table(10 * ROWS_PER_BATCH, seed=9)
    runs.put("death.jsonl", "".join(json.dumps({"a": row[0], "b": row[1]}) + "\n" for row in rows))
    wanted = expected(runs, rows)
    halted = workers(emulator.pid)
    for worker in halted:
        os.kill(worker, signal.SIGSTOP)
    try:
        run = runs.start(key="death.jsonl", format="jsonl", output="death")
        until(lambda: any(map(unread, halted)), "no batch was given to a worker")
        killed = list(filter(unread, halted))
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
    finally:
        for worker in halted:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)
    all_rows_are_answered_by_the_same_run(runs, run, "death", wanted)
    assert failures(runs, run) == {"Runtime.ExitError": len(killed)}


def test_a_run_for_another_model_is_refused_with_a_reason(runs: Runs) -> None:
    runs.put("three.csv", as_csv([[0.1, 0.9]]))
    run = runs.start(key="three.csv", output="other", model_version="0" * 12)
    assert runs.ended(run) == "FAILED"
    (failed,) = runs.results(run, "other")["FAILED"]
    assert "was started for another model" in failed["Cause"]


def test_an_input_of_another_form_ends_the_run_with_a_word(runs: Runs) -> None:
    run = runs.start(file="in.csv")
    assert runs.ended(run) == "FAILED"
    failed = runs.cloud.stepfunctions.describe_execution(executionArn=run)
    assert failed["error"] == "InputRefused"
    assert "key (one object) or prefix" in failed["cause"]


def test_a_bad_model_scores_nothing(runs: Runs, good: Model, tmp_path: Path) -> None:
    rows = [[0.1, 0.9], [0.8, 0.2], [0.4, 0.5]]
    with pytest.raises(LocalError, match="tolerance"):
        runs.up(model(tmp_path / "bad", seed=2, golden_is_off_by=0.25))
    runs.put("three.csv", as_csv(rows))
    run = runs.start(key="three.csv", keep=["id"], output="three")
    assert runs.ended(run) == "SUCCEEDED"
    answers = sorted(runs.results(run, "three")["SUCCEEDED"], key=lambda answer: answer["index"])
    assert [answer["prediction"] for answer in answers] == good.predictions
