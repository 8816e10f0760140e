"""Runs the engine's own command, and knows which builders that command has here.

There are two builders: BuildKit, which Pulumi's Docker provider uses, and the legacy one, which engines without the
buildx plugin fall back to. A machine may have several `docker` commands, and not every one can do both.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.docker.platforms import KERNEL, docker_platform
from local.errors import LocalError

SECONDS_TO_ANSWER = 20
SECONDS_TO_RUN = 1800
"""For one command. A build under emulation takes minutes; an engine that hangs should not hold anybody for ever."""

FOREIGN_PROGRAM = "exec format error"
"""What the kernel says of a program for another processor, in every engine's words."""

BINFMT = Path("/proc/sys/fs/binfmt_misc")
"""Where Linux lists the emulators that it hands programs for other processors to."""

# Lambda refuses image indexes, which newer BuildKits make as soon as they attach provenance.
NO_ATTESTATIONS = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}

TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class NoEmulationError(LocalError):
    """The engine cannot run programs for another processor than its own."""


@dataclass(frozen=True)
class Builder:
    """A way to build an image.

    Attributes:
        name: `BuildKit` or `legacy`.
        environment: Variables that make `docker build` take this way, its search path included.
    """

    name: str
    environment: Mapping[str, str]


def why_not() -> str | None:
    """Why no Docker engine can be used; none if one answers."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    try:
        done = _run(["version", "--format={{.Server.Version}}"], seconds=SECONDS_TO_ANSWER)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no Docker engine answers ({type(error).__name__})"
    return None if done.returncode == 0 else f"no Docker engine answers ({last_line(done.stderr)})"


def require_engine() -> None:
    """Check that a Docker engine answers.

    Raises:
        LocalError: None does.
    """
    reason = why_not()
    if reason:
        raise LocalError(f"{reason}: install or start a Docker engine (on Debian: apt-get install docker.io)")


def builders(path: str | None = None) -> list[Builder]:
    """The builders that can be used here, the one that Pulumi's Docker provider takes first.

    Args:
        path: Where to look for `docker` commands; by default what the environment says.
    """
    folders = (os.environ.get("PATH", "") if path is None else path).split(os.pathsep)
    found = []
    for name, switch in (("BuildKit", "1"), ("legacy", "0")):
        for folder in folders:
            if not any(Path(folder, program).is_file() for program in ("docker", "docker.exe")):
                continue
            variables = {"DOCKER_BUILDKIT": switch, "PATH": os.pathsep.join([folder, *folders])} | NO_ATTESTATIONS
            if _can_build(variables):
                found.append(Builder(name, variables))
                break
    return found


def builder(name: str | None = None) -> Builder:
    """The builder of that name, or the preferred one.

    Raises:
        LocalError: It is not to be had here.
    """
    known = builders()
    for candidate in known:
        if name is None or candidate.name.lower() == name.lower():
            return candidate
    if not known:
        raise LocalError("no `docker` command that can build is on the PATH: install a Docker engine and its client")
    raise LocalError(
        f"no `docker` command on the PATH can build with {name}; found: {', '.join(each.name for each in known)}. "
        "BuildKit needs the buildx plugin"
    )


def docker(*arguments: str, stdin: str | None = None) -> str:
    """Run one `docker` command.

    Args:
        arguments: The command, such as `image`, `inspect`.
        stdin: What it reads.

    Returns:
        What it printed, stripped.

    Raises:
        LocalError: It failed or took longer than `SECONDS_TO_RUN`; the message ends in what it said last.
    """
    try:
        done = _run(arguments, stdin=stdin)
    except FileNotFoundError:
        raise LocalError("docker is not installed, and this needs it: install a Docker engine") from None
    except subprocess.TimeoutExpired:
        raise LocalError(f"docker {arguments[0]} was still at it after {SECONDS_TO_RUN} s") from None
    if done.returncode != 0:
        raise LocalError(f"docker {arguments[0]} failed: {last_line(done.stderr or done.stdout)}")
    return done.stdout.strip()


def quiet(*arguments: str) -> str:
    """Run one `docker` command that may fail, or be missing; returns what it printed, stripped."""
    try:
        return _run(arguments).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def image_exists(name: str) -> bool:
    """Whether the engine has an image."""
    return _run(["image", "inspect", name]).returncode == 0


def tags(repository: str) -> list[str]:
    """Every name with tag that the engine has of a repository."""
    return docker("image", "ls", "--format={{.Repository}}:{{.Tag}}", repository).split()


def remove(*names: str) -> None:
    """Take images off the engine, each if it is there."""
    for name in names:
        quiet("image", "rm", "--force", name)


def require_emulator(platform: str) -> None:
    """See before anything is fetched or built whether this machine's kernel runs what is for another processor.

    Nothing is refused where it cannot be known: the engine of Docker Desktop, or one elsewhere, has another kernel.

    Args:
        platform: Such as `linux/arm64`.

    Raises:
        NoEmulationError: The engine is this machine's, and its kernel hands such programs to no emulator.
    """
    here = sys.platform == "linux" and "DOCKER_HOST" not in os.environ
    if here and platform != docker_platform() and not any(BINFMT.glob(f"*{KERNEL[platform]}*")):
        raise _no_emulation(platform)


def require_processor(base: str, platform: str) -> None:
    """Start a program of a base image, to see that the engine runs what is for that processor.

    Args:
        base: A base image that has Python.
        platform: What it is for, such as `linux/arm64`.

    Raises:
        NoEmulationError: The processor is another one than the engine's, which emulates none.
        LocalError: The image cannot be run for another reason.
    """
    try:
        docker("run", "--rm", f"--platform={platform}", "--network=none", "--entrypoint=python", base, "-c", "pass")
    except LocalError as error:
        if FOREIGN_PROGRAM not in str(error):
            raise
        raise _no_emulation(platform) from None


def _no_emulation(platform: str) -> NoEmulationError:
    return NoEmulationError(
        f"this engine runs nothing for {platform}, which building for it needs: Docker Desktop emulates other "
        "processors, on Debian or Ubuntu `apt-get install qemu-user-static` makes the engine do so"
    )


def last_line(output: str) -> str:
    """The last line that is not empty, without colours."""
    lines = [line.strip() for line in TERMINAL_COLOURS.sub("", output).splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _can_build(variables: Mapping[str, str]) -> bool:
    """Whether `docker build` starts at all that way: a client that lacks the plugin refuses even to explain itself."""
    try:
        done = _run(["build", "--help"], environment=variables, seconds=SECONDS_TO_ANSWER)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _run(
    arguments: "tuple[str, ...] | list[str]",
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: int = SECONDS_TO_RUN,
) -> "subprocess.CompletedProcess[str]":
    """One `docker` command, with variables on top of our own."""
    return subprocess.run(
        ["docker", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
        env=os.environ | dict(environment or {}),
    )
