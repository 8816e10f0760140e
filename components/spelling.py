"""How are arguments spelt where they were written? In camel case everywhere but in Python.

The SDK turns the names of a package's inputs into Python's; a refusal turns them back, so that a person finds what they
wrote.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pulumi.provider.experimental.util import camel_case as _camel_case


class SpeltArguments(dict[str, Any]):
    """Arguments under Python's names that know how their writer spelt them.

    Attributes:
        spelt: Gives the writer's name of an argument, such as `cors.maxAgeSeconds` for `cors.max_age_seconds`.
    """

    def __init__(self, args: Mapping[str, Any], spelt: Callable[[str], str]) -> None:
        super().__init__(args)
        self.spelt = spelt


def spelling_of(args: Mapping[str, Any]) -> Callable[[str], str]:
    """How the writer of these arguments spells a name; as Python does, unless they know better."""
    return args.spelt if isinstance(args, SpeltArguments) else str


def camel_case(name: str) -> str:
    """An argument's name, nested or not, as other languages spell it."""
    return ".".join(map(_camel_case, name.split(".")))
