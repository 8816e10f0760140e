"""Runs Pulumi programs against an engine, one after the other: `python program_host.py <engine>`.

Reads from its input one line of JSON a program, `{"folder": …, "project": …, "config": {…}}`, and answers each with a
line: what went wrong, or null. Does what Pulumi's Python language host does for a program, in the program's folder.
Imports the SDK alone, so that a program finds what is installed and nothing of this repository.
"""

import asyncio
import gc
import json
import os
import runpy
import sys
from typing import Any

import pulumi


async def declared() -> None:
    runpy.run_path("__main__.py", run_name="__main__")


def run(engine: str, folder: str, project: str, config: dict[str, str]) -> str | None:
    os.chdir(folder)
    pulumi.runtime.set_all_config(config)
    settings: dict[str, Any] = {"project": project, "stack": "test", "organization": "organization"}
    pulumi.runtime.configure(pulumi.runtime.Settings(monitor=engine, engine=engine, parallel=8, **settings))
    try:
        asyncio.run(pulumi.runtime.run_in_stack(declared))
    except Exception as error:  # noqa: BLE001 - whatever a program raises is its answer
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    gc.disable()  # nearly all that is there are classes of providers, for good
    sys.path[0] = ""
    # A program may print; the answers must not be among what it prints.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        print(json.dumps(run(sys.argv[1], **json.loads(line))), file=answers, flush=True)
