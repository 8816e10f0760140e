"""Gives an engine its plugins: attached ones, served by this process, or executables on the PATH.

An attached plugin costs no start; the executables are what a genuine plugin is, and what a killed engine takes along.
"""

import asyncio
import contextlib
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc.aio  # type: ignore[import-untyped]

from local.images import Images
from tests.engine import stand_in

PACKAGES = ("aws", "docker", "random")
COMPONENT_PACKAGE = Path(__file__).parents[2] / "components"


def install(folder: Path) -> None:
    """Put the plugins' executables into a folder that is to go on the PATH."""
    for package in PACKAGES:
        _script(folder, package, f'"{stand_in.__file__}" {package}')


def install_component_package(folder: Path) -> None:
    """Put the component package's executable, which is the genuine one, into a folder that is to go on the PATH."""
    _script(folder, "ml-inference", f'"{COMPONENT_PACKAGE}"')


def _script(folder: Path, package: str, arguments: str) -> None:
    script = folder / f"pulumi-resource-{package}"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


@dataclass
class StandIns:
    """Plugins that run in a thread of this process.

    Attributes:
        ports: Each package's loopback port.
    """

    ports: dict[str, int]
    _loop: asyncio.AbstractEventLoop
    _workers: ThreadPoolExecutor

    def settle(self) -> None:
        """Wait until everything that they are working on has ended, whether or not somebody still waits for it."""
        workers, self._workers = self._workers, ThreadPoolExecutor()
        self._loop.call_soon_threadsafe(self._loop.set_default_executor, self._workers)
        workers.shutdown()


@contextlib.contextmanager
def serving(emulator: str, images: Images) -> Iterator[StandIns]:
    """Serve all plugins for as long as the block lasts.

    Args:
        emulator: Where the emulator answers.
        images: Who makes container images.
    """
    loop, workers = asyncio.new_event_loop(), ThreadPoolExecutor()
    loop.set_default_executor(workers)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> dict[str, tuple[grpc.aio.Server, int]]:
        return {
            package: await stand_in.serve(stand_in.StandIn(package, emulator, images), stand_in.version_of(package))
            for package in PACKAGES
        }

    async def stop(servers: list[grpc.aio.Server]) -> None:
        for server in servers:
            await server.stop(grace=None)

    started = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield StandIns({package: port for package, (_, port) in started.items()}, loop, workers)
    finally:
        asyncio.run_coroutine_threadsafe(stop([server for server, _ in started.values()]), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
