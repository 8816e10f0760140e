"""Starts stand-in plugins as the engine does: an executable, a port on standard output, gRPC from there on."""

import contextlib
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine import stand_in

PACKAGES = ("aws", "docker", "random")
SECONDS_TO_LEAVE = 10


def install(folder: Path) -> None:
    """Put the plugins' executables into a folder that is to go on the PATH."""
    for package in PACKAGES:
        script = folder / f"pulumi-resource-{package}"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in.__file__}" {package} "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)


@dataclass(frozen=True)
class Plugin:
    """A running plugin: its process, and what one asks it through."""

    process: subprocess.Popen[str]
    stub: provider_pb2_grpc.ResourceProviderStub


@contextlib.contextmanager
def running(
    package: str, path: Path, folder: Path, emulator: str, staged: Path | None, region: str
) -> Iterator[Plugin]:
    """A configured plugin, for as long as the block lasts.

    Args:
        package: One of `PACKAGES`.
        path: Folder with the executables.
        folder: The project's folder, in which the engine starts its plugins.
        emulator: Where the emulator answers.
        staged: Folder of staged code; none to build images with a Docker engine.
        region: The AWS region that the stack is configured with.
    """
    environment = os.environ | {stand_in.EMULATOR_VARIABLE: emulator}
    if staged:
        environment[stand_in.STAGED_VARIABLE] = str(staged)
    command = [str(path / f"pulumi-resource-{package}"), "127.0.0.1:1"]  # an engine's address, which nobody asks
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, f"pulumi-resource-{package} ended before it named its port"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            variables = {"aws:config:region": region} if package == "aws" else {}
            stub.Configure(provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True))
            yield Plugin(process, stub)
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS_TO_LEAVE)
