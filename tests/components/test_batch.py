"""The state machine for batch scoring: is it what Step Functions takes, and does what is refused say why?"""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pulumi
import pytest
from statelint.linter import Linter

from components import MLInferenceFunction, batch, batch_definition
from components.batch_definition import Run
from components.testing import AwsMocks, deploy
from tests.fake_engine import Deployment

MODEL = Path(__file__).parents[2] / "model" / "wine_quality.ubj"
ALIAS = "arn:aws:lambda:eu-central-1:123456789012:function:wine-function-1a2b3c4:live"
RUN = Run(
    ALIAS, "rows", "answers", rows_per_batch=200, concurrency=7, tolerated_failure_percent=0.5, timeout_seconds=30
)

#: What AWS adds to the language's specification, which the validator keeps to.
#: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html, input-output-itemreader.html,
#: input-output-resultwriter.html
ADDED_BY_AWS = {"Label", "InputType", "CSVHeaderLocation", "Transformation", "WriterConfig"}


def problems(definition: dict[str, Any]) -> list[str]:
    """What the validator of the Amazon States Language says, but for what AWS adds to it."""
    added = re.compile(rf'^Field "({"|".join(ADDED_BY_AWS)})" not allowed ')
    return [problem for problem in Linter.validate(json.loads(json.dumps(definition))) if not added.match(problem)]


def maps(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: state for name, state in definition["States"].items() if state["Type"] == "Map"}


@pytest.mark.parametrize("percent", [0.0, 5.0])
def test_the_definition_is_amazon_states_language(percent: float) -> None:
    run = Run(ALIAS, "rows", "answers", 200, 7, percent, 30)
    assert problems(json.loads(batch_definition.definition(run))) == []


@pytest.mark.parametrize(
    ("what", "break_"),
    [
        ("a state that is not there", lambda states: states["Run"].update(Next="nowhere")),
        ("a name that two states have", lambda states: states.update({"predict-csv-object": states["Refused"]})),
        ("a map without a processor", lambda states: states["csv-object"].pop("ItemProcessor")),
        ("a field of no state", lambda states: states["csv-object"].update(MaxConcurency=1)),
    ],
)
def test_the_validator_would_see(what: str, break_: Any) -> None:
    definition = json.loads(batch_definition.definition(RUN))
    before = problems(definition)
    break_(definition["States"])
    assert set(problems(definition)) - set(before), what


def test_every_format_is_read_from_one_object_and_from_a_prefix() -> None:
    definition = json.loads(batch_definition.definition(RUN))
    found = {
        (reader["ReaderConfig"]["InputType"], reader["Resource"].rpartition(":")[2], *reader["Parameters"])
        for reader in (state["ItemReader"] for state in maps(definition).values())
    }
    assert found == {
        (kind, *how)
        for kind in ("CSV", "JSONL", "PARQUET")
        for how in (("getObject", "Bucket", "Key.$"), ("listObjectsV2", "Bucket", "Prefix.$"))
    }
    choices = {choice["Next"] for choice in definition["States"]["Which"]["Choices"]}
    assert choices == maps(definition).keys()


def test_every_map_asks_the_alias_and_keeps_to_the_limits() -> None:
    for state in maps(json.loads(batch_definition.definition(RUN))).values():
        (task,) = state["ItemProcessor"]["States"].values()
        assert task["Parameters"] == {"FunctionName": ALIAS, "Payload.$": "$"}
        assert state["ItemBatcher"]["MaxInputBytesPerBatch"] < batch_definition.PAYLOAD_BYTES
        assert (state["ItemBatcher"]["MaxItemsPerBatch"], state["MaxConcurrency"]) == (200, 7)
        assert state["ToleratedFailurePercentage"] == 0.5
        assert (
            len(state["Label"]) <= 40
        )  # https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html


def retriers() -> list[dict[str, Any]]:
    states = json.loads(batch_definition.definition(RUN))["States"]
    found: list[dict[str, Any]] = states["csv-object"]["ItemProcessor"]["States"]["predict-csv-object"]["Retry"]
    return found


def waits(retrier: dict[str, Any]) -> list[float]:
    """The longest waits before each attempt."""
    grown = [retrier["IntervalSeconds"] * retrier["BackoffRate"] ** at for at in range(retrier["MaxAttempts"])]
    return [min(seconds, retrier.get("MaxDelaySeconds", seconds)) for seconds in grown]


