"""Runs inside a measured process, started as a script: imports a handler, answers events, tells the times.

Speaks marshal over its standard streams and imports next to nothing, so that no module is loaded before the clock
starts that the handler would otherwise have to load itself. The handler's own output goes nowhere.

The clock is the processor's: what other programs on the machine take is not counted.
"""

from __future__ import annotations

import marshal
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def main() -> None:
    """Import the handler and answer the first event, both timed; then answer orders until the input ends."""
    orders, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    paths, beforehand, module, events = marshal.load(orders)  # noqa: S302 - from the benchmark itself
    sys.path[:0] = paths
    if beforehand:
        __import__(beforehand)
    started = time.process_time()
    handler = __import__(module).handler
    imported = time.process_time()
    first = handler(events[0], None)
    answered = time.process_time()
    told = (answered - started, imported - started, first["statusCode"], peak_bytes(), first["body"])
    marshal.dump(told, answers)
    answers.flush()
    while True:
        try:
            index, calls = marshal.load(orders)  # noqa: S302 - from the benchmark itself
        except EOFError:
            return
        marshal.dump(times(handler, events[index], calls), answers)
        answers.flush()


def times(handler: Callable[[Any, None], Any], event: Any, calls: int) -> list[float]:
    """Return the seconds of each of a number of calls."""
    clock = time.process_time
    taken: list[float] = []
    for _ in range(calls):
        started = clock()
        response = handler(event, None)
        taken.append(clock() - started)
        if response["statusCode"] != 200:
            raise SystemExit(f"the handler answered {response['statusCode']}")
    return taken


def peak_bytes() -> int:
    """Return the process's largest resident size so far; 0 where the system does not tell.

    Not by getrusage: its figure survives exec, so that it would be the benchmark's own size.
    """
    try:
        with open("/proc/self/status", "rb") as status:  # noqa: PTH123 - pathlib is not to be loaded here
            for line in status:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()
