"""While an endpoint is served: files with which each client calls it, and a line for each request."""

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local import caller, demo, serving
from local.cloud import Cloud
from local.deployment import Deployment
from local.expectation import expectation


@pytest.fixture
def served(wine_quality: Deployment, cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> serving.Served:
    monkeypatch.chdir(tmp_path)
    outputs = wine_quality.outputs
    user = caller.create_user(cloud, outputs["invoker_role_arn"])
    invoker = caller.assume(cloud, user, outputs["invoker_role_arn"])
    endpoint = caller.Endpoint(outputs["endpoint"], cloud.port, cloud.region)
    model = demo.PROJECT / "model/wine_quality.ubj"
    return serving.Served(cloud, endpoint, outputs, user, invoker, model, expectation(model))


@pytest.fixture
def files(served: serving.Served) -> Iterator[Path]:
    with serving.client_files(served) as folder:
        yield folder


def printed(command: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "INFERENCE_"))}
    done = subprocess.run(["sh", "-ec", command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the command uses curl")
def test_one_line_of_curl_gets_the_predictions(files: Path, served: serving.Served) -> None:
    answer = printed(f"curl --config {files}/curl.conf --json @{files}/records.json")
    assert json.loads(answer) == served.asked.predictions


@pytest.mark.skipif(os.name == "nt", reason="the commands are for a shell")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("true", ""),
        (
            "unset INFERENCE_ENDPOINT INFERENCE_REGION INFERENCE_ROLE_ARN",
            "--stack-outputs {files}/outputs.json",
        ),
    ],
    ids=["by the environment", "by the outputs"],
)
def test_the_python_client_takes_the_role_and_gets_the_predictions(
    files: Path, served: serving.Served, before: str, after: str
) -> None:
    client = f"{sys.executable} -m ml_inference_client predict"
    answer = printed(f". {files}/user.env && {before} && {client} {files}/records.json {after.format(files=files)}")
    assert json.loads(answer) == served.asked.predictions


def test_the_page_to_try_the_model_asks_the_endpoint_as_the_invoker(
    served: serving.Served, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.ExitStack() as open_page:
        serving.show_page(served, open_page)
        address = capsys.readouterr().out.split()[-1]
        form = httpx.get(f"{address}form").json()
        answer = httpx.post(f"{address}explain", json=form["examples"][:1]).json()
    assert answer["prediction"] == served.asked.predictions[0]
    assert form["fields"][0] | {"low": 3.8, "high": 15.9, "source": "training"} == form["fields"][0]
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)


def test_every_printed_line_fits_a_terminal(
    served: serving.Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(Path.cwd() / ".venv" / "bin" / "python"))
    serving.show_commands(served, Path(".build/serve-4570"))
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert max(map(len, lines)) <= 90


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_only_their_owner_may_read_the_files_and_they_are_gone_afterwards(served: serving.Served) -> None:
    with serving.client_files(served) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_every_request_that_is_answered_becomes_one_line(served: serving.Served) -> None:
    lines = serving.request_lines(served.cloud, served.outputs["log_group_name"])
    assert next(lines) == []
    served.endpoint.post(served.asked.payload().encode(), served.invoker)
    served.endpoint.post(b"[]", served.user)
    served.endpoint.post(b"[{}]", served.invoker)
    good, bad = next(lines)
    assert good.split()[1:5] == ["200", "/", "2", "rows"]
    assert bad.split()[1] == "422"
    assert next(lines) == []
