"""What can go wrong locally and is the user's to fix: shown as one line, never as a traceback."""

import sys
import traceback
from collections.abc import Callable


class LocalError(Exception):
    """Something the user can act on; its text is one line that says what was given and what to do."""


def exit_status(command: Callable[[], object], *, debug: bool) -> int:
    """Run a command to its end, and say in one line on standard error what went wrong.

    Args:
        command: What to run. That it was interrupted is not caught: every command has its own words for it.
        debug: Show the traceback before the line.

    Returns:
        The process's exit status: 0, or 1 after an error.
    """
    try:
        command()
    except Exception as error:  # noqa: BLE001 - a user gets a line, whoever wants more asks for it
        sys.stdout.flush()
        if debug:
            traceback.print_exc()
        known = isinstance(error, LocalError)
        print(f"error: {error if known else _in_one_line(error)}", file=sys.stderr)
        return 1
    return 0


def _in_one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