@pytest.mark.parametrize(
    ("error", "at_least"),
    [("Lambda.TooManyRequestsException", 200), ("Lambda.ServiceException", 200), ("Lambda.Unknown", 2)],
)
def test_what_passes_is_tried_again_by_chance_for_as_long_as_the_workflow_lasts(error: str, at_least: int) -> None:
    (retrier,) = (retrier for retrier in retriers() if error in retrier["ErrorEquals"])
    assert retrier["JitterStrategy"] == "FULL"
    assert at_least <= sum(waits(retrier)) <= batch_definition.WORKFLOW_SECONDS - RUN.timeout_seconds


def test_a_function_that_slept_for_weeks_is_waited_for_longer_than_it_was_seen_to_take() -> None:
    # https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/801
    (retrier,) = (
        retrier for retrier in retriers() if "Lambda.CodeArtifactUserPendingException" in retrier["ErrorEquals"]
    )
    assert retrier["JitterStrategy"] == "NONE", "the sum of waits by chance may be too short"
    seen = 106
    assert 2 * seen < sum(waits(retrier)) <= batch_definition.WORKFLOW_SECONDS - RUN.timeout_seconds


def test_what_is_tried_again_are_errors_that_lambda_has() -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    known = {f"Lambda.{shape.name}" for shape in model.operation_model("Invoke").error_shapes}
    # https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    known |= {f"Lambda.{name}" for name in ("AWSLambdaException", "ClientExecutionTimeoutException")}
    known |= {"Lambda.SdkClientException", "Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "States.Timeout"}
    retried = [error for retrier in retriers() for error in retrier["ErrorEquals"]]
    assert set(retried) <= known, "States.ALL would ask again for a batch that is refused"
    assert len(retried) == len(set(retried))


@pytest.mark.parametrize("outputs", [1, 3, 100, 20_000])
def test_the_longest_answer_fits_into_a_payload(outputs: int) -> None:
    rows = batch_definition.most_rows_per_batch(outputs)
    number = -1.1754943508222875e-38
    answer = {"index": 10**10, "prediction": number if outputs == 1 else [number] * outputs}
    if outputs < 5_000:
        assert len(json.dumps([answer] * rows)) <= batch_definition.PAYLOAD_BYTES
    assert rows >= 1


@pytest.fixture(autouse=True)
def in_a_project_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def deployed(**arguments: Any) -> Deployment:
    def program() -> None:
        component = MLInferenceFunction("wine", {"model_path": str(MODEL), **arguments})  # type: ignore[typeddict-item]
        pulumi.export("batch", component.batch)

    return deploy(program, AwsMocks(MODEL.with_name("golden.json")))


def test_buckets_that_are_given_are_used_and_none_is_made() -> None:
    buckets = {"input_bucket": "rows", "output_bucket": "answers"}
    made = deployed(batch=buckets, reserved_concurrency=5)
    assert not [resource for resource in made.resources if resource.type.startswith("aws:s3/")]
    outputs = made.outputs["batch"]
    assert {name: outputs[name] for name in buckets} == buckets
    assert outputs["max_concurrency"] == 5
    definition = json.loads(made.one("aws:sfn/stateMachine:StateMachine").inputs["definition"])
    assert definition["States"]["csv-object"]["ItemReader"]["Parameters"]["Bucket"] == "rows"


@pytest.mark.parametrize(("reserved", "concurrency"), [(None, 100), (40, 40), (500, 100)])
def test_a_run_keeps_to_what_the_function_may_do(reserved: int | None, concurrency: int) -> None:
    args: dict[str, Any] = {"batch": {}, "reserved_concurrency": reserved}
    assert batch.limits(args, outputs=1) == (500, concurrency)
    assert batch.limits({**args, "reserved_concurrency": 0}, outputs=3_000) == (3, 100), "0 only switches off"


def test_without_the_argument_nothing_is_made() -> None:
    made = deployed()
    assert made.outputs["batch"] is None
    assert not [resource.name for resource in made.resources if "batch" in resource.name]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"batch": {"rows_per_batch": 9_999}}, r"rows_per_batch 9999: .* 262144 bytes .*; \d+ rows always fit"),
        ({"batch": {"max_concurrency": 9}, "reserved_concurrency": 5}, "max_concurrency 9 does not fit into"),
        ({"batch": {"input_bucket": "Rows"}}, "must be the name of a bucket"),
        ({"batch": {"tolerated_failure_percent": 101}}, "must be from 0 to 100, got 101"),
        ({"batch": {"retention_days": 0}}, "from 1 to 3650, got 0"),
        ({"batch": {"bucket": "rows"}}, "bucket"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_registers(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(pulumi.RunError, match=reason):
        deployed(**arguments)
