"""Runs MiniStack for exactly as long as its parent lives.

The parent holds the other end of this process's standard input. However the parent ends (a normal stop, Ctrl-C,
`kill -9`), the operating system closes that pipe, the emulator sees the end of file and leaves. That works alike on
Linux, macOS and Windows. A parent that stops it in order says so with a word and tidies up itself; one that vanished
said nothing, so its folder is removed here.

A function that runs as a container is confined as Lambda's are, Distributed Maps have batches, results and redrives,
and state machines are throttled and told of deaths as by Lambda: the emulator itself leaves these out. What it does
that makes users wait and shows them nothing is left out.

Run as a script by `local.emulator`, with that folder and the emulator's port as its arguments.
"""

import functools
import gc
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Last, so that no folder of the project stands before a package of the emulator's.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from local.distributed_map import DistributedMaps
from local.docker import confinement, leftovers
from local.lambda_tasks import LambdaTasks

#: How long a function stays pending that was made or changed: long enough to be seen, ten times less than by itself.
SECONDS_PENDING = 0.05


class ParentWatch(threading.Thread):
    """Ends this process, as a polite `kill` would, when standard input ends.

    Attributes:
        orphaned: Whether the parent vanished, so that nobody else will tidy up.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.orphaned = False

    def run(self) -> None:
        """Wait for a word on standard input, or its end.

        It is not read through Python's buffer: whoever waits in there holds up the end of a process by a second.
        """
        self.orphaned = not os.read(sys.stdin.fileno(), 16)
        os.kill(os.getpid(), signal.SIGTERM)


def confined(run: Callable[..., Any]) -> Callable[..., Any]:
    """The SDK's way to start a container, such that a function gets no more than Lambda gives it."""

    @functools.wraps(run)
    def started(self: Any, image: Any, command: Any = None, **options: Any) -> Any:
        memory_mb = options.get("environment", {}).get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        return run(self, image, command, **options, **(confinement.arguments(int(memory_mb)) if memory_mb else {}))

    return started


def swift(functions: Any, workers: Any) -> None:
    """Functions are ready soon, and their workers start without what they do not need.

    A worker loads botocore, which is half of its start, to count how deep functions of the emulator's call each other.
    Where there is none it goes on without.

    Args:
        functions: The module `ministack.services.lambda_svc`.
        workers: The module `ministack.core.lambda_runtime`.
    """
    functions._LAMBDA_STATE_TRANSITION_DELAY = SECONDS_PENDING
    loading = "import botocore.handlers"
    workers._PYTHON_WORKER_SCRIPT = workers._PYTHON_WORKER_SCRIPT.replace(loading, "raise ImportError")


def main(folder: str, port: int) -> None:
    """Serve until the parent is gone."""
    gc.disable()  # what is imported is no garbage: none is sought in it, now, while it serves, and at the end
    from ministack.app import _docker_socket_present
    from ministack.app import main as serve

    if _docker_socket_present() or os.name == "nt":
        from docker.models.containers import ContainerCollection  # type: ignore[import-untyped]

        ContainerCollection.run = confined(ContainerCollection.run)
    else:
        # Without an engine nobody is asked by it, and importing it is a third of the start.
        sys.modules["docker"] = None  # type: ignore[assignment]

    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc, s3, stepfunctions

    DistributedMaps(stepfunctions, s3)
    LambdaTasks(stepfunctions, lambda_svc, lambda_runtime)
    swift(lambda_svc, lambda_runtime)
    gc.freeze()
    gc.enable()
    watch = ParentWatch()
    watch.start()
    sys.argv = ["ministack"]
    try:
        serve()
    finally:
        if watch.orphaned:
            leftovers.release(port)
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
