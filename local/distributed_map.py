"""What MiniStack leaves out of Distributed Maps, as AWS documents it: batches of items, results in S3, and redrives.

MiniStack reads the items, compressed ones after unpacking here, and runs the states of each child workflow; here they
are put into batches, each becomes a child, what came of them is written to S3, and what failed can be run again. See
ADR 0014 for what still differs.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import asyncio
import contextvars
import copy
import gzip
import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

#: Workers at the same time where a state machine says no number.
WORKERS = 8
#: https://docs.aws.amazon.com/step-functions/latest/apireference/API_MapRunItemCounts.html
COUNTS = (
    *("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten"),
    *("failuresNotRedrivable", "pendingRedrive"),
)

#: What can be run again: https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
REDRIVABLE = ("FAILED", "ABORTED", "TIMED_OUT")


@dataclass
class Batch:
    """One child workflow of a run.

    Attributes:
        input: What it is given.
        items: How many items are in it.
        child: Its record; None before it is started.
    """

    input: dict[str, Any]
    items: int
    child: dict[str, Any] | None = None

    @property
    def status(self) -> str:
        """As a map run counts it: pending, running, succeeded or failed."""
        return str(self.child["status"]).lower() if self.child else "pending"


@dataclass
class MapRun:
    """A map run with its batches; `record` is what DescribeMapRun shows."""

    record: dict[str, Any]
    batches: list[Batch]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self) -> None:
        """Bring the counts of the record up to date."""
        for name, weight in (("itemCounts", lambda batch: batch.items), ("executionCounts", lambda _: 1)):
            counts = Counter[str]()
            for batch in self.batches:
                counts[batch.status] += weight(batch)
            self.record[name] = {**dict.fromkeys(COUNTS, 0), **counts, "total": sum(counts.values())}

    def exceeded(self) -> bool:
        """Whether more items failed than are tolerated."""
        counts = self.record["itemCounts"]
        return bool(counts["failed"] * 100 > self.record["toleratedFailurePercentage"] * counts["total"])


class DistributedMaps:
    """Runs them in place of the emulator's own."""

    def __init__(self, engine: Any, s3: Any) -> None:
        """Take the place of what the emulator does by itself.

        Args:
            engine: The module `ministack.services.stepfunctions`.
            s3: The module `ministack.services.s3`.
        """
        self._engine, self._s3 = engine, s3
        self._runs: dict[str, MapRun] = {}
        self._plain = engine._run_distributed_map
        self._answer = engine.handle_request
        self._text = engine._s3_object_text
        engine._s3_object_text = self.text
        engine._run_distributed_map = self.run
        engine.handle_request = self.handle_request

    async def handle_request(self, method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        """Answer RedriveExecution; everything else is the emulator's."""
        if not headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return await self._answer(method, path, headers, body, query)
        arn = json.loads(body).get("executionArn")
        execution = self._engine._executions.get(arn)
        if execution is None:
            return self._engine.error_response_json("ExecutionDoesNotExist", f"Execution {arn} not found", 400)
        if execution["status"] not in REDRIVABLE:
            refusal = f"Execution is {execution['status']} and cannot be redriven"
            return self._engine.error_response_json("ExecutionNotRedrivable", refusal, 400)
        execution.update(status="RUNNING", stopDate=None, error=None, cause=None, output=None)
        run = contextvars.copy_context()
        threading.Thread(target=run.run, args=(self._engine._run_execution, arn), daemon=True).start()
        await asyncio.sleep(0)
        return self._engine._finalize_response(self._engine.json_response({"redriveDate": self._engine.now_iso()}))

    def text(self, bucket: str, key: str) -> Any:
        """What is in an object, which is compressed if its name says so."""
        status, _, body = self._s3._get_object(bucket, key, {}, {})
        packed = status == HTTPStatus.OK and key.endswith(".gz")
        return gzip.decompress(body).decode() if packed else self._text(bucket, key)

    def run(self, state: Any, raw_input: Any, effective: Any, iterator: Any, execution: Any, ctx: Any) -> Any:
        """Run a Map state; one that has no batches is the emulator's own."""
        if "ItemBatcher" not in state:
            return self._plain(state, raw_input, effective, iterator, execution, ctx)
        arn = execution["executionArn"]
        if arn in self._runs:
            run = self._runs[arn]
            run.record["redriveCount"] += 1
            for batch in run.batches:
                batch.child = batch.child if batch.status == "succeeded" else None
        else:
            run = self._runs[arn] = self._new(state, effective, execution, ctx)
        run.record.update(status="RUNNING", stopDate=None)
        run.count()
        with ThreadPoolExecutor(max_workers=state.get("MaxConcurrency") or WORKERS) as pool:
            for batch in run.batches:
                if batch.child is None:
                    context = contextvars.copy_context()
                    pool.submit(context.run, self._child, run, batch, iterator, execution, ctx)
        failed = run.exceeded()
        run.record.update(status="FAILED" if failed else "SUCCEEDED", stopDate=self._engine.now_iso())
        written = self._write(state, effective, ctx, run)
        if failed:
            raise self._engine._ExecutionError(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
            )
        output = self._engine._apply_result_path(state, raw_input, self._engine._apply_result_selector(state, written))
        return self._engine._apply_output_path(state, output, ctx), self._engine._next_or_end(state)

    def _new(self, state: Any, effective: Any, execution: Any, ctx: Any) -> MapRun:
        items = self._engine._read_map_items(state["ItemReader"], effective, ctx)
        batches = list(self._batches(state, self._selected(state, items, effective, ctx), effective, ctx))
        machine, _, _ = execution["executionArn"].replace(":execution:", ":stateMachine:").rpartition(":")
        runs = machine.replace(":stateMachine:", ":mapRun:")
        label = state.get("Label") or self._engine.new_uuid()
        record = {
            "mapRunArn": f"{runs}/{label}:{self._engine.new_uuid()}",
            "executionArn": execution["executionArn"],
            "status": "RUNNING",
            "startDate": self._engine.now_iso(),
            "maxConcurrency": state.get("MaxConcurrency") or 0,
            "toleratedFailurePercentage": float(state.get("ToleratedFailurePercentage") or 0),
            "toleratedFailureCount": 0,
            "redriveCount": 0,
            "_stateMachineArn": f"{machine}/{label}",
        }
        run = MapRun(record, batches)
        run.count()
        self._engine._map_runs[record["mapRunArn"]] = record
        return run

    def _selected(self, state: Any, items: list[Any], effective: Any, ctx: Any) -> Iterator[Any]:
        for index, item in enumerate(items):
            place = {**ctx, "Map": {"Item": {"Index": index, "Value": item}}}
            selector = state.get("ItemSelector")
            yield self._engine._resolve_params_obj(selector, effective, place) if selector else item

    def _batches(self, state: Any, items: Iterator[Any], effective: Any, ctx: Any) -> Iterator[Batch]:
        batcher = state["ItemBatcher"]
        most, most_bytes = batcher.get("MaxItemsPerBatch", 10**9), batcher.get("MaxInputBytesPerBatch", 262_144)
        around = {}
        if "BatchInput" in batcher:
            around = {"BatchInput": self._engine._resolve_params_obj(batcher["BatchInput"], effective, ctx)}
        held: list[Any] = []
        size = base = len(json.dumps({**around, "Items": []}))
        for item in items:
            more = len(json.dumps(item, ensure_ascii=False).encode()) + 1
            if held and (len(held) == most or size + more > most_bytes):
                yield Batch({**around, "Items": held}, len(held))
                held, size = [], base
            held.append(item)
            size += more
        if held:
            yield Batch({**around, "Items": held}, len(held))

    def _child(self, run: MapRun, batch: Batch, iterator: Any, execution: Any, ctx: Any) -> None:
        with run.lock:
            if execution["status"] != "RUNNING" or run.exceeded():
                return  # it stays pending
            name = self._engine.new_uuid()
            machine = run.record["_stateMachineArn"]
            child = batch.child = {
                "executionArn": f"{machine.replace(':stateMachine:', ':execution:')}:{name}",
                "stateMachineArn": machine,
                "name": name,
                "status": "RUNNING",
                "startDate": self._engine.now_iso(),
                "stopDate": None,
                "input": json.dumps(batch.input),
                "output": None,
                "mapRunArn": run.record["mapRunArn"],
                "events": [],
                "testCase": execution.get("testCase"),
                "mockAttempts": {},
            }
            self._engine._executions[child["executionArn"]] = child
            run.count()
        try:
            states, start = iterator["States"], iterator["StartAt"]
            output = self._engine._run_sub_machine(states, start, batch.input, child, copy.deepcopy(ctx))
            done = {"status": "SUCCEEDED", "output": json.dumps(output)}
        except Exception as error:  # noqa: BLE001 - whatever ends a child is its failure
            done = {
                "status": "FAILED",
                "error": getattr(error, "error", "States.TaskFailed"),
                "cause": getattr(error, "cause", str(error)),
            }
        with run.lock:
            child.update(done, stopDate=self._engine.now_iso())
            run.count()

    def _write(self, state: Any, effective: Any, ctx: Any, run: MapRun) -> Any:
        """Write results as JSON lines, answers that are arrays flat; what did not succeed as it is."""
        writer = state["ResultWriter"]
        parameters = self._engine._resolve_params_obj(writer["Parameters"], effective, ctx)
        bucket = parameters["Bucket"]
        folder = f"{parameters['Prefix'].rstrip('/')}/{run.record['mapRunArn'].rpartition(':')[2]}"
        files: dict[str, list[Any]] = {"SUCCEEDED": [], "FAILED": [], "PENDING": []}
        for batch in run.batches:
            if batch.status == "succeeded" and batch.child:
                output = json.loads(batch.child["output"])
                files["SUCCEEDED"] += output if isinstance(output, list) else [output]
            elif batch.status == "failed" and batch.child:
                shown = {key[:1].upper() + key[1:]: batch.child[key] for key in ("executionArn", "input", "name")}
                ended = {key[:1].upper() + key[1:]: batch.child[key] for key in ("error", "cause", "status")}
                files["FAILED"].append({**shown, **ended})
            else:
                files["PENDING"].append({"Input": json.dumps(batch.input)})
        results: dict[str, list[Any]] = {}
        for kind, lines in files.items():
            body = "".join(json.dumps(line) + "\n" for line in lines).encode()
            results[kind] = []
            if lines:
                key = f"{folder}/{kind}_0.jsonl"
                self._s3._put_object(bucket, key, body, {})
                results[kind] = [{"Key": key, "Size": len(body)}]
        manifest = f"{folder}/manifest.json"
        content = {"DestinationBucket": bucket, "MapRunArn": run.record["mapRunArn"], "ResultFiles": results}
        self._s3._put_object(bucket, manifest, json.dumps(content).encode(), {})
        return {"MapRunArn": run.record["mapRunArn"], "ResultWriterDetails": {"Bucket": bucket, "Key": manifest}}
