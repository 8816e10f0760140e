"""The same comparison behind Lambda's own runtime client and interface emulator, as in a container image.

Both come from PyPI: `awslambdaric`, and the emulator's binary out of the wheel of `aws-sam-cli`. They are installed
into the build folder, not into the project's environment. Linux only, since the emulator is.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from benchmarks import packages
from benchmarks.subjects import Event, Subject
from benchmarks.timing import Sample, summarize

RUNTIME_CLIENT = "awslambdaric==4.2.2"
EMULATOR_WHEEL = "aws-sam-cli==1.170.0"
_INVOKE = "/2015-03-31/functions/function/invocations"


class NotHereError(Exception):
    """The emulator cannot run on this machine. The message says why."""


def client() -> Path:
    """Return the folder of the runtime client; installs it on the first call.

    Raises:
        NotHereError: Another system than Linux, or no package index.
    """
    return _installed("awslambdaric", RUNTIME_CLIENT)


def emulator() -> Path:
    """Return the emulator's binary; installs it on the first call.

    Raises:
        NotHereError: Another system than Linux, or no package index.
    """
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    wheel = _installed("emulator", "--no-deps", EMULATOR_WHEEL)
    binary = wheel / "samcli" / "local" / "rapid" / f"aws-lambda-rie-{machine}"
    binary.chmod(0o755)
    return binary


def _installed(name: str, *arguments: str) -> Path:
    if sys.platform != "linux":
        raise NotHereError("Lambda's runtime client and interface emulator run on Linux only")
    try:
        return packages.installed(name, list(arguments))
    except packages.NoIndexError as error:
        raise NotHereError(str(error)) from None


def beside_the_client(subject: Subject) -> Subject:
    """Return a subject that starts where the runtime client has been imported already, as it is within Lambda.

    Raises:
        NotHereError: The client cannot run here.
    """
    return replace(subject, packages=(*subject.packages, client()), beforehand="awslambdaric.bootstrap")


@contextmanager
def running(subject: Subject) -> Iterator[int]:
    """Run a subject behind runtime client and emulator; yields the emulator's port. Its start is at the first call.

    Raises:
        NotHereError: The emulator cannot run here.
    """
    port, runtime_port = _free_port(), _free_port()
    script = (
        "import sys; sys.path[:0] = {paths!r}; from awslambdaric.__main__ import main; main(['', '{module}.handler'])"
    )
    source = script.format(paths=[str(client()), *subject.paths()], module=subject.module)
    process = subprocess.Popen(
        [
            str(emulator()),
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{port}",
            "--runtime-api-address",
            f"127.0.0.1:{runtime_port}",
            sys.executable,
            "-S",
            "-c",
            source,
        ],
        cwd=subject.folder,
        env={**subject.environment(), "AWS_LAMBDA_FUNCTION_NAME": "bench", "_HANDLER": f"{subject.module}.handler"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        _end(process)


def compare(
    subjects: Sequence[Subject], events: Sequence[Event], starts: int, calls: int
) -> tuple[list[Sample], list[Sample]]:
    """Return cold and warm seconds of an invocation of each subject with its own event; they take turns.

    Args:
        subjects: What is compared.
        events: One for each subject.
        starts: Fresh processes of each subject, after one unmeasured that fills the caches.
        calls: Calls after the first in each; the first quarter of them is not counted.

    Raises:
        NotHereError: The emulator cannot run here.
    """
    payloads = [json.dumps(event).encode() for event in events]
    cold: list[list[float]] = [[] for _ in subjects]
    warm: list[list[float]] = [[] for _ in subjects]
    for start in range(starts + 1):
        for at, subject in enumerate(subjects):
            with running(subject) as port, closing(_connect(port)) as connection:
                first = _invoke(connection, payloads[at])
                times = [_invoke(connection, payloads[at]) for _ in range(calls)]
            if start:  # the very first start fills the caches
                cold[at].append(first)
                warm[at].extend(times[calls // 4 :])
    return [summarize(times) for times in cold], [summarize(times) for times in warm]


def _invoke(connection: http.client.HTTPConnection, payload: bytes) -> float:
    started = time.perf_counter()
    connection.request("POST", _INVOKE, payload)
    answer = connection.getresponse().read()
    taken = time.perf_counter() - started
    if b'"statusCode": 200' not in answer and b'"statusCode":200' not in answer:
        raise SystemExit(f"behind the emulator a handler answered {answer[:200]!r}")
    return taken


def _connect(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    assert connection.sock is not None  # noqa: S101 - for the type checker: it was connected above
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


def _end(emulator: subprocess.Popen[bytes]) -> None:
    """End an emulator and its handler, and wait for both.

    The emulator gives the handler a process group of its own. Left alone, a handler notices the loss and goes through
    Python's ending, which takes a large one some hundred milliseconds that the next subject would pay for.
    """
    handlers = _children(emulator.pid)
    os.killpg(emulator.pid, signal.SIGKILL)
    for handler in handlers:
        with suppress(ProcessLookupError):
            os.kill(handler, signal.SIGKILL)
    emulator.wait()
    for _ in range(200):
        if not any(Path(f"/proc/{handler}").exists() for handler in handlers):
            return
        time.sleep(0.05)


def _children(process: int) -> list[int]:
    """Return the process ids of a process's children."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise NotHereError("Lambda's interface emulator ended at its start")
        try:
            with closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
                return
        except OSError:
            time.sleep(0.05)
    raise NotHereError("Lambda's interface emulator does not listen")
