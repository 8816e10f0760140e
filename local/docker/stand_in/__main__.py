"""Build the stand-in base image, where it is not there yet, and print its name on standard output."""

import sys

from local.docker.stand_in import build_stand_in
from local.errors import LocalError


def say(line: str) -> None:
    """Show progress on standard error, so that standard output holds the name alone."""
    print(line, file=sys.stderr, flush=True)


try:
    print(build_stand_in(say=say))
except LocalError as error:
    sys.exit(f"error: {error}")
except KeyboardInterrupt:
    sys.exit("error: interrupted; nothing was left behind")
