"""One run of the state machine: started or found again by its name, followed, redriven, fetched.

It is started by one call of StartExecution and lives in AWS: whoever started it may leave. Leaves out how it is shown
(command.py), and what its input looks like (preview.py).
"""

import json
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from ml_inference_client.batch import preview
from ml_inference_client.batch.cost import Work, batch_seconds, rows_in_a_batch
from ml_inference_client.batch.join import Join, Joined
from ml_inference_client.batch.preview import Preview
from ml_inference_client.credentials import AWS_CALL_ERRORS, CredentialSource, plain, said
from ml_inference_client.errors import InferenceError, SettingsError
from ml_inference_client.settings import Settings

SECONDS_BETWEEN_LOOKS = 2.0

#: Names that Step Functions takes and CloudWatch shows.
#: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")

#: What S3 says of an object that is not there, and to whom may not see it.
_ABSENT, _DENIED = ("404", "NoSuchKey"), ("403", "AccessDenied")

#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
_MOST_DATAPOINTS = 1_440

_RUNNING, _DONE = "RUNNING", "SUCCEEDED"


@dataclass(frozen=True)
class Progress:
    """How far a run is, as Step Functions counts.

    Attributes:
        status: RUNNING, SUCCEEDED, FAILED, ABORTED or TIMED_OUT.
        rows: Rows of the whole input; None while it is being read.
        answered: Rows whose batch is done.
        failed: Rows whose batch failed.
        batches: Batches that are done or failed.
        began: When the run began.
        seconds: Since then, until it ended.
        why: What ended a run that did not succeed.
    """

    status: str
    rows: int | None = None
    answered: int = 0
    failed: int = 0
    batches: int = 0
    began: datetime | None = None
    seconds: float = 0.0
    why: str = ""

    @property
    def running(self) -> bool:
        """Whether the run goes on."""
        return self.status == _RUNNING

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.answered / self.seconds if self.seconds else 0.0


