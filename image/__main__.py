"""Builds the image and tries it, as `make image` and `make image-test`.

python -m image build                       build the image that `pulumi up` would push
python -m image test                        build it, run it as Lambda would, check everything
python -m image test --model other.ubj      with another XGBoost model
python -m image test --architecture arm64   for another processor, emulated where this machine has another
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from local.errors import exit_status


def main() -> int:
    """Run the command; returns the exit status."""
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("The image of the function, as `pulumi up` would build it. Nothing of this reaches AWS.", flush=True)
    try:
        return exit_status(lambda: carry_out(options), debug=options.debug)
    except KeyboardInterrupt:
        print("error: interrupted; run the same command again to go on", file=sys.stderr)
        return 130


def carry_out(options: argparse.Namespace) -> None:
    """Build the image, and try it if that is asked for."""
    # Pulumi's packages take seconds to load: not before the first line is out.
    from image import build, checks
    from local.docker import command

    want = build.wanted(options.model, options.architecture)
    os.chdir(build.PROJECT)
    run = checks.test if options.command == "test" else checks.make
    run(want, command.builder(options.builder))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m image", description="Build the function's image, and try it.")
    parser.add_argument("command", choices=["build", "test"], help="test: also run it as Lambda would")
    parser.add_argument(
        "--model",
        type=Path,
        default=os.environ.get("MODEL") or None,
        help="another XGBoost model, .ubj or .json; also from the environment variable MODEL",
    )
    parser.add_argument(
        "--architecture",
        default=os.environ.get("ARCHITECTURE") or None,
        help="x86_64 or arm64 (default: the stack's); also from the environment variable ARCHITECTURE",
    )
    parser.add_argument("--builder", help="BuildKit or legacy (default: the first that is here)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
