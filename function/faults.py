"""What exactly is wrong with a request's records: row, field, reason, and the name that was probably meant.

Imported only when validate.py has a doubt. Leaves out how a client is told (problem.py).
"""

from __future__ import annotations

import json
from array import array
from difflib import get_close_matches
from math import isfinite

from problem import MAX_ERRORS, Fault, Problem
from validate import json_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from contract import Contract

LONGEST_COMPARED_NAME = 200
"""Characters; longer keys are not compared with the features, since that takes quadratic time."""


class _RepeatedKeys(dict[str, object]):
    """A JSON object in which at least one key came twice."""

    __slots__ = ("repeated",)
    repeated: list[str]


def refuse(records: list[Any], contract: Contract, text: str | None) -> None:
    """Raise the refusal that the records deserve; return if they are faultless after all.

    Args:
        records: The parsed records.
        contract: The served model's contract.
        text: Their JSON text, in which repeated keys can still be seen; None if there is none.

    Raises:
        Problem: 422, with the first faults.
    """
    if text is not None:
        records = json.loads(text, object_pairs_hook=_keep_repeated)
    found: list[Fault] = []
    for row, record in enumerate(records):
        for fault in _record_faults(row, record, contract):
            found.append(fault)
            if len(found) == MAX_ERRORS:
                raise _problem(found, contract)
    if found:
        raise _problem(found, contract)


def _problem(found: list[Fault], contract: Contract) -> Problem:
    count = f"at least {MAX_ERRORS} faults" if len(found) == MAX_ERRORS else f"{len(found)} fault(s)"
    return Problem(
        422, f"{count} in the records; each must have the {len(contract.features)} features as numbers", found
    )


def _keep_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    seen: set[str] = set()
    record = _RepeatedKeys(plain)
    record.repeated = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    return record


def _record_faults(row: int, record: object, contract: Contract) -> Iterator[Fault]:
    if not isinstance(record, dict):
        yield Fault(row, None, "not_an_object", f"a record must be an object, got {json_type(record)}")
        return
    for key in record:
        if key not in contract.known:
            yield Fault(row, _printable(key), "unknown_field", unknown_name(key, contract))
    for key in getattr(record, "repeated", ()):
        yield Fault(row, _printable(key), "repeated_field", "the same field is given more than once")
    for feature in contract.features:
        if feature not in record:
            yield Fault(row, feature, "missing_field", f'the feature "{feature}" is missing')
        elif reason := value_fault(record[feature]):
            yield Fault(row, feature, reason[0], reason[1])


def value_fault(value: object) -> tuple[str, str] | None:
    """Return code and message of what is wrong with a value; None if it is a number that float32 holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        code = "missing_value" if value is None else "not_a_number"
        return code, f"must be a number, got {json_type(value)}"
    try:
        finite = isfinite(array("f", (value,))[0])
    except OverflowError:
        finite = False
    return None if finite else ("out_of_range", "must be a finite number within float32 (up to 3.4028235e38)")


def unknown_name(name: str, contract: Contract) -> str:
    """Return a message for a name that is no feature, with the feature that was probably meant.

    The message does not repeat the name: it may be logged by whoever invoked the function.
    """
    near = get_close_matches(name, contract.features, n=1) if len(name) <= LONGEST_COMPARED_NAME else []
    return f'not a feature of the model; did you mean "{near[0]}"?' if near else "not a feature of the model"


def _printable(key: str) -> str:
    """Return a client's key short enough and clean enough to be put into a response."""
    short = key if len(key) <= 64 else key[:61] + "..."
    return short.encode("utf-8", "backslashreplace").decode()
