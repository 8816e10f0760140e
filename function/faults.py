"""What exactly is wrong with a request's rows: row, field, reason, and the name that was probably meant.

Imported only when validate.py has a doubt. A field that a client sent as the key of an object is named; anything that
it sent as a value is not. Leaves out how a client is told (problem.py).
"""

from __future__ import annotations

import json
from array import array
from math import isfinite

from json_types import json_type
from problem import MAX_ERRORS, Fault, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from contract import Contract

LONGEST_COMPARED_NAME = 200
"""Characters; longer keys are not compared with the features, since that takes quadratic time."""


class _RepeatedKeys(dict[str, object]):
    """A JSON object in which at least one key came twice."""

    __slots__ = ("repeated",)
    repeated: list[str]


def refuse_records(records: list[Any], contract: Contract, text: str | None) -> None:
    """Raise the refusal that records deserve; return if they are faultless after all.

    Args:
        records: The parsed records.
        contract: The served model's contract.
        text: Their JSON text, in which repeated keys can still be seen; None if there is none.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_records_faults(records, contract), contract)
    if text is not None:
        refuse_repeated_keys(text)


def refuse_table(rows: list[Any], order: Sequence[int], contract: Contract) -> None:
    """Raise the refusal that rows of positional values deserve; return if they are faultless after all.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_table_faults(rows, order, contract), contract)


def refuse_columns(columns: list[list[Any]], contract: Contract) -> None:
    """Raise the refusal that columns in the order of the features deserve; return if they are faultless.

    Raises:
        Problem: 422, with the first faults.
    """
    lengths = set(map(len, columns))
    if len(lengths) > 1:
        raise Problem(422, f"the columns have {len(lengths)} different lengths; each must have one value for each row")
    _raise_if_any(_columns_faults(columns, contract), contract)


