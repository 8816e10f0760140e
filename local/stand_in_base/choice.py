"""Decides which base image a local build starts from: the wanted one, or the stand-in where it is out of reach.

Nothing falls back in silence: the line that is said names the image that is missing, the reason, and what is
used instead.
"""

import subprocess

from local.stand_in_base.build import Say, build_stand_in, image_exists, require_engine

PULL_LIMIT_SECONDS = 600
"""The AWS image is about 200 MB to download; a registry that never answers should not hold anybody longer."""


def base_image(wanted: str, architecture: str = "x86_64", say: Say = print) -> str:
    """Return the wanted base image if the engine has it or can pull it, and otherwise the stand-in.

    Args:
        wanted: the image's name, with registry and tag or digest.
        architecture: Lambda's name for it, ``x86_64`` or ``arm64``.
        say: called with each line of progress, and with the reason for a fallback.

    Raises:
        StandInBaseError: the wanted image cannot be had, and neither can the stand-in.
    """
    require_engine()
    if image_exists(wanted):
        return wanted
    say(f"base image: pulling {wanted}")
    failure = _pull(wanted, architecture)
    if failure is None:
        return wanted
    say(f"base image: {wanted} cannot be pulled ({failure})")
    say("base image: using a STAND-IN built from Debian packages; a real deployment uses the image above")
    return build_stand_in(architecture, say)


def _pull(image: str, architecture: str) -> str | None:
    """Pull the image; return the reason if that fails."""
    platform = "linux/arm64" if architecture == "arm64" else "linux/amd64"
    command = ["docker", "pull", "--quiet", f"--platform={platform}", image]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PULL_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer within {PULL_LIMIT_SECONDS} s"
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"docker pull ended with status {done.returncode}"
