"""Is a value possible, and what does its refusal say? The checks from which `arguments.py` puts its rules together.

A check takes the argument's name and what was given for it, and returns the value as it is used from then on. A refusal
says what was given, what is allowed and what to do, in one line, with names as their writer spelt them: `memory_mb` in
Python, `memoryMb` in other languages, `wine-quality:memoryMb` in a stack's file. Knows nothing of any single argument.
"""

import difflib
import inspect
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi

from .refusal import RefusedError


@dataclass(frozen=True)
class Name:
    """Where a value is among the arguments, such as `cors.max_age_seconds`; empty for all of them.

    As a text it is what the writer of the value wrote.
    """

    path: str = ""
    spelt: Callable[[str], str] = str

    def __truediv__(self, key: object) -> "Name":
        return Name(f"{self.path}.{key}" if self.path else str(key), self.spelt)

    def entry(self, key: str) -> "Name":
        """The value under a key that is the writer's own, such as that of a tag, and no argument's name."""
        return Name(f"{self}[{key!r}]")

    def __str__(self) -> str:
        return self.spelt(self.path) if self.path else "args"


Check = Callable[[Name, Any], Any]
#: A check of arguments against each other: where they stand, and all that were given.
CheckOfAll = Callable[[Name, Mapping[str, Any]], None]


class InvalidArgumentError(RefusedError):
    """An argument of the component is not possible."""


@dataclass(frozen=True)
class Rule:
    """What holds for one argument.

    Attributes:
        check: Whether a value is possible.
        default: What counts when none is given; None leaves the argument out.
        required: What has to be given, in words, where there is no default.
    """

    check: Check
    default: Any = None
    required: str = ""


def mapping_by(rules: Mapping[str, Rule], check_of_all: CheckOfAll | None = None) -> Check:
    """A mapping with one rule for every key there may be; what comes out is complete with the defaults."""

    def check(name: Name, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            parts = ", ".join(str(name / key) for key in rules)
            raise InvalidArgumentError(f"{name} must be a mapping of {parts}, got {described(value)}")
        given = {key: item for key, item in value.items() if item is not None}
        for key in given:
            if key not in rules:
                raise InvalidArgumentError(f"{name / key} is not an argument: {nearest(key, rules)}")
        checked = {}
        for key, rule in rules.items():
            item = given.get(key, rule.default)
            if item is not None:
                checked[key] = rule.check(name / key, item)
            elif rule.required:
                raise InvalidArgumentError(f"{name} needs {name / key}: {rule.required}")
        if check_of_all:
            check_of_all(name, checked)
        return checked

    return check


def nearest(key: object, known: Mapping[str, object]) -> str:
    """What a misspelt key should have been: the known one that is most like it, or all there are."""
    near = difflib.get_close_matches(str(key), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"allowed are {', '.join(sorted(known))}"


def whole(low: int, high: int, unit: str) -> Check:
    """A whole number within limits. Packaged components are handed whole numbers as floats, so 1024.0 is 1024."""

    def check(name: Name, value: Any) -> int:
        if not (_is_number(value) and low <= value <= high and value == int(value)):
            raise InvalidArgumentError(
                f"{name} must be a whole number of {unit} from {low} to {high}, got {described(value)}"
            )
        return int(value)

    return check


def number_up_to(high: int, unit: str) -> Check:
    """A number above 0."""

    def check(name: Name, value: Any) -> float:
        if not (_is_number(value) and 0 < value <= high):
            raise InvalidArgumentError(f"{name} must be {unit} above 0 and at most {high}, got {described(value)}")
        return float(value)

    return check


def any_number(name: Name, value: Any) -> float:
    """A finite number."""
    if not (_is_number(value) and math.isfinite(value)):
        raise InvalidArgumentError(f"{name} must be a finite number, got {described(value)}")
    return float(value)


def flag(name: Name, value: Any) -> bool:
    """True or false, not what merely counts as it."""
    if not isinstance(value, bool):
        raise InvalidArgumentError(f"{name} must be true or false, got {described(value)}")
    return value


def one_of(closed_set: type[Enum]) -> Check:
    """A member of a closed set, or its value."""

    def check(name: Name, value: Any) -> Enum:
        try:
            return closed_set(value)
        except ValueError:
            allowed = ", ".join(str(member.value) for member in closed_set)
            raise InvalidArgumentError(f"{name} must be one of {allowed}, got {described(value)}") from None

    return check


def path(name: Name, value: Any) -> str:
    """A path, whether or not something is there."""
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise InvalidArgumentError(f"{name} must be a path, got {described(value)}")
    if re.match(r"[a-z][a-z0-9+.-]+://", str(value)):
        raise InvalidArgumentError(
            f"{name} must be a path on this machine, got {described(value)}; fetch it before deploying"
            + (f": aws s3 cp {value} ." if str(value).startswith("s3://") else "")
        )
    return str(value)


def path_of(wanted: str, is_there: Callable[[Path], bool]) -> Check:
    """A path at which something of a kind is, such as a folder."""

    def check(name: Name, value: Any) -> str:
        given = path(name, value)
        found = Path(given)
        if not is_there(found):
            got = "a folder" if found.is_dir() else "a file" if found.exists() else "nothing there"
            raise InvalidArgumentError(f"{name} {given} must be {wanted}, got {got}")
        return given

    return check


def text_like(pattern: str, refusal: str) -> Check:
    """A text of a form; `refusal` goes on after the argument's name and may show the value as `{got}`."""
    form = re.compile(pattern)

    def check(name: Name, value: Any) -> str:
        if not isinstance(value, str) or not form.fullmatch(value):
            raise InvalidArgumentError(f"{name}{refusal.format(got=described(value))}")
        return value

    return check


def or_output(check: Check) -> Check:
    """The same for what may also be another resource's to give: that is looked at as soon as it is known."""

    def checked(name: Name, value: Any) -> Any:
        if isinstance(value, pulumi.Output) or inspect.isawaitable(value):
            return pulumi.Output.from_input(value).apply(lambda known: check(name, known))
        return check(name, value)

    return checked


def text(name: Name, value: Any) -> str:
    """A string, and nothing that would have to be turned into one: 1.10 would become 1.1."""
    if not isinstance(value, str):
        raise InvalidArgumentError(f"{name} must be a string, got {described(value)}; put it into quotes")
    return value


def list_of(check: Check, at_most: int | None = None) -> Check:
    """A list whose items each pass a check; a text that is named twice counts once."""

    def checked(name: Name, value: Any) -> list[Any]:
        if isinstance(value, pulumi.Output):
            raise InvalidArgumentError(
                f"{name} must be a list, got an output; its items may be outputs, the list itself has to be known: "
                "[role.arn]"
            )
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise InvalidArgumentError(f"{name} must be a list, got {described(value)}")
        items: list[Any] = []
        for item in value:
            if not (isinstance(item, str) and item in [known for known in items if isinstance(known, str)]):
                items.append(check(name, item))
        if at_most is not None and len(items) > at_most:
            raise InvalidArgumentError(f"{name} takes at most {at_most}, got {len(items)}")
        return items

    return checked


def mapping_of(check: Check) -> Check:
    """A mapping of strings to values that each pass a check."""

    def checked(name: Name, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise InvalidArgumentError(f"{name} must be a mapping with strings as keys, got {described(value)}")
        return {key: check(name.entry(key), item) for key, item in value.items()}

    return checked


def described(value: object) -> str:
    """A value as an error shows it: numbers and short texts as they are, anything else by its type."""
    if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 80):
        return repr(value)
    return f"a {type(value).__name__}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
