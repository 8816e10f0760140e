"""What does a batch run do? The state machine's definition in Amazon States Language, as a pure function.

One Distributed Map for each format that S3 objects have, and for one object or all below a prefix, since the engine
wants these written down and takes no path for them. All else is alike: rows in batches to the live alias, answers as
lines of JSON to S3. Leaves out the resources around it: see `batch.py`.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

import json
from dataclasses import dataclass
from typing import Any

#: Bytes of a payload between two states, of what a batch holds and of what its answer holds alike.
#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
PAYLOAD_BYTES = 262_144
#: Bytes of a batch's rows: the rest is for what is around them.
ROW_BYTES_PER_BATCH = 240_000
#: Bytes of an answer's row without its predictions, and of each of these: the longest text of a float32 as a double.
_ANSWER_BYTES, _PREDICTION_BYTES = 64, 26
#: Rows of a batch where nobody says otherwise: thirty columns of CSV still fit, and Lambda's price of a request is
#: small beside that of its time.
ROWS_PER_BATCH = 500
#: Batches that are predicted at the same time where nobody says otherwise: a tenth of an account's usual concurrency.
CONCURRENCY = 100
#: Children of a Distributed Map that run at the same time.
#: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MOST_CONCURRENT = 10_000
#: An Express workflow ends after so long, retries included; a batch's own time is therefore a little less.
#: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
WORKFLOW_SECONDS = 300
LONGEST_SECONDS = 240

#: For each `format` of a run what the engine calls it, and how the handler reads its values.
FORMATS = {"csv": ("CSV", "csv"), "jsonl": ("JSONL", "json"), "parquet": ("PARQUET", "json")}

#: Throttling, and faults of services, which are over after a while.
#: https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
_PASSING = (
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.EC2ThrottledException",
    "Lambda.SnapStartTimeoutException",
)
#: A function that nobody called for weeks: Lambda turns calls away while it fetches the image, or the network, again.
#: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
_WAKING = (
    "Lambda.CodeArtifactUserPendingException",
    "Lambda.ResourceNotReadyException",
    "Lambda.SnapStartNotReadyException",
    "Lambda.ENINotReadyException",
)
#: A worker that died, or did not answer in time. The same batch may kill the next one, too: fewer attempts.
_DEATHS = ("Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "States.Timeout")


@dataclass(frozen=True)
class Run:
    """What a definition is made of.

    Attributes:
        alias_arn: The live alias.
        input_bucket: Where rows lie.
        output_bucket: Where answers go.
        rows_per_batch: Rows that one invocation gets at most.
        concurrency: Batches that are predicted at the same time.
        tolerated_failure_percent: Rows whose batch may fail before the run does, in percent.
        timeout_seconds: The function's timeout.
    """

    alias_arn: str
    input_bucket: str
    output_bucket: str
    rows_per_batch: int
    concurrency: int
    tolerated_failure_percent: float
    timeout_seconds: int


def most_rows_per_batch(outputs: int) -> int:
    """How many rows' answers fit into a payload.

    Args:
        outputs: Numbers that a prediction has.
    """
    return max(1, ROW_BYTES_PER_BATCH // (_ANSWER_BYTES + _PREDICTION_BYTES * outputs))


def definition(run: Run) -> str:
    """The definition as JSON."""
    maps = {_name(kind, whole): (kind, whole) for kind in FORMATS for whole in (True, False)}
    states: dict[str, Any] = {
        # What a run is started without has a default; the name of a run keeps its results apart from others'.
        "Settings": {
            "Type": "Pass",
            "Parameters": {
                "defaults": {"format": "csv", "keep": [], "model_version": "", "output.$": "$$.Execution.Name"},
                "given.$": "$$.Execution.Input",
            },
            "Next": "Run",
        },
        "Run": {
            "Type": "Pass",
            "Parameters": {"run.$": "States.JsonMerge($.defaults, $.given, false)"},
            "OutputPath": "$.run",
            "Next": "Which",
        },
        "Which": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [
                        {"Variable": "$.format", "StringEquals": kind},
                        {"Variable": "$.key" if whole else "$.prefix", "IsString": True},
                    ],
                    "Next": name,
                }
                for name, (kind, whole) in maps.items()
            ],
            "Default": "Refused",
        },
        "Refused": {
            "Type": "Fail",
            "Error": "InputRefused",
            "Cause": f"start a run with key (one object) or prefix (several), and format {', '.join(FORMATS)}",
        },
        **{name: _map(kind, whole, run) for name, (kind, whole) in maps.items()},
    }
    return json.dumps({"Comment": "Batch scoring by the live model", "StartAt": "Settings", "States": states})


def _name(kind: str, whole: bool) -> str:
    return f"{kind}-{'object' if whole else 'prefix'}"


def _map(kind: str, whole: bool, run: Run) -> dict[str, Any]:
    return {
        "Type": "Map",
        "Label": _name(kind, whole),
        "ItemReader": _reader(kind, whole, run.input_bucket),
        # The place of a row in the whole input, by which answers are put in order afterwards.
        "ItemSelector": {"index.$": "$$.Map.Item.Index", "row.$": "$$.Map.Item.Value"},
        "ItemBatcher": {
            "MaxItemsPerBatch": run.rows_per_batch,
            "MaxInputBytesPerBatch": ROW_BYTES_PER_BATCH,
            "BatchInput": {"format": FORMATS[kind][1], "keep.$": "$.keep", "model_version.$": "$.model_version"},
        },
        "MaxConcurrency": run.concurrency,
        "ToleratedFailurePercentage": _plain(run.tolerated_failure_percent),
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": f"predict-{_name(kind, whole)}",
            "States": {f"predict-{_name(kind, whole)}": _predict(run)},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": run.output_bucket, "Prefix.$": "$.output"},
            "WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"},
        },
        "End": True,
    }


def _reader(kind: str, whole: bool, bucket: str) -> dict[str, Any]:
    config: dict[str, Any] = {"InputType": FORMATS[kind][0]}
    if kind == "csv":
        config["CSVHeaderLocation"] = "FIRST_ROW"
    if whole:
        parameters = {"Bucket": bucket, "Key.$": "$.key"}
        return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": parameters}
    return {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "ReaderConfig": {**config, "Transformation": "LOAD_AND_FLATTEN"},
        "Parameters": {"Bucket": bucket, "Prefix.$": "$.prefix"},
    }


def _predict(run: Run) -> dict[str, Any]:
    waiting = {"IntervalSeconds": 1, "BackoffRate": 2.0, "MaxDelaySeconds": 30, "JitterStrategy": "FULL"}
    # Waits of minutes, which by chance might come out too short; that all ask again at once does a sleeper no harm.
    waking = {"IntervalSeconds": 15, "BackoffRate": 1.0, "JitterStrategy": "NONE"}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": run.alias_arn, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "TimeoutSeconds": min(run.timeout_seconds + 5, LONGEST_SECONDS),
        "Retry": [
            # As many as end before the workflow does: a throttled batch has done and cost nothing.
            {"ErrorEquals": list(_PASSING), "MaxAttempts": 12, **waiting},
            {"ErrorEquals": list(_WAKING), "MaxAttempts": 15, **waking},
            {"ErrorEquals": list(_DEATHS), "MaxAttempts": 2, **waiting},
        ],
        "End": True,
    }


def _plain(number: float) -> float:
    """A whole number without a point."""
    return int(number) if number == int(number) else number
