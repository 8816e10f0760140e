"""Deploys the program to an emulator on this machine, calls its endpoint as a client would, and tears all down.

python -m local                     deploy, call, tear down
python -m local serve               the same, and keep the endpoint up until Ctrl-C
python -m local --model churn.ubj   with another XGBoost model, and everything named after it
python -m local --set memoryMb=512  with another setting of the stack
"""

import argparse
import gc
import os
import signal
import sys
from pathlib import Path

from local.errors import exit_status


def main() -> int:
    """Run the command; returns the exit status."""
    options = arguments()
    # A polite `kill` ends us in order, like Ctrl-C, which works also where a script started us with `&`.
    for request in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request, signal.default_int_handler)
    print("A local trial: the Pulumi program on an AWS emulator. Nothing of this reaches AWS.", flush=True)
    try:
        return exit_status(lambda: deploy(options), debug=options.debug)
    except KeyboardInterrupt:
        print("\nStopped; the emulator is gone.")
        return 0 if options.command == "serve" else 130


def deploy(options: argparse.Namespace) -> None:
    """Deploy, call and tear down."""
    from local import report

    with report.waiting("loading Pulumi's packages"):
        from local import demo

    demo.run(options)


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
    parser.add_argument(
        "--stack",
        default=os.environ.get("STACK") or "dev",
        help="configuration from Pulumi.<stack>.yaml (default: dev); also from the environment variable STACK",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=os.environ.get("SET", "").split(),
        metavar="KEY=VALUE",
        help="a setting that wins over the stack's; also from SET, where several have blanks between them",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=os.environ.get("PORT") or None,
        help="the emulator's port on this machine (default: a free one; for serve 4570); also from PORT",
    )
    parser.add_argument(
        "--docker",
        action=argparse.BooleanOptionalAction,
        help="build a real image, or not (default: if a Docker engine answers)",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser.parse_args()


if __name__ == "__main__":
    status = main()
    gc.freeze()  # or Python looks for garbage in all that was imported before it ends, for a fifth of the whole time
    sys.exit(status)
