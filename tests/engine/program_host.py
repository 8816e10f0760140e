"""Runs the Pulumi program in a process of its own, against a monitor that somebody else serves.

What Pulumi's language host does, reduced to what one program needs: settings, configuration, its file, and errors
reported to the engine, those meant for people without a traceback.

Started in the project's folder, it loads the packages once and then runs the program for each line of JSON on standard
input, every time in a fork that begins with nothing but these packages; it answers with the exit status. Where there
is no fork, the packages are loaded for each run.
"""

import asyncio
import json
import logging
import os
import runpy
import subprocess
import sys
import traceback
from typing import Any

import pulumi
import pulumi_aws
import pulumi_docker
import pulumi_random
from pulumi.runtime import Settings, configure, run_in_stack
from pulumi.runtime.config import set_all_config

#: The packages load their modules when they are first asked for them.
LOADED = (
    pulumi_aws.cloudwatch.LogGroup,
    pulumi_aws.ecr.Repository,
    pulumi_aws.iam.Role,
    pulumi_aws.lambda_.Function,
    pulumi_docker.Image,
    pulumi_random.RandomId,
)


def main() -> None:
    """Run the program for each line of settings."""
    for line in sys.stdin:
        if hasattr(os, "fork"):
            status = forked(line)
        else:
            status = subprocess.run([sys.executable, __file__, line], check=False).returncode
        print(status, flush=True)


def forked(line: str) -> int:
    """Run the program in a copy of this process; returns its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 70
    try:
        status = run(json.loads(line))
    finally:
        os._exit(status)  # without a word to what this process shares with its parent


def run(settings: dict[str, Any]) -> int:
    """Run the program once; returns the exit status."""
    set_all_config(settings["config"])
    configure(
        Settings(
            monitor=settings["address"],
            engine=settings["address"],
            project=settings["project"],
            stack=settings["stack"],
            dry_run=settings["preview"],
            organization="organization",
            root_directory=".",
        )
    )
    # One failure reaches every output that depends on it; asyncio would print each as "never retrieved".
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    sys.path[0] = ""  # the program's folder, not this file's
    try:
        asyncio.run(run_in_stack(lambda: start(settings["program"])))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:  # noqa: BLE001 - whatever it is, it is reported
        pulumi.log.error(f"Program failed with an unhandled exception:\n{traceback.format_exc()}")
        return 32
    return 0


def start(program: str) -> None:
    """Run a file as if it had been started directly."""
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(run(json.loads(sys.argv[1])))
    main()
