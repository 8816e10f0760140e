"""Is a value possible, and what does its refusal say? The checks from which `arguments.py` puts its rules together.

A check takes the argument's name and what was given for it, and returns the value as it is used from then on. A refusal
says what was got, what is allowed and what to do, in one line, with names as their writer spelt them: `memory_mb` in
Python, `memoryMb` in other languages, `wine-quality:memoryMb` in a stack's file. Knows nothing of any single argument.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi


@dataclass(frozen=True)
class Name:
    """Where a value stands among the arguments, such as `cors.max_age_seconds`; empty for all of them.

    As a text it is what the writer of the value wrote.
    """

    path: str = ""
    spelt: Callable[[str], str] = str

    def __truediv__(self, key: object) -> "Name":
        return Name(f"{self.path}.{key}" if self.path else str(key), self.spelt)

    def __str__(self) -> str:
        return self.spelt(self.path) if self.path else "args"


Check = Callable[[Name, Any], Any]
#: A check of arguments against each other: where they stand, and all that were given.
CheckOfAll = Callable[[Name, Mapping[str, Any]], None]


class InvalidArgumentError(ValueError):
    """An argument of the component is not possible. The message is one line, for people."""


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
    if not isinstance(value, str | Path) or not str(value):
        raise InvalidArgumentError(f"{name} must be a path, got {described(value)}")
    return str(value)


def path_of(wanted: str, is_there: Callable[[Path], bool]) -> Check:
    """A path at which something of a kind is, such as a folder."""

    def check(name: Name, value: Any) -> str:
        found = Path(path(name, value))
        if not is_there(found):
            got = "a folder" if found.is_dir() else "a file" if found.exists() else "nothing there"
            raise InvalidArgumentError(f"{name} {found} must be {wanted}, got {got}")
        return str(found)

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
    """The same for what may also be another resource's to give: then there is nothing to look at yet."""

    def checked(name: Name, value: Any) -> Any:
        is_output = isinstance(value, pulumi.Output) or inspect.isawaitable(value)
        return value if is_output else check(name, value)

    return checked


def texts(name: Name, value: Any) -> list[str]:
    """A list of strings."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidArgumentError(f"{name} must be a list of strings, got {described(value)}")
    return value


def texts_each(check: Check) -> Check:
    """A list of strings, each of which passes a check."""
    return lambda name, value: [check(name, item) for item in texts(name, value)]


def mapping(name: Name, value: Any) -> Mapping[str, Any]:
    """A mapping of strings to whatever."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidArgumentError(f"{name} must be a mapping of strings, got {described(value)}")
    return value


def described(value: object) -> str:
    """A value as an error shows it: numbers and short texts as they are, anything else by its type."""
    if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 80):
        return repr(value)
    return f"a {type(value).__name__}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