class BatchRun:
    """A run.

    Attributes:
        name: Its name, by which it is found again.
        deployed: What the stack says of batch scoring.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        """Take up a run by its name; nothing is asked yet.

        Raises:
            SettingsError: The stack has no batch scoring, or the name is none.
            CredentialsError: There are no credentials.
        """
        if settings.batch is None:
            raise SettingsError(
                "the stack's outputs tell of no batch scoring: `pulumi config set --path batch.retentionDays 30`, "
                "`pulumi up`, then pass its outputs (--stack-outputs)"
            )
        if not _NAME.fullmatch(name):
            raise SettingsError("a run's name has 1 to 80 letters, digits, hyphens and underscores")
        self.name, self.deployed = name, settings.batch
        source = CredentialSource(settings)
        self._engine, self._s3 = source.client("stepfunctions"), source.client("s3")
        self._metrics = source.client("cloudwatch")
        machine = str(self.deployed["state_machine_arn"])
        self._machine, self._arn = machine, f"{machine.replace(':stateMachine:', ':execution:')}:{name}"

    @classmethod
    def start(
        cls,
        settings: Settings,
        source: str,
        output: str,
        *,
        keep: Sequence[str] = (),
        name: str | None = None,
        kind: str | None = None,
    ) -> Self:
        """Look at the input and start a run; one that was started by this name with the same input is taken up again.

        Args:
            settings: Settings with the stack's outputs.
            source: `s3://bucket/key`, or `s3://bucket/prefix/` for all objects below.
            output: `s3://bucket/prefix/` for the answers.
            keep: Columns to put beside each prediction.
            name: The run's name; by default the input's and the time.
            kind: csv, jsonl or parquet; by default as the names of the input's objects end.

        Raises:
            SettingsError: An address is none of this deployment's, or the input would not be read as it is meant.
            InferenceError: AWS refused it.
        """
        run = cls(settings, name or name_of(source))
        run.input(source, output, keep, kind or "csv")
        run.begin(source, output, keep, run.preview(source, kind).kind)
        return run

    def preview(self, source: str, kind: str | None = None) -> Preview:
        """What a run would read, and how many rows that are: see `preview.py`.

        Raises:
            SettingsError: There is nothing to read, or it would not be read as it is meant.
            InferenceError: AWS refused it.
        """
        bucket = str(self.deployed["input_bucket"])
        key = _within(source, bucket, "input")
        with _plainly("the input cannot be looked at"):
            try:
                return preview.look(self._s3, bucket, key, kind)
            except ClientError as error:
                code = said(error)[0]
                if code in _ABSENT:
                    raise SettingsError(f"there is no object {source}") from None
                kind = kind or preview.format_of(key)
                if code not in _DENIED or kind is None:
                    raise
                return Preview(kind, notes=["the input may not be looked at (s3:ListBucket, s3:GetObject): unchecked"])

    def begin(self, source: str, output: str, keep: Sequence[str], kind: str) -> None:
        """Start the run as it is told, whatever its input; see `start`."""
        given = self.input(source, output, keep, kind)
        with _plainly("the run was not started"):
            try:
                self._engine.start_execution(stateMachineArn=self._machine, name=self.name, input=json.dumps(given))
            except ClientError as error:
                if said(error)[0] != "ExecutionAlreadyExists" or self._input() != given:
                    raise

    def input(self, source: str, output: str, keep: Sequence[str] = (), kind: str | None = None) -> dict[str, Any]:
        """What StartExecution is given for a run, for schedulers that call it themselves.

        Raises:
            SettingsError: An address is none of this deployment's, or the name tells no format.
        """
        key = _within(source, str(self.deployed["input_bucket"]), "input")
        kind = kind or preview.format_of(key)
        if kind is None:
            raise SettingsError(f"the name {source} tells no format; give csv, jsonl or parquet")
        where = {"prefix": key} if preview.is_prefix(key) else {"key": key}
        prefix = _within(output, str(self.deployed["output_bucket"]), "output").rstrip("/")
        return {**where, "format": kind, "keep": list(keep), "output": prefix or self.name}

    def progress(self) -> Progress:
        """How far it is.

        Raises:
            InferenceError: There is no such run, or it may not be looked at.
        """
        with _plainly(f"the run {self.name} cannot be looked at"):
            seen = self._engine.describe_execution(executionArn=self._arn)
            run = self._map_run()
        ended = seen.get("stopDate")
        why = f"{seen.get('error', '')}: {seen.get('cause', '')}" if seen["status"] not in (_RUNNING, _DONE) else ""
        seconds = (ended.timestamp() if ended else time.time()) - seen["startDate"].timestamp()
        if run is None:
            return Progress(seen["status"], began=seen["startDate"], seconds=seconds, why=why)
        items, batches = run["itemCounts"], run["executionCounts"]
        return Progress(
            status=seen["status"],
            rows=items["total"],
            answered=items["succeeded"],
            failed=_unsuccessful(items),
            batches=batches["succeeded"] + _unsuccessful(batches),
            began=seen["startDate"],
            seconds=seconds,
            why=why,
        )

    def wait(self) -> Progress:
        """Look until it has ended."""
        while (seen := self.progress()).running:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return seen

    def redrive(self) -> None:
        """Run again what failed or was not begun; what succeeded is kept.

        Raises:
            InferenceError: The run cannot be redriven: it runs, succeeded, or is older than 14 days.
        """
        with _plainly(f"the run {self.name} cannot be redriven"):
            self._engine.redrive_execution(executionArn=self._arn)

    def estimate(self, rows: int, row_bytes: float | None = None) -> Work:
        """What so many rows cost, by what is assumed of a batch: see `cost.py`.

        Args:
            rows: Rows of the input.
            row_bytes: Bytes of a row as a batch holds it, if that is known.
        """
        most = rows_in_a_batch(int(self.deployed["rows_per_batch"]), row_bytes)
        return self._work(-(-rows // most), min(rows, most), None)

    def cost(self, seen: Progress) -> Work:
        """What a run cost so far: its batches, by the time of a batch as Lambda has measured it, or as it is assumed.

        Lambda's metrics are those of the minutes of the run, other calls included, and come a little later.
        """
        return self._work(seen.batches, (seen.answered + seen.failed) // max(1, seen.batches), self._measured(seen))

    def _work(self, batches: int, rows_per_batch: int, seconds: float | None) -> Work:
        memory_mb = int(self.deployed["memory_mb"])
        return Work(
            batches=batches,
            seconds=batch_seconds(rows_per_batch, memory_mb) if seconds is None else seconds,
            memory_mb=memory_mb,
            architecture=str(self.deployed["architecture"]),
            measured=seconds is not None,
        )

    def _measured(self, seen: Progress) -> float | None:
        """The mean time of a call in the minutes of the run; None if it may not be asked, or does not cover it yet."""
        if "function_name" not in self.deployed or seen.began is None or not seen.batches:
            return None
        minutes = 2 + int(seen.seconds // 60)
        begin = seen.began.replace(second=0, microsecond=0)
        try:
            found = self._metrics.get_metric_statistics(
                Namespace="AWS/Lambda",
                MetricName="Duration",
                Dimensions=[{"Name": "FunctionName", "Value": str(self.deployed["function_name"])}],
                StartTime=begin,
                EndTime=begin + timedelta(minutes=minutes),
                Period=60 * -(-minutes // _MOST_DATAPOINTS),
                Statistics=["Sum", "SampleCount"],
            )["Datapoints"]
        except (ClientError, *AWS_CALL_ERRORS):
            return None
        calls = sum(point["SampleCount"] for point in found)
        return float(sum(point["Sum"] for point in found) / calls / 1000) if calls >= seen.batches else None

    def fetch(self, output: Path) -> Joined:
        """Write a line for each row of the input, in its order, with prediction and kept columns.

        Raises:
            InferenceError: The run goes on, or its results are not complete: then nothing is written.
        """
        seen = self.progress()
        if seen.running or seen.rows is None:
            raise InferenceError(f"the run {self.name} has no results: it is {seen.status.lower()}. {seen.why}".strip())
        given = self._input()
        with tempfile.TemporaryDirectory(prefix="ml-inference-batch-") as folder:
            with _plainly("the results cannot be read"):
                files = self._downloaded(Path(folder), str(given.get("output", self.name)))
            joined = Join(seen.rows, files["SUCCEEDED"], [*files["FAILED"], *files["PENDING"]])
            return joined.write(output, given.get("keep", []))

    def reason(self) -> str:
        """What the worker said of a batch that failed; empty if none did, or said anything."""
        with _plainly("the results cannot be read"):
            _, manifest = self._manifest(str(self._input().get("output", self.name)))
            for failed in manifest["ResultFiles"]["FAILED"][:1]:
                bucket = str(self.deployed["output_bucket"])
                line = next(self._s3.get_object(Bucket=bucket, Key=failed["Key"])["Body"].iter_lines(), b"{}")
                return _message(str(json.loads(line).get("Cause", "")))
        return ""

    def _manifest(self, prefix: str) -> tuple[str, dict[str, Any]]:
        bucket, run = str(self.deployed["output_bucket"]), self._map_run()
        run_id = run["mapRunArn"].rpartition(":")[2] if run else ""
        found = self._s3.get_object(Bucket=bucket, Key=f"{prefix}/{run_id}/manifest.json")
        return bucket, json.loads(found["Body"].read())

    def _downloaded(self, folder: Path, prefix: str) -> dict[str, list[Path]]:
        bucket, manifest = self._manifest(prefix)
        files: dict[str, list[Path]] = {"SUCCEEDED": [], "FAILED": [], "PENDING": []}
        for kind, results in manifest["ResultFiles"].items():
            for number, result in enumerate(results):
                path = folder / f"{kind}-{number}.jsonl"
                with path.open("wb") as copy:
                    body = self._s3.get_object(Bucket=bucket, Key=result["Key"])["Body"]
                    for piece in body.iter_chunks(1 << 20):
                        copy.write(piece)
                files[kind].append(path)
        return files

    def _input(self) -> dict[str, Any]:
        given: dict[str, Any] = json.loads(self._engine.describe_execution(executionArn=self._arn)["input"])
        return given

    def _map_run(self) -> Mapping[str, Any] | None:
        runs = self._engine.list_map_runs(executionArn=self._arn)["mapRuns"]
        if not runs:
            return None
        found: Mapping[str, Any] = self._engine.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
        return found


def _unsuccessful(counts: Mapping[str, int]) -> int:
    return counts["failed"] + counts["timedOut"] + counts["aborted"]


def _message(cause: str) -> str:
    """The message in what Step Functions keeps of an error of Lambda's."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return cause


def name_of(source: str) -> str:
    """A run's name where nobody gave one: its input's, and the time."""
    stem = re.sub(r"[^0-9A-Za-z]+", "-", urlsplit(source).path).strip("-")[-50:]
    return f"{stem or 'all'}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}".lstrip("-")


def _within(address: str, bucket: str, what: str) -> str:
    """The key of an address in the deployment's bucket."""
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc:
        raise SettingsError(f"the {what} must be an address such as s3://{bucket}/2026/, got {address}")
    if parts.netloc != bucket:
        raise SettingsError(
            f"the {what} must be in the bucket {bucket}, got {parts.netloc}; the run's role reaches no other: copy it "
            f"there, or give the component batch.{what}_bucket"
        )
    return parts.path.lstrip("/")


@contextmanager
def _plainly(what: str) -> Iterator[None]:
    """Errors of AWS in one line."""
    try:
        yield
    except ClientError as error:
        code, message = said(error)
        raise InferenceError(f"{what}: {message} ({code})") from None
    except AWS_CALL_ERRORS as error:
        raise InferenceError(f"{what}: {plain(error)}") from None
