"""The command `batch`: from files in S3 to a line for each row, left and taken up again, redriven, and counted."""

import csv
import gzip
import json
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from ml_inference_client import __main__ as command_line
from ml_inference_client import errors
from ml_inference_client.batch import BatchRun, cost, join, run
from ml_inference_client.credentials import CredentialSource
from ml_inference_client.settings import Settings

from local import demo, stack_config
from local.cloud import Cloud
from local.deployment import Deployment
from local.resources import Target
from local.staged_images import StagedImages
from tests.local.test_deployer_policy import as_over_tls

GOLDEN = json.loads((demo.PROJECT / "model" / "golden.json").read_text())
RECORDS, PREDICTIONS = GOLDEN["records"], GOLDEN["predictions"]
REPEATED = 20
ROWS = REPEATED * len(RECORDS)
ROWS_PER_BATCH = 140
"""The last of five batches has fewer rows than the others."""


class Deployed:
    """The program with batch scoring, and the command for it."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self.cloud = cloud
        program = stack_config.load(demo.PROJECT)
        program.config[f"{program.project}:batch"] = json.dumps({"rowsPerBatch": ROWS_PER_BATCH, "maxConcurrency": 2})
        self.outputs = Deployment(Target(cloud, StagedImages())).deploy(program)
        self.batch: dict[str, Any] = self.outputs["batch"]
        endpoint = {"endpoint": f"http://127.0.0.1:{cloud.port}/", "region": cloud.region}
        self.file = folder / "outputs.json"
        self.file.write_text(json.dumps({**self.outputs, **endpoint}))
        self.settings = Settings.find(outputs=json.loads(self.file.read_text()), environment={})

    @property
    def output(self) -> str:
        return f"s3://{self.batch['output_bucket']}/answers/"

    def put(self, key: str, rows: list[list[Any]]) -> str:
        lines = [",".join(map(json.dumps, ["id", *RECORDS[0]])), *(",".join(map(str, row)) for row in rows)]
        body = "\n".join(lines).encode()
        packed = gzip.compress(body) if key.endswith(".gz") else body
        self.cloud.s3.put_object(Bucket=self.batch["input_bucket"], Key=key, Body=packed)
        return f"s3://{self.batch['input_bucket']}/{key}"

    def command(self, *arguments: str) -> int:
        return command_line.main(["batch", "--stack-outputs", str(self.file), *arguments])


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return Deployed(cloud, tmp_path_factory.mktemp("batch"))


@pytest.fixture(autouse=True)
def caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever deployed; and no wait between two looks at a run."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr(run, "SECONDS_BETWEEN_LOOKS", 0.05)


def rows(first: int = 0) -> list[list[Any]]:
    return [
        [first + number, *record.values()]
        for number, record in enumerate(record for _ in range(REPEATED) for record in RECORDS)
    ]


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_every_row_of_a_prefix_is_fetched_in_order_with_what_it_keeps(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = deployed.put("many/1.csv", rows()).removesuffix("1.csv")
    deployed.put("many/2.csv", rows(ROWS))
    fetched = tmp_path / "out.csv"
    assert deployed.command(source, deployed.output, "--keep", "id", "--name", "many", "--fetch", str(fetched)) == 0
    found = lines(fetched)
    assert [line["row"] for line in found] == [line["id"] for line in found] == list(map(str, range(2 * ROWS)))
    assert [float(line["prediction"]) for line in found] == PREDICTIONS * (2 * REPEATED)
    said = capsys.readouterr().err
    assert f"{2 * ROWS:,} rows, {2 * ROWS:,} predicted, 0 with faults, 0 in batches that failed" in said
    assert f"{source}: {2 * ROWS:,} rows of csv in 2 objects of " in said
    before, after = (line for line in said.splitlines() if line.startswith("cost: "))
    assert "(assumed), an estimate by the prices of 2026-11" in before
    assert "(Lambda's metrics of its time), an estimate by the prices of 2026-11" in after
    assert not fetched.with_name("out.csv.failed.csv").exists()


def test_what_a_run_would_cost_is_said_and_nothing_is_started(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    source = deployed.put("estimate.csv", rows())
    assert deployed.command(source, deployed.output, "--name", "estimate", "--estimate") == 0
    said = capsys.readouterr().err
    assert f"{ROWS:,} rows of csv in 1 object of " in said
    work = BatchRun(deployed.settings, "estimate").estimate(ROWS)
    assert f"cost: about {work.usd:.4f} US dollars: {work.batches} batches of " in said
    assert deployed.command("--name", "estimate") == 1, "no run of this name was started"


def test_what_a_run_cost_is_told_by_the_time_that_lambda_measured(deployed: Deployed) -> None:
    source = deployed.put("measured.csv", rows())
    run = BatchRun.start(deployed.settings, source, deployed.output, keep=["id"], name="measured")
    seen = run.wait()
    work = run.cost(seen)
    assert (work.batches, work.measured) == (seen.batches, True)
    assert seen.began is not None
    longest = deployed.cloud.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Duration",
        Dimensions=[{"Name": "FunctionName", "Value": deployed.outputs["function_name"]}],
        StartTime=seen.began - timedelta(days=1),
        EndTime=seen.began + timedelta(days=1),
        Period=86_400,
        Statistics=["Maximum"],
    )["Datapoints"][-1]["Maximum"]
    assert 0 < work.seconds <= longest / 1000
    not_yet = replace(seen, batches=10**6)
    assert not run.cost(not_yet).measured, "metrics that do not cover the run tell nothing of it"


def test_compressed_objects_are_read_as_their_names_say(deployed: Deployed, tmp_path: Path) -> None:
    source = deployed.put("packed/1.csv.gz", rows()).removesuffix("1.csv.gz")
    fetched = tmp_path / "out.csv"
    assert deployed.command(source, deployed.output, "--keep", "id", "--name", "packed", "--fetch", str(fetched)) == 0
    assert [float(line["prediction"]) for line in lines(fetched)] == PREDICTIONS * REPEATED


def user(deployed: Deployed, monkeypatch: pytest.MonkeyPatch, *actions: str) -> None:
    """From here on the caller is somebody who may do this alone."""
    iam, name = deployed.cloud.iam, f"user-{uuid.uuid4()}"
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="runs", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def test_the_rights_that_the_page_names_are_those_that_the_client_needs(
    deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (demo.PROJECT / "docs" / "batch.md").read_text(encoding="utf-8")
    sentence = page[page.index("The caller needs") : page.index("Buckets of your own")]
    named = re.findall(r"`(?:(\w+):)?([A-Z]\w+)`", sentence)
    services = list[str](accumulate((service for service, _ in named), lambda before, now: now or before))
    actions = [f"{service}:{action}" for service, (_, action) in zip(services, named, strict=True)]
    assert len(actions) >= 8
    source = deployed.put("rights/1.csv", rows()).removesuffix("1.csv")
    command = ("--name", "rights", "--keep", "id", "--fetch", str(tmp_path / "out.csv"))
    user(deployed, monkeypatch, *actions)
    client = CredentialSource.client

    def over_tls(self: CredentialSource, service: str, **options: str | None) -> Any:
        made = client(self, service, **options)
        made.meta.events.register("before-call.s3", as_over_tls)
        return made

    monkeypatch.setattr(CredentialSource, "client", over_tls)
    assert deployed.command(source, deployed.output, *command) == 0
    said = capsys.readouterr().err
    assert "Lambda's metrics of its time" in said
    assert "note:" not in said
    assert deployed.command("--name", "rights", "--redrive") == 1
    assert "cannot be redriven: Execution is SUCCEEDED" in capsys.readouterr().err, "it may, and there is nothing to do"


def test_who_may_not_look_at_the_input_may_start_a_run_of_it(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = deployed.put("unseen/1.csv", rows()[:3])
    user(deployed, monkeypatch, "states:*")
    assert deployed.command(source, deployed.output, "--keep", "id", "--name", "unseen") == 0
    said = capsys.readouterr().err
    assert "note: the input may not be looked at" in said
    assert "(assumed)" in said, "nor may the metrics"
    assert deployed.command(source.removesuffix("1.csv"), deployed.output, "--name", "unseen-2") == 1
    assert "the input cannot be looked at" in capsys.readouterr().err


def test_a_run_is_left_and_taken_up_again_by_its_name(
    deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = rows()
    bad[5][3] = "red"
    source = deployed.put("left.csv", bad)
    assert deployed.command(source, deployed.output, "--keep", "id", "--name", "left", "--detach") == 0
    assert capsys.readouterr().out == "left\n"
    assert deployed.command("--name", "left", "--fetch", str(tmp_path / "out.csv")) == 3
    found = lines(tmp_path / "out.csv")
    assert len(found) == ROWS
    assert [line["row"] for line in found if not line["prediction"]] == ["5"]
    (reason,) = lines(tmp_path / "out.csv.failed.csv")
    assert (reason["row"], reason["code"]) == ("5", "not_a_number")
    again = deployed.command(source, deployed.output, "--keep", "id", "--name", "left")
    assert again == 0, "the same name with the same input is the same run"
    capsys.readouterr()
    assert deployed.command(source, deployed.output, "--name", "left") == 1
    assert "ExecutionAlreadyExists" in capsys.readouterr().err
    assert deployed.command("--name", "left", "--rows", "7") == 1
    assert f"the input has 7 rows, and Step Functions read {ROWS:,} of them" in error(capsys)


def test_why_a_run_failed_is_said_in_the_workers_words(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    source = deployed.put("unknown.csv", rows()[:3])
    assert deployed.command(source, deployed.output, "--name", "unknown") == 1
    said = capsys.readouterr().err
    assert "not a feature of the model" in said, "the column id is neither a feature nor kept"
    assert "--redrive" in said


def test_what_failed_is_redriven(deployed: Deployed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = deployed.put("redriven.csv", rows())
    lambda_, function = deployed.cloud.lambda_, deployed.outputs["function_name"]
    version = lambda_.get_alias(FunctionName=function, Name="live")["FunctionVersion"]
    lambda_.delete_alias(FunctionName=function, Name="live")
    try:
        assert deployed.command(source, deployed.output, "--keep", "id", "--name", "redriven") == 1
        assert "ml-inference batch --name redriven --redrive" in capsys.readouterr().err
        partial = tmp_path / "partial.csv"
        assert deployed.command("--name", "redriven", "--fetch", str(partial)) == 3
        assert len(lines(partial)) == ROWS, "what failed is counted as well"
    finally:
        lambda_.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    fetched = tmp_path / "out.csv"
    assert deployed.command("--name", "redriven", "--redrive", "--fetch", str(fetched)) == 0
    assert [float(line["prediction"]) for line in lines(fetched)] == PREDICTIONS * REPEATED
    assert deployed.command("--name", "redriven", "--redrive") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give the input and the output in S3"),
        (["s3://INPUT/nothing.csv", "s3://OUTPUT/"], "there is no object s3://"),
        (["s3://INPUT/nothing/", "s3://OUTPUT/"], "there is nothing to score at s3://"),
        (["s3://other/in.csv", "s3://out/"], "the input must be in the bucket "),
        (["in.csv", "s3://out/"], "the input must be an address such as s3://"),
        (["--name", "nobody"], "the run nobody cannot be looked at: "),
        (["--name", "a name"], "a run's name has 1 to 80 letters"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    deployed: Deployed, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for bucket in ("input", "output"):
        arguments = [argument.replace(bucket.upper(), deployed.batch[f"{bucket}_bucket"]) for argument in arguments]
    assert deployed.command(*arguments) == 1
    assert reason in error(capsys)


def error(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error: "))
    return line


def test_without_batch_scoring_the_way_to_it_is_told(deployed: Deployed) -> None:
    settings = Settings.find(outputs={"endpoint": deployed.settings.endpoint, "region": "eu-central-1"}, environment={})
    with pytest.raises(errors.SettingsError, match="no batch scoring: `pulumi config set"):
        BatchRun(settings, "any")


@pytest.mark.parametrize(
    ("indices", "reason"),
    [([0, 1], "1 of 3 rows have no answer"), ([0, 1, 2, 2], "row 2 is answered twice"), ([0, 1, 2, 3], "for no row")],
)
def test_results_that_are_not_complete_are_never_written(tmp_path: Path, indices: list[int], reason: str) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text("".join(json.dumps({"index": index, "prediction": 1.5}) + "\n" for index in indices))
    with pytest.raises(errors.InferenceError, match=reason):
        join.Join(3, [answers], [])


def test_a_formula_in_a_kept_column_becomes_text(tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    kept = ["=HYPERLINK(A1)", "-5", "harmless"]
    answers.write_text(
        "".join(
            json.dumps({"index": at, "prediction": 1.5, "keep": {"@id": id_}}) + "\n" for at, id_ in enumerate(kept)
        )
    )
    joined = join.Join(3, [answers], []).write(tmp_path / "out.csv", ["@id"])
    assert joined.disarmed == 1
    assert [list(line.values())[2] for line in lines(tmp_path / "out.csv")] == ["'=HYPERLINK(A1)", "-5", "harmless"]
    assert list(lines(tmp_path / "out.csv")[0])[2] == "'@id"


@pytest.mark.parametrize("there", ["out.csv", "out.csv.failed.csv"])
def test_a_file_that_is_there_is_not_replaced_and_nothing_is_started(
    deployed: Deployed, tmp_path: Path, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / there).write_text("precious\n")
    source = deployed.put("precious.csv", rows()[:3])
    asked = ("--keep", "id", "--name", "precious", "--fetch", str(tmp_path / "out.csv"))
    assert deployed.command(source, deployed.output, *asked) == 1
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / there).read_text() == "precious\n"
    assert deployed.command("--name", "precious") == 1, "no run of this name was started"


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text('{"index": 0, "prediction": 1.5}\n{"index": 1, "no": "prediction"}\n')
    with pytest.raises(errors.InferenceError, match="row 1 has neither a prediction nor faults"):
        join.Join(2, [answers], []).write(tmp_path / "out.csv", [])
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


@pytest.mark.parametrize(("memory_mb", "seconds"), [(512, 0.02), (1_024, 0.01), (1_769, 0.00579), (10_240, 0.00579)])
def test_a_batch_takes_as_long_as_the_share_of_a_core_lets_it(memory_mb: int, seconds: float) -> None:
    """One thread predicts, so that more than a core brings nothing."""
    assert cost.batch_seconds(500, memory_mb) == pytest.approx(seconds, rel=0.01)


def test_the_estimate_is_the_price_lists() -> None:
    """20,000 batches of 100 ms with 1 GB: by hand from the pages of the two services."""
    work = cost.Work(batches=20_000, seconds=0.1, memory_mb=1024, architecture="x86_64")
    by_hand = 20_000 * (0.2e-6 + 0.1 * 0.0000166667) + 20_000 * (1e-6 + 0.1 * 0.0625 * 0.00001667) + 0.50
    assert work.usd == pytest.approx(by_hand)


def test_the_prices_of_the_page_are_the_estimates() -> None:
    page = (demo.PROJECT / "docs" / "batch.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| (.+?) \| (.* USD) \|$", page, re.MULTILINE))
    assert len(told) == 3
    for column, rows in enumerate((10_000_000, 1_000_000_000)):
        work = cost.Work(rows // 500, cost.batch_seconds(500, 1_024), 1_024, "x86_64")
        prices = [float(prices.split(" | ")[column].removesuffix(" USD")) for prices in told.values()]
        assert sum(prices) == pytest.approx(work.usd, rel=0.02)
