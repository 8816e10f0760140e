"""The processors that Lambda has, under every name that somebody has for them."""

from platform import machine

from local.errors import LocalError

PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""Lambda's architectures, and what Docker calls them."""

ALIASES = {"amd64": "x86_64", "aarch64": "arm64"}
"""What Debian, Docker and Linux call them otherwise."""

KERNEL = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
"""What Linux and the package index call Docker's platforms."""


def docker_platform(architecture: str | None = None) -> str:
    """Docker's name of a platform, such as `linux/amd64`.

    Args:
        architecture: Under any of its names; this machine's own when not given.

    Raises:
        LocalError: Lambda does not have it.
    """
    named = architecture or machine()
    try:
        return PLATFORMS[ALIASES.get(named.lower(), named.lower())]
    except KeyError:
        raise LocalError(f"the architecture is {named!r}; Lambda has {' and '.join(PLATFORMS)}") from None


def debian_architecture(platform: str) -> str:
    """Debian's name of Docker's platform, such as `amd64`."""
    return platform.removeprefix("linux/")
