"""Builds an image from a folder, quietly: a build that fails is one sentence, and its whole output a file.

Leaves out what is in the folder (`components.staging`) and on what it is built (`base_image.py`).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.docker.command import SECONDS_TO_RUN, TERMINAL_COLOURS, Builder, last_line
from local.errors import LocalError

LOG = Path(".build") / "docker-build.log"
"""Below the working directory: all that the last build which failed has printed."""

FAILED_STEP = re.compile(r"^#(\d+) ERROR: (.+)", re.MULTILINE)
"""How BuildKit says which step failed; what that step printed stands before it, after number and seconds."""

MARKED_ERROR = re.compile(r"(?:E: |ERROR: ).+")
"""How apt, mmdebstrap and pip mark an error."""

DIES_WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
"""Before a build, on Linux: the kernel ends it when we are killed, so that it makes no image for nobody."""

END_OF_STEP = "The command "
"""How the legacy builder begins its last line, after what the step printed."""


def build(
    name: str,
    context: Path,
    builder: Builder,
    *,
    options: tuple[str, ...] = (),
    platform: str | None = None,
    arguments: Mapping[str, str] | None = None,
    dockerfile: Path | None = None,
    failure: str = "the image cannot be built",
) -> None:
    """Build an image.

    Args:
        name: Its repository and tag.
        context: Folder with everything the build may read.
        builder: How.
        options: Further options of `docker build`.
        platform: What it has to run on, such as `linux/amd64`; the engine's own if not given.
        arguments: Values for the Dockerfile's `ARG`s.
        dockerfile: The recipe; by default the context's own.
        failure: What to say first when it fails.

    Raises:
        LocalError: It failed or took longer than `SECONDS_TO_RUN`.
    """
    command = [
        *DIES_WITH_US,
        "docker",
        "build",
        "--force-rm",  # the legacy builder would keep the container of a step that failed
        *([f"--platform={platform}"] if platform else []),
        *options,
        *(f"--build-arg={key}={value}" for key, value in (arguments or {}).items()),
        *([f"--file={dockerfile}"] if dockerfile else []),
        f"--tag={name}",
        str(context),
    ]
    run_quietly(command, failure, os.environ | dict(builder.environment), SECONDS_TO_RUN)


def run_quietly(command: Sequence[str], failure: str, environment: Mapping[str, str], seconds: int) -> None:
    """Run a command; when it fails, say in one sentence what that means and the command's own reason.

    Args:
        command: What to run.
        failure: What its failing means.
        environment: All its variables.
        seconds: How long it may take.

    Raises:
        LocalError: It failed, took too long or is not installed. The message names the file that has all it printed.
    """
    LOG.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryFile("w+", errors="replace", dir=LOG.parent) as output:
        try:
            done = subprocess.run(
                command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=seconds
            )
        except FileNotFoundError:
            raise LocalError(f"{failure}: {command[0]} is not installed") from None
        except subprocess.TimeoutExpired:
            raise LocalError(f"{failure}: {command[0]} was still at it after {seconds} s") from None
        if done.returncode != 0:
            output.seek(0)
            printed = output.read()
            LOG.write_text(printed, encoding="utf-8")
            raise LocalError(f"{failure}: {cause(printed)} (all that was printed: {LOG.as_posix()})")


def cause(output: str) -> str:
    """What a failed command said of the cause: the first error that it marks, else the last line of the failed step.

    Args:
        output: All that it printed.
    """
    plain = TERMINAL_COLOURS.sub("", output)
    failed = FAILED_STEP.search(plain)
    if failed:
        lines = re.findall(rf"^#{failed[1]} \d+\.\d+ (.+)$", plain, re.MULTILINE) or [failed[2]]
    else:
        lines = [line for line in plain.splitlines() if not line.startswith(END_OF_STEP)]
    marked = next(filter(None, map(MARKED_ERROR.search, lines)), None)
    return marked[0].strip() if marked else last_line("\n".join(lines))
