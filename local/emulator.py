"""Starts and stops the AWS emulator: one process of ours, on a loopback port, that cannot outlive us.

Leaves out what the emulator does: that is MiniStack's (the package `ministack`) own business.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from local.docker.leftovers import alive
from local.errors import LocalError

HOST = "127.0.0.1"
FOLDER_PREFIX = "ml-inference-local-"
PID_FILE = "pid"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10

# The Lambda workers inherit the emulator's environment. On AWS they would see none of ours, so only what a process
# needs to start at all is passed on; a MODEL_PATH or AWS_PROFILE of the user's shell must not reach them.
PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
    "PROGRAMDATA",
    "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_CONFIG", "XDG_RUNTIME_DIR",
)  # fmt: skip


class Emulator:
    """A running MiniStack with IAM checks switched on.

    Use it as a context manager. Nothing it wrote survives it, except the log of one that ended by itself: leaving the
    block then raises a LocalError that names it.

    Attributes:
        port: The loopback port it listens on.
        url: Where its AWS APIs answer.
        log: The file with everything it printed.
    """

    def __init__(self, port: int | None = None, region: str = "us-east-1") -> None:
        """Start the emulator and wait until it answers.

        Args:
            port: The loopback port to use; a free one if not given.
            region: The AWS region it takes itself to be in.

        Raises:
            LocalError: The port is taken, or the emulator did not come up.
        """
        self.port = free_port() if port is None else claimed_port(port)
        self.url = f"http://{HOST}:{self.port}"
        sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
        self._scratch = self._folder / "scratch"
        self.log = self._folder / "emulator.log"
        try:
            self._process = self._spawn(region)
            (self._scratch / PID_FILE).write_text(str(self._process.pid))
            self._wait_until_ready()
        except BaseException as error:
            self.stop(keep_log=isinstance(error, LocalError))
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended_by_itself = not self.running
        self.stop(keep_log=ended_by_itself)
        if ended_by_itself:
            raise LocalError(f"the AWS emulator ended by itself; its log may say why: {self.log}") from error

    @property
    def pid(self) -> int:
        """The process id, for those who want to see it gone."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def stop(self, keep_log: bool = False) -> None:
        """End the emulator with all its workers and remove what it wrote.

        Args:
            keep_log: Leave the log file where it is, because a message is about to name it.
        """
        process: subprocess.Popen[bytes] | None = getattr(self, "_process", None)
        if process is not None:
            dismiss(process)
        shutil.rmtree(self._scratch, ignore_errors=True)
        if not keep_log:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self, region: str) -> subprocess.Popen[bytes]:
        self._scratch.mkdir()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": HOST,
            "AUTH": "true",
            "MINISTACK_REGION": region,
            "LAMBDA_EXECUTOR": "local",
            # Listeners on fixed ports of their own that nothing here needs.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "S3_DATA_DIR": str(self._scratch / "s3"),
            "STATE_DIR": str(self._scratch / "state"),
            "TMPDIR": str(self._scratch),
            "TEMP": str(self._scratch),
            "TMP": str(self._scratch),
        }
        script = Path(__file__).with_name("emulator_process.py")
        with self.log.open("wb") as log:
            # -P keeps this folder's modules off the emulator's import path. A session of its own keeps the terminal's
            # Ctrl-C to us, who then stop it in order, and gathers its workers into a group that can be ended whole.
            return subprocess.Popen(
                [sys.executable, "-P", str(script), str(self._folder), str(self.port)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if not self.running:
                raise LocalError(f"the AWS emulator ended while starting; its log says why: {self.log}")
            if time.monotonic() > deadline:
                raise LocalError(f"the AWS emulator did not answer within {SECONDS_TO_START} s; its log: {self.log}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=2)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/_ministack/health")
            return connection.getresponse().status == http.client.OK
        return False


def sweep() -> None:
    """Remove the folders of emulators that were killed together with whoever started them."""
    for pid_file in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*/scratch/{PID_FILE}"):
        with contextlib.suppress(OSError, ValueError):
            if not alive(int(pid_file.read_text())):
                shutil.rmtree(pid_file.parents[1])


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def claimed_port(port: int) -> int:
    """`port`, after making sure that it can be listened on.

    Raises:
        LocalError: Someone else listens there, or the number is no port for us.
    """
    try:
        with socket.socket() as probe:
            if os.name == "posix":
                # As the server will: a port in TIME_WAIT after the last run is free to take.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except (OSError, OverflowError) as reason:
        cause = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
        raise LocalError(
            f"port {port} cannot be used ({cause}); stop what listens there, name another with --port, "
            "or leave --port out for a free one"
        ) from None
    return port


def dismiss(process: subprocess.Popen[bytes]) -> None:
    """End the emulator's process: politely if it listens, with what is left of its workers in any case."""
    try:
        process.communicate(b"stop", timeout=SECONDS_TO_STOP)
    except (OSError, subprocess.TimeoutExpired):
        pass  # it went before us, or does not go
    finally:
        process.kill()
        process.wait()
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
