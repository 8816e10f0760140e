"""Runs an image as Lambda would, and invokes it.

Confined as on Lambda (`local/docker/confinement.py`). Stricter than Lambda: there is no network at all, so events are
handed in from inside, to the runtime interface emulator that every Lambda base image brings along on port 8080.
Leaves out Lambda's share of a processor: figures of time depend on this machine.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from local.docker import confinement
from local.docker.command import docker
from local.docker.leftovers import owner_label
from local.errors import LocalError

# Runs inside, with the Python of the image. Posts each event of standard input as soon as something listens, and
# prints the answers with the milliseconds that each took.
INVOKE = """
import http.client, json, sys, time

deadline = time.monotonic() + float(sys.argv[1])
answers = []
for event in json.load(sys.stdin):
    while True:
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=float(sys.argv[1]))
        try:
            connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
            answer = connection.getresponse().read().decode()
            break
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                sys.exit("nothing listens on port 8080")
            time.sleep(0.02)
    answers.append({"body": answer, "milliseconds": (time.perf_counter() - started) * 1000})
print(json.dumps(answers))
"""

# The largest resident set that the process with the handler ever had.
PEAK = """
import glob, re
for path in glob.glob("/proc/[0-9]*/cmdline"):
    if b"awslambdaric" in open(path, "rb").read() or b"bootstrap.py" in open(path, "rb").read():
        status = open(path.replace("cmdline", "status")).read()
        print(int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1024)
        break
"""


@dataclass(frozen=True)
class Answer:
    """What an invocation gave.

    Attributes:
        body: The decoded JSON.
        milliseconds: From the request to the last byte of the answer, seen from inside the container.
    """

    body: Any
    milliseconds: float

    @property
    def error(self) -> str | None:
        """The function's own error; None if it answered. Lambda would set `FunctionError`."""
        if isinstance(self.body, dict) and "errorType" in self.body:
            return f"{self.body['errorType']}: {self.body.get('errorMessage')}"
        return None


class LambdaContainer:
    """A running image, as a context manager. Nothing of it stays behind."""

    def __init__(
        self, image: str, *, platform: str, memory_mb: int, timeout_seconds: int, seconds_to_start: int = 120
    ) -> None:
        """Start the image.

        Args:
            image: Name or id.
            platform: What it was built for.
            memory_mb: As much memory as it may use; there is no swap.
            timeout_seconds: As long as a request may take.
            seconds_to_start: How long to wait for the first answer; an emulated processor is slow.
        """
        self._seconds = seconds_to_start
        self._id = docker(
            "run",
            "--detach",
            f"--platform={platform}",
            "--network=none",
            owner_label(),
            *confinement.options(memory_mb),
            f"--env=AWS_LAMBDA_FUNCTION_MEMORY_SIZE={memory_mb}",
            f"--env=AWS_LAMBDA_FUNCTION_TIMEOUT={timeout_seconds}",
            image,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        docker("rm", "--force", "--volumes", self._id)

    def invoke(self, events: Sequence[object]) -> list[Answer]:
        """Hand in the events one after the other.

        Raises:
            LocalError: Nothing answers, or not with JSON.
        """
        try:
            said = self.python(INVOKE, str(self._seconds), stdin=json.dumps(list(events)))
            return [Answer(json.loads(each["body"]), each["milliseconds"]) for each in json.loads(said)]
        except (LocalError, ValueError) as error:
            raise LocalError(f"the image does not answer as Lambda needs it: {error}; its log: {self.log()}") from None

    def python(self, script: str, *arguments: str, stdin: str | None = None) -> str:
        """Run a script with the image's own Python beside the function; returns what it printed."""
        return docker("exec", "--interactive", self._id, "python", "-I", "-B", "-c", script, *arguments, stdin=stdin)

    def peak_memory_mb(self) -> float | None:
        """The most memory that the function's process ever held; None where it cannot be told."""
        said = self.python(PEAK)
        return float(said) if said else None

    def log(self) -> str:
        """The last lines of what it wrote to standard output, in one line."""
        return " | ".join(docker("logs", "--tail=5", self._id).splitlines()) or "(empty)"