def refuse_names(names: Sequence[Any], contract: Contract, shown: bool) -> None:
    """Raise the refusal that column names deserve; return if they are the features in some order.

    Args:
        names: The names in the order of the request.
        contract: The served model's contract.
        shown: Whether the names are keys of a JSON object and so may be repeated to the client.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_name_faults(names, contract, shown), contract)


def refuse_repeated_keys(text: str) -> None:
    """Raise if an object of a JSON text has a key twice.

    Raises:
        Problem: 422, with the row of an array's element in which it happens.
    """
    found: list[Fault] = []

    def keep(pairs: list[tuple[str, object]]) -> object:
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        marked = _RepeatedKeys(plain)
        seen: set[str] = set()
        marked.repeated = []
        for key, _ in pairs:
            if key in seen:
                marked.repeated.append(key)
            seen.add(key)
        found.extend(_repeated(None, key) for key in marked.repeated[: MAX_ERRORS - len(found)])
        return marked

    value = json.loads(text, object_pairs_hook=keep)
    if found and isinstance(value, list):
        placed = [
            _repeated(row, key)
            for row, record in enumerate(value)
            if isinstance(record, _RepeatedKeys)
            for key in record.repeated
        ]
        found = placed[:MAX_ERRORS] or found
    if found:
        raise Problem(422, "a field is given more than once; which of its values is meant?", found)


def _repeated(row: int | None, key: str) -> Fault:
    return Fault(row, _printable(key), "repeated_field", "the same field is given more than once")


def _raise_if_any(faults: Iterable[Fault], contract: Contract) -> None:
    found: list[Fault] = []
    for fault in faults:
        found.append(fault)
        if len(found) == MAX_ERRORS:
            break
    if found:
        count = f"at least {MAX_ERRORS} faults" if len(found) == MAX_ERRORS else f"{len(found)} fault(s)"
        width = len(contract.features)
        raise Problem(422, f"{count} in the rows; each row must have the model's {width} feature(s)", found)


def _records_faults(records: list[Any], contract: Contract) -> Iterator[Fault]:
    for row, record in enumerate(records):
        if not isinstance(record, dict):
            yield Fault(row, None, "not_an_object", f"a record must be an object, got {json_type(record)}")
            continue
        for key in record:
            if key not in contract.known:
                yield Fault(row, _printable(key), "unknown_field", unknown_name(key, contract))
        for index, feature in enumerate(contract.features):
            if feature not in record:
                yield Fault(row, feature, "missing_field", f'the feature "{feature}" is missing')
            else:
                yield from _value_faults(row, index, record[feature], contract)


def _table_faults(rows: list[Any], order: Sequence[int], contract: Contract) -> Iterator[Fault]:
    width = len(contract.features)
    for row, cells in enumerate(rows):
        if not isinstance(cells, list):
            yield Fault(row, None, "not_an_array", f"a row must be an array, got {json_type(cells)}")
        elif len(cells) != width:
            yield Fault(row, None, "wrong_width", f"a row must have {width} value(s), got {len(cells)}")
        else:
            for index in range(width):
                yield from _value_faults(row, index, cells[order[index]], contract)


def _columns_faults(columns: list[list[Any]], contract: Contract) -> Iterator[Fault]:
    for index, column in enumerate(columns):
        for row, value in enumerate(column):
            yield from _value_faults(row, index, value, contract)


def _name_faults(names: Sequence[Any], contract: Contract, shown: bool) -> Iterator[Fault]:
    seen: set[str] = set()
    for position, name in enumerate(names, 1):
        place = "" if shown else f"column {position}: "
        field = _printable(name) if shown and isinstance(name, str) else None
        if not isinstance(name, str):
            yield Fault(None, None, "not_a_name", f"{place}a column's name must be a string, got {json_type(name)}")
        elif name not in contract.known:
            yield Fault(None, field, "unknown_field", place + unknown_name(name, contract))
        elif name in seen:
            yield Fault(None, name, "repeated_field", f"{place}the same field is given more than once")
        else:
            seen.add(name)
    for feature in contract.features:
        if feature not in seen:
            yield Fault(None, feature, "missing_field", f'the feature "{feature}" is missing')


def _value_faults(row: int, index: int, value: object, contract: Contract) -> Iterator[Fault]:
    fault = value_fault(value, index, contract)
    if fault:
        yield Fault(row, contract.features[index], *fault)


def value_fault(value: object, index: int, contract: Contract) -> tuple[str, str] | None:
    """Return code and message of what is wrong with a feature's value; None if nothing is."""
    if value is None:
        allowed = contract.features[index] in contract.may_miss
        return None if allowed else ("missing_value", "must not be null: missing values are not allowed")
    if index in contract.categories:
        return _category_fault(value, contract.categories[index])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not_a_number", f"must be a number, got {json_type(value)}"
    return None if _is_float32(value) else _OUT_OF_RANGE


_OUT_OF_RANGE = ("out_of_range", "must be a finite number within float32 (up to 3.4028235e38)")


def _is_float32(value: float) -> bool:
    try:
        return isfinite(array("f", (value,))[0])
    except OverflowError:
        return False


def _category_fault(value: object, names: dict[object, int] | None) -> tuple[str, str] | None:
    from categories import codes

    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number and (names is None or not isinstance(value, str)):
        kind = "an integer code" if names is None else "a category's name"
        return "not_a_category", f"must be {kind}, got {json_type(value)}"
    try:
        codes([value], names)
    except (KeyError, ValueError, OverflowError):  # int() of NaN and of infinity
        return "unknown_category", "is none of the categories that the model was trained with"
    return None


def unknown_name(name: str, contract: Contract) -> str:
    """Return a message for a name that is no feature, with the feature that was probably meant.

    The message does not repeat the name: it may be logged by whoever invoked the function.
    """
    from difflib import get_close_matches

    near = get_close_matches(name, contract.features, n=1) if len(name) <= LONGEST_COMPARED_NAME else []
    return f'not a feature of the model; did you mean "{near[0]}"?' if near else "not a feature of the model"


def _printable(key: str) -> str:
    """Return a client's key short enough and clean enough to be put into a response."""
    short = key if len(key) <= 64 else key[:61] + "..."
    return short.encode("utf-8", "backslashreplace").decode()
