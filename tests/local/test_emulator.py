"""The emulator comes up alone, answers us alone, and leaves nothing behind."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local import emulator as emulator_module
from local.emulator import Emulator, claimed_port, free_port
from local.emulator_process import swift
from local.errors import LocalError


def gone(pid: int) -> bool:
    """Whether a process has ended; waits a while for it."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if ended(pid):
            return True
        time.sleep(0.02)
    return False


def ended(pid: int) -> bool:
    """Whether Linux keeps no more of a process than its number, until its parent, often the first process, asks."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def test_stopping_leaves_neither_process_nor_files() -> None:
    with Emulator() as emulator:
        folder = emulator.log.parent
        assert emulator.running
        assert folder.exists()
    assert not emulator.running
    assert not folder.exists()


@pytest.mark.parametrize("error", [LocalError("the program failed"), KeyboardInterrupt()])
def test_an_error_leaves_neither_process_nor_files(error: BaseException) -> None:
    emulator = Emulator()
    with pytest.raises(type(error)), emulator:
        raise error
    assert not emulator.running
    assert not emulator.log.parent.exists()


def test_an_emulator_that_does_not_come_up_is_ended_and_its_log_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator_module, "SECONDS_TO_START", 0)
    with pytest.raises(LocalError, match="did not answer within 0 s; its log: ") as caught:
        Emulator()
    log = Path(str(caught.value).rpartition(": ")[2])
    assert [path.name for path in log.parent.iterdir()] == ["emulator.log"]
    shutil.rmtree(log.parent)


def test_an_emulator_that_ended_by_itself_is_said_and_its_log_kept() -> None:
    emulator = Emulator()
    os.kill(emulator.pid, signal.SIGTERM)
    while emulator.running:
        time.sleep(0.01)
    with pytest.raises(LocalError, match="ended by itself") as caught, emulator:
        pass
    assert str(emulator.log) in str(caught.value)
    assert [path.name for path in emulator.log.parent.iterdir()] == ["emulator.log"]
    shutil.rmtree(emulator.log.parent)


@pytest.mark.skipif(sys.platform == "win32", reason="kills a process the POSIX way")
def test_a_killed_parent_takes_the_emulator_with_it() -> None:
    script = (
        "import time; from local.emulator import Emulator; e = Emulator(); "
        "print(e.pid, e.log.parent, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    assert gone(int(pid))
    assert not Path(folder).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="kills processes the POSIX way")
def test_the_next_emulator_removes_what_a_killed_one_left() -> None:
    emulator = Emulator()
    os.kill(emulator.pid, signal.SIGKILL)
    while emulator.running:
        time.sleep(0.01)
    folder = emulator.log.parent
    assert folder.exists()
    with Emulator():
        assert not folder.exists()


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=rf"port {port} cannot be used .*--port"):
            Emulator(port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(LocalError, match=f"port {port} cannot be used"):
        claimed_port(port)


@pytest.fixture(scope="module")
def asked_for() -> Iterator[tuple[int, Emulator]]:
    """A port that was asked for in a shell with variables of the user's own, and the emulator on it."""
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("MODEL_PATH", "/somewhere/else.ubj")
        shell.setenv("AWS_PROFILE", "production")
        port = free_port()
        with Emulator(port) as emulator:
            yield port, emulator


def test_the_port_that_was_asked_for_is_used(asked_for: tuple[int, Emulator]) -> None:
    port, emulator = asked_for
    assert emulator.url == f"http://127.0.0.1:{port}"
    assert httpx.get(f"{emulator.url}/_ministack/health").is_success


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_users_environment_does_not_reach_the_function(asked_for: tuple[int, Emulator]) -> None:
    _, emulator = asked_for
    environment = Path(f"/proc/{emulator.pid}/environ").read_text().split("\0")
    assert not [entry for entry in environment if entry.startswith(("MODEL_PATH=", "AWS_PROFILE="))]


def test_the_emulators_own_waits_are_still_there_to_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, script = lambda_svc._LAMBDA_STATE_TRANSITION_DELAY, lambda_runtime._PYTHON_WORKER_SCRIPT
    monkeypatch.setattr(lambda_svc, "_LAMBDA_STATE_TRANSITION_DELAY", seconds)
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", script)
    swift(lambda_svc, lambda_runtime)
    assert seconds > lambda_svc._LAMBDA_STATE_TRANSITION_DELAY > 0, "a deployment must see it pending, as on AWS"
    assert "import botocore" in script
    assert "import botocore" not in lambda_runtime._PYTHON_WORKER_SCRIPT
