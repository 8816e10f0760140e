"""What the commands print: short aligned lines, in the order in which things happen.

In colour on a terminal, unless NO_COLOR is set, and there with a line that says what is being waited for.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

SIGNS = {"created": "+", "updated": "~", "replaced": "±", "same": " "}

WIDTH = 110
"""Columns that a line of many names may take before the rest is counted."""

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


class ResourceLines:
    """Prints a line for each resource as it is made, and counts them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, done: str, token: str, name: str, seconds: float) -> None:
        """See `local.deployment.Report`."""
        self.counts[done] += 1
        console.print(f"    {SIGNS[done]} {short(token):<26} {name:<36} {seconds:5.2f} s")

    def summary(self, seconds: float) -> str:
        """How many resources there were, and how long all took."""
        counted = ", ".join(f"{count} {done}" for done, count in self.counts.items())
        return f"{counted} in {seconds:.1f} s"


class Warnings(logging.Handler):
    """Prints what the program itself warns of."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for each."""
        fact("warning", record.getMessage())


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """On a terminal, show what is being waited for and for how long, below what is printed meanwhile."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        progress.add_task(what, total=None)
        yield


def short(token: str) -> str:
    """A resource type as `pulumi up` shows it: `aws:iam:Role`, not `aws:iam/role:Role`."""
    package, module, name = token.split(":")
    return f"{package}:{module.partition('/')[0]}:{name}"


def heading(text: str) -> None:
    """Begin a part."""
    console.print(f"\n{text}", style="bold")


def fact(name: str, value: str) -> None:
    """One named thing."""
    console.print(f"    {name:<14} {value}", style="yellow" if name == "warning" else None)


def names(several: Sequence[str]) -> str:
    """As many names as fit into a line, and how many more there are."""
    shown = list(several)
    while len(shown) > 1 and len(", ".join(shown)) > WIDTH:
        shown.pop()
    rest = len(several) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def outcome(status: int, what: str, wanted: int) -> None:
    """How a call ended: in green if that is how it had to end."""
    console.print(f"    {status}  {what}", style="green" if status == wanted else "red")


def predictions(records: Sequence[dict[str, Any]], answer: Sequence[Any], expected: Sequence[Any], source: str) -> None:
    """The answers beside what they must be and what was asked."""
    table = [
        ("prediction", source, "record"),
        *(
            (
                json.dumps(got),
                json.dumps(wanted),
                names([f"{key} {'null' if value is None else value}" for key, value in record.items()]),
            )
            for got, wanted, record in zip(answer, expected, records, strict=True)
        ),
    ]
    widths = [max(len(row[column]) for row in table) for column in (0, 1)]
    console.print()
    for left, right, record in table:
        console.print(f"    {left:<{widths[0]}}    {right:<{widths[1]}}    {record}")
