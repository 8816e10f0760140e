"""Keeps the endpoint up: what a client needs is put into files, and every request that it answers becomes a line.

The files lie in `.build` and hold credentials of the emulator, which are worthless elsewhere. Leaves out the
calls that the emulator turns away: as on AWS, they never reach the function.
"""

import contextlib
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from components import golden
from local import playground, report
from local.caller import Endpoint
from local.cloud import Cloud, Credentials
from local.docker import leftovers
from local.docker.command import quiet
from local.errors import LocalError
from local.playground import CLIENT

SECONDS_BETWEEN_LOOKS = 0.3


@dataclass(frozen=True)
class Served:
    """An endpoint that is up.

    Attributes:
        cloud: The emulator, as whoever deployed.
        endpoint: Where it answers.
        outputs: What the program exports.
        user: An IAM user who may assume the invoker role.
        invoker: A session of that role.
        model: The model's file.
        asked: Records that the model takes.
    """

    cloud: Cloud
    endpoint: Endpoint
    outputs: dict[str, Any]
    user: Credentials
    invoker: Credentials
    model: Path
    asked: golden.Golden


def serve(served: Served, running: Callable[[], bool]) -> None:
    """Show how to call the endpoint, then a line for each request, until Ctrl-C.

    Args:
        served: The endpoint.
        running: Whether the emulator is still there.
    """
    with client_files(served) as folder, contextlib.ExitStack() as open_page:
        show_page(served, open_page)
        report.heading("In another terminal:")
        show_commands(served, folder)
        report.heading("Requests")
        lines = request_lines(served.cloud, served.outputs["log_group_name"])
        while running():
            for line in next(lines):
                report.console.print(f"    {line}")
            time.sleep(SECONDS_BETWEEN_LOOKS)


@contextmanager
def client_files(served: Served) -> Iterator[Path]:
    """The folder with files for the clients, which only their owner may read and which are gone afterwards."""
    folder = leftovers.client_files(served.cloud.port)
    session, region = served.invoker, served.endpoint.region
    outputs = {**served.outputs, "endpoint": served.endpoint.here}
    environment = {
        "AWS_ACCESS_KEY_ID": served.user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": served.user.secret_access_key,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL": served.cloud.url,
        "INFERENCE_ENDPOINT": served.endpoint.here,
        "INFERENCE_REGION": region,
        "INFERENCE_ROLE_ARN": served.outputs["invoker_role_arn"],
        "PYTHONPATH": str(CLIENT),
    }
    curl = {
        "url": served.endpoint.here,
        "aws-sigv4": f"aws:amz:{region}:lambda",
        "user": f"{session.access_key_id}:{session.secret_access_key}",
        "header": f"x-amz-security-token: {session.session_token}",
    }
    files = {
        "outputs.json": json.dumps(outputs, indent=1) + "\n",
        "user.env": "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()),
        "curl.conf": "silent\nshow-error\n" + "".join(f'{name} = "{value}"\n' for name, value in curl.items()),
        "records.json": served.asked.payload() + "\n",
    }
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show_page(served: Served, open_page: contextlib.ExitStack) -> None:
    """The address of the page to try the model, which opens by itself where somebody sits at a desktop.

    Args:
        served: The endpoint.
        open_page: Ends the page; one that cannot be served is said, and everything else goes on.
    """
    role_arn, watched = served.outputs["invoker_role_arn"], report.console.is_terminal
    page = playground.page(served.endpoint, served.user, role_arn, served.model, served.asked, browser=watched)
    # What it imports comes first: a Ctrl-C that meets the making of a class leaves Python by the signal, caught or not.
    try:
        address = open_page.enter_context(page)
    except LocalError as error:
        report.heading("Serving until Ctrl-C")
        report.fact("warning", str(error))
    else:
        report.heading("Serving until Ctrl-C. In a browser:")
        report.console.print(f"    {address}")


def show_commands(served: Served, folder: Path) -> None:
    """Commands to paste, each one line, and what else a reader should know."""
    python = os.path.relpath(sys.executable)
    for command in (
        f"curl --config {folder}/curl.conf --json @{folder}/records.json",
        f". {folder}/user.env    # who calls, and where: for the clients",
        f"{python} -m ml_inference_client predict {folder}/records.json",
        f"node clients/node/command.js {folder}/records.json",
    ):
        report.console.print(f"    {command}")
    report.console.print()
    report.fact("outputs", f"{folder}/outputs.json, the stack outputs as JSON")
    for address in unsigned_addresses(served.cloud.port):
        report.fact("unsigned", f"{address} is the container's own port; only this machine reaches it")


def unsigned_addresses(port: int) -> list[str]:
    """Where containers of the emulator on a port can be called without a signature; nowhere without Docker."""
    if shutil.which("docker") is None:
        return []
    published = quiet("ps", "--filter=label=ministack=lambda", '--format={{.Label "ministack.instance"}} {{.Ports}}')
    return [
        line.partition(" ")[2].partition("->")[0]
        for line in published.splitlines()
        if line.partition(" ")[0].endswith(f":{port}")
    ]


def request_lines(cloud: Cloud, log_group: str) -> Iterator[list[str]]:
    """Each time the lines of the requests since the last time, beginning with those from now on."""
    seen: set[str] = set()
    first = True
    while True:
        new = []
        for event in _events(cloud, log_group):
            request = _request(event["message"])
            if request is not None and request["request_id"] not in seen:
                seen.add(request["request_id"])
                new.append(request_line(event["timestamp"], request))
        yield [] if first else new
        first = False


def request_line(milliseconds: int, request: dict[str, Any]) -> str:
    """One line: when, how it ended, what was asked for, how many rows, how long it took."""
    at = datetime.fromtimestamp(milliseconds / 1000).astimezone().strftime("%H:%M:%S")
    rows = f"{request['rows']} row{'' if request['rows'] == 1 else 's'}"
    return f"{at}  {request['status']}  {request['route']:<24} {rows:>10} {request['ms']:>10.1f} ms"


def _events(cloud: Cloud, log_group: str) -> list[Any]:
    pages = cloud.logs.get_paginator("filter_log_events").paginate(logGroupName=log_group)
    return [event for page in pages for event in page["events"]]


def _request(message: str) -> dict[str, Any] | None:
    """What the handler logged of a request; none for a line of the runtime's."""
    try:
        line = json.loads(message)
    except ValueError:
        return None
    return line if isinstance(line, dict) and "request_id" in line else None
