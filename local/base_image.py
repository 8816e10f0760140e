"""The function's base image: whether it can be had here, and what stands in for it where it cannot."""

import subprocess

from local.errors import LocalError

SECONDS_TO_PULL = 300


def base_image_available(image: str) -> bool:
    """Whether the Docker engine has an image, or can pull it."""
    present = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False)
    if present.returncode == 0:
        return True
    try:
        pulled = subprocess.run(["docker", "pull", image], capture_output=True, timeout=SECONDS_TO_PULL, check=False)
    except subprocess.TimeoutExpired:
        return False
    return pulled.returncode == 0


def build_stand_in_base() -> str:
    """Make an image that can stand in for AWS's Python base.

    Returns:
        Its name.

    Raises:
        LocalError: There is no recipe for one.
    """
    raise LocalError(
        "the base image cannot be pulled and there is no stand-in for it; check the network, configure another "
        "baseImage, or run with --no-docker"
    )
