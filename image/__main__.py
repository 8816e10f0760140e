"""Builds the image, tries it, and pins its base: `make image`, `make image-test` and `make pin`.

python -m image build                       build the image that `pulumi up` would push
python -m image test                        build it, run it as Lambda would, check everything
python -m image test --model other.ubj      with another XGBoost model
python -m image test --architecture arm64   for another processor, emulated where this machine has another
python -m image pin --stack prod            write what the base image's tag means today into Pulumi.prod.yaml
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from local.errors import exit_status

KEPT_IMAGES = 3
"""How many images of a name stay with the engine, so that they do not grow for ever."""


def main() -> int:
    """Run the command; returns the exit status."""
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.command != "pin":
        print("The image of the function, as `pulumi up` would build it. Nothing of this reaches AWS.", flush=True)
    try:
        return exit_status(lambda: carry_out(options), debug=options.debug)
    except KeyboardInterrupt:
        print("error: interrupted; run the same command again to go on", file=sys.stderr)
        return 130


def carry_out(options: argparse.Namespace) -> None:
    """Build the image, try it, or pin its base: what is asked for."""
    from local import report

    with report.waiting("loading Pulumi's packages"):
        from image import build, checks, pin
        from local.docker import command, leftovers

    os.chdir(build.PROJECT)
    if options.command == "pin":
        report.fact("base image", pin.pin(build.PROJECT, options.stack))
        report.fact("written to", f"Pulumi.{options.stack}.yaml; every build of this stack starts from it")
        return
    leftovers.sweep()
    want = build.wanted(options.model, options.architecture, options.stack)
    run = checks.test if options.command == "test" else checks.make
    with report.waiting(f"{options.command} of {want.model.name}"):
        run(want, command.builder())
    leftovers.keep_newest(want.name, KEPT_IMAGES)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m image", description="Build the function's image, and try it.")
    parser.add_argument(
        "command", choices=["build", "test", "pin"], help="test: also run it as Lambda would; pin: its base, by digest"
    )
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
    parser.add_argument(
        "--stack",
        default=os.environ.get("STACK") or "dev",
        help="settings from Pulumi.<stack>.yaml (default: dev); also from the environment variable STACK",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
