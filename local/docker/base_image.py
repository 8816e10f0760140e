"""Decides which base image a local build starts from: the wanted one, or the stand-in where it is out of reach.

Nothing falls back in silence: the line that is said names the image that is missing, the reason, and what is
used instead.
"""

import subprocess
from dataclasses import dataclass

from local.docker.command import image_exists, last_line, require_engine
from local.docker.host_settings import docker_build_options
from local.docker.platforms import docker_platform
from local.docker.stand_in import Say, build_stand_in

PULL_LIMIT_SECONDS = 600
"""The AWS image is about 200 MB to download; a registry that never answers should not hold anybody longer."""


@dataclass(frozen=True)
class BaseImage:
    """An image that the local engine has.

    Attributes:
        name: What a Dockerfile's ``FROM`` takes.
        build_options: What ``docker build`` needs besides, when it builds on this image.
    """

    name: str
    build_options: tuple[str, ...] = ()


def base_image(wanted: str, architecture: str | None = None, say: Say = print) -> BaseImage:
    """Return the wanted base image if the engine has it or can pull it, and otherwise the stand-in.

    Args:
        wanted: the image's name, with registry and tag or digest.
        architecture: ``x86_64`` or ``arm64``, also as Docker spells them; this machine's own when not given.
        say: called with each line of progress, and with the reason for a fallback.

    Raises:
        StandInBaseError: the wanted image cannot be had, and neither can the stand-in.
        LocalError: no Docker engine answers.
    """
    require_engine()
    if image_exists(wanted):
        return BaseImage(wanted)
    say(f"base image: pulling {wanted}")
    failure = _pull(wanted, docker_platform(architecture))
    if failure is None:
        return BaseImage(wanted)
    say(f"base image: {wanted} cannot be pulled ({failure})")
    say("base image: using a STAND-IN built from Debian packages; a real deployment uses the image above")
    return BaseImage(build_stand_in(architecture, say), tuple(docker_build_options()))


def _pull(image: str, platform: str) -> str | None:
    """Pull the image; return the reason if that fails."""
    command = ["docker", "pull", "--quiet", f"--platform={platform}", image]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PULL_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer within {PULL_LIMIT_SECONDS} s"
    return None if done.returncode == 0 else last_line(done.stderr).removeprefix("Error response from daemon: ")
