"""Deploys the program to an emulator on this machine, calls its endpoint as a client would, and tears all down.

python -m local                     deploy, call, tear down
python -m local serve               the same, and keep the endpoint up until Ctrl-C
python -m local --model other.ubj   with another XGBoost model
"""

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path

from local.errors import LocalError


def main() -> int:
    """Run the command; returns the exit status."""
    options = arguments()
    # A polite `kill` ends us in order, like Ctrl-C, which works also where a script started us with `&`.
    for request in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request, signal.default_int_handler)
    print("A local trial: the Pulumi program on an AWS emulator. Nothing of this reaches AWS.", flush=True)
    try:
        # Pulumi's AWS package takes seconds to load: not before the first line is out.
        from local import trial

        trial.run(options)
    except KeyboardInterrupt:
        print("\nStopped; the emulator is gone.")
        return 0 if options.command == "serve" else 130
    except LocalError as error:
        return failed(str(error), options.debug)
    except Exception as error:  # noqa: BLE001 - a user gets a line, whoever wants more asks for it
        return failed(f"{type(error).__name__}: {' '.join(str(error).split())}", options.debug)
    return 0


def failed(message: str, debug: bool) -> int:
    """Say in one line what went wrong; returns the exit status."""
    sys.stdout.flush()
    if debug:
        traceback.print_exc()
    print(f"error: {message}", file=sys.stderr)
    return 1


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Deploy to an emulator on this machine.")
    parser.add_argument("command", nargs="?", choices=["once", "serve"], default="once", help="serve: until Ctrl-C")
    parser.add_argument(
        "--model",
        type=Path,
        default=os.environ.get("MODEL") or None,
        help="another XGBoost model, .ubj or .json; also from the environment variable MODEL",
    )
    parser.add_argument("--stack", default="dev", help="configuration from Pulumi.<stack>.yaml (default: dev)")
    parser.add_argument("--port", type=int, help="the emulator's port on this machine (default: a free one)")
    parser.add_argument(
        "--docker",
        action=argparse.BooleanOptionalAction,
        help="build a real image, or not (default: if a Docker engine answers)",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    options = parser.parse_args()
    options.model = Path(options.model) if options.model else None
    return options


if __name__ == "__main__":
    sys.exit(main())
