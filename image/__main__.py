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
import traceback
from pathlib import Path

from local.errors import LocalError


def main() -> int:
    """Run the command; returns the exit status."""
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("The image of the function, as `pulumi up` would build it. Nothing of this reaches AWS.", flush=True)
    try:
        # Pulumi's packages take seconds to load: not before the first line is out.
        from image import build, engine, trial

        want = build.wanted(options.model, options.architecture)
        os.chdir(build.PROJECT)
        run = trial.test if options.command == "test" else trial.make
        run(want, engine.builder(options.builder))
    except KeyboardInterrupt:
        print("error: interrupted; run the same command again to go on", file=sys.stderr)
        return 130
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
    options = parser.parse_args()
    options.model = Path(options.model) if options.model else None
    return options


if __name__ == "__main__":
    sys.exit(main())
