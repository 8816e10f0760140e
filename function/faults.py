"""What exactly is wrong with a request's rows: row, field, reason, and the name that was probably meant.

Imported only when there is a doubt. A field that a client sent as the key of an object is named; anything that
it sent as a value is not. Leaves out how a client is told (problem.py).
"""

from __future__ import annotations

import json
from array import array
from itertools import islice
from math import isfinite

from categories import codes
from json_types import json_type
from mixed import is_unseen
from problem import MAX_ERRORS, Fault, Problem
from spelling import Spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, NoReturn

    from contract import Contract
    from order import Order
    from sparse import Given

LINE_END = "\n"

SHOWN_CATEGORIES = 10
"""Categories that a message names."""

LONGEST_SHOWN = 60
"""Characters of a category's name that a message shows."""


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
    _raise_if_any(_records_faults(records, contract), _must_have(contract))
    if text is not None:
        refuse_repeated_keys(text)


def refuse_widths(rows: list[Any], width: int) -> None:
    """Raise if a row is no array of `width` values.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_width_faults(rows, width), f"each row must have {width} value(s)")


def refuse_table(rows: list[list[Any]], order: Order, contract: Contract) -> None:
    """Raise the refusal that rows of positional values deserve; return if they are faultless after all.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_table_faults(rows, order.positions, contract), _must_have(contract))


def refuse_lengths(columns: list[list[Any]]) -> None:
    """Raise if columns have different lengths.

    Raises:
        Problem: 422.
    """
    lengths = set(map(len, columns))
    if len(lengths) > 1:
        raise Problem(422, f"the columns have {len(lengths)} different lengths; each must have one value for each row")


def refuse_given(given: Given, contract: Contract) -> None:
    """Raise the refusal that the values of some features deserve; return if they are faultless.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_given_faults(given, contract), _must_have(contract))


def refuse_absent(given: Given, rows: int, needed: Sequence[int], contract: Contract) -> None:
    """Raise if a row lacks a feature that it must have.

    Args:
        given: What the rows have.
        rows: Number of rows.
        needed: Indices of the features that each must have.
        contract: The served model's contract.

    Raises:
        Problem: 422, with the first faults.
    """
    having = {index: set(given[index][0]) if index in given else set() for index in needed}
    absent = (
        Fault(row, contract.features[index], "missing_field", _absent(contract.features[index]))
        for row in range(rows)
        for index in needed
        if row not in having[index]
    )
    _raise_if_any(absent, _must_have(contract))


def refuse_names(names: Sequence[Any], contract: Contract, shown: bool) -> None:
    """Raise the refusal that column names deserve; return if they are the features in some order.

    Args:
        names: The names in the order of the request.
        contract: The served model's contract.
        shown: Whether the names are keys of a JSON object and so may be repeated to the client.

    Raises:
        Problem: 422, with the first faults.
    """
    _raise_if_any(_name_faults(names, contract, shown), _must_have(contract))


def refuse_predictions(flat: Sequence[float], width: int) -> NoReturn:
    """Raise the refusal of rows for which the model predicts what no answer can carry.

    Args:
        flat: The predictions of all rows.
        width: How many of them each row has.

    Raises:
        Problem: 422, with the first such rows.
    """
    rows = dict.fromkeys(at // width for at, value in enumerate(flat) if not isfinite(value))
    message = "the model predicts NaN or infinity for this row, which no answer can carry; leave it out"
    found = [Fault(row, None, "not_finite", message) for row in islice(rows, MAX_ERRORS)]
    raise Problem(422, f"{len(rows)} row(s) have no finite prediction", found)


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

    try:
        value = json.loads(text, object_pairs_hook=keep)
    except json.JSONDecodeError:  # lines of JSON, each of which was parsed before
        found.clear()
        value = json.loads(f"[{text.removesuffix(LINE_END).replace(LINE_END, ',')}]", object_pairs_hook=keep)
    except RecursionError:  # the parser of long texts, which had it first, goes deeper
        raise Problem(400, "the body's JSON is nested too deeply; send an array of flat records") from None
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


def _must_have(contract: Contract) -> str:
    return f"each row must have the model's {len(contract.features)} feature(s)"


def _raise_if_any(faults: Iterable[Fault], demanded: str) -> None:
    found: list[Fault] = []
    for fault in faults:
        found.append(fault)
        if len(found) == MAX_ERRORS:
            break
    if found:
        count = f"at least {MAX_ERRORS} faults" if len(found) == MAX_ERRORS else f"{len(found)} fault(s)"
        raise Problem(422, f"{count} in the rows; {demanded}", found)


def _records_faults(records: list[Any], contract: Contract) -> Iterator[Fault]:
    spelling = Spelling(contract.features)
    indices = {feature: index for index, feature in enumerate(contract.features)}
    needed = {index for feature, index in indices.items() if feature not in contract.may_be_absent}
    for row, record in enumerate(records):
        if not isinstance(record, dict):
            yield Fault(row, None, "not_an_object", f"a record must be an object, got {json_type(record)}")
            continue
        for key in record:
            if key not in contract.known:
                yield Fault(row, _printable(key), "unknown_field", spelling.unknown(key))
        if contract.may_be_absent:  # then a row may be short, and takes as long as it is
            places: Iterable[int] = sorted(needed | {indices[key] for key in record if key in indices})
        else:
            places = indices.values()
        for index in places:
            feature = contract.features[index]
            if feature in record:
                yield from _value_faults(row, index, record[feature], contract)
            else:
                yield Fault(row, feature, "missing_field", _absent(feature))


def _absent(feature: str) -> str:
    return f'the feature "{feature}" is missing; {_setting("ALLOW_ABSENT")} would take that for a missing value'


def _setting(name: str) -> str:
    return f"the endpoint's setting {name}"


def _width_faults(rows: list[Any], width: int) -> Iterator[Fault]:
    for row, cells in enumerate(rows):
        if not isinstance(cells, list):
            yield Fault(row, None, "not_an_array", f"a row must be an array, got {json_type(cells)}")
        elif len(cells) != width:
            yield Fault(row, None, "wrong_width", f"a row must have {width} value(s), got {len(cells)}")


def _table_faults(rows: list[list[Any]], positions: Sequence[int], contract: Contract) -> Iterator[Fault]:
    for row, cells in enumerate(rows):
        for index, position in enumerate(positions):
            yield from _value_faults(row, index, cells[position], contract)


def _given_faults(given: Given, contract: Contract) -> Iterator[Fault]:
    for index, (rows, values) in given.items():
        for row, value in zip(rows, values, strict=True):
            yield from _value_faults(row, index, value, contract)


def _name_faults(names: Sequence[Any], contract: Contract, shown: bool) -> Iterator[Fault]:
    seen: set[str] = set()
    spelling = Spelling(contract.features)
    for position, name in enumerate(names, 1):
        place = "" if shown else f"column {position}: "
        field = _printable(name) if shown and isinstance(name, str) else None
        if not isinstance(name, str):
            yield Fault(None, None, "not_a_name", f"{place}a column's name must be a string, got {json_type(name)}")
        elif name not in contract.known:
            yield Fault(None, field, "unknown_field", place + spelling.unknown(name))
        elif name in seen:
            yield Fault(None, name, "repeated_field", f"{place}the same field is given more than once")
        else:
            seen.add(name)
    for feature in contract.features:
        if feature not in seen and feature not in contract.may_be_absent:
            yield Fault(None, feature, "missing_field", _absent(feature))


def _value_faults(row: int, index: int, value: object, contract: Contract) -> Iterator[Fault]:
    fault = value_fault(value, index, contract)
    if fault:
        yield Fault(row, contract.features[index], *fault)


def value_fault(value: object, index: int, contract: Contract) -> tuple[str, str] | None:
    """Return code and message of what is wrong with a feature's value; None if nothing is."""
    feature = contract.features[index]
    if value is None:
        return None if feature in contract.may_miss else _MISSING
    if index in contract.categories:
        return _category_fault(value, contract.categories[index], feature in contract.may_be_unseen)
    if isinstance(value, bool) and index in contract.indicators:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not_a_number", f"must be a number, got {json_type(value)}"
    return None if _is_float32(value) else _OUT_OF_RANGE


_MISSING = ("missing_value", f"must not be null or NaN; {_setting('ALLOW_MISSING')} would allow a missing value")

_OUT_OF_RANGE = ("out_of_range", "must be a finite number within float32 (up to 3.4028235e38)")


def _is_float32(value: float) -> bool:
    try:
        return isfinite(array("f", (value,))[0])
    except OverflowError:
        return False


def _category_fault(value: object, names: dict[object, int] | None, may_be_unseen: bool) -> tuple[str, str] | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number and (names is None or not isinstance(value, str)):
        kind = "an integer code" if names is None else "a category's name"
        return "not_a_category", f"must be {kind}, got {json_type(value)}"
    try:
        codes([value], names)
    except (KeyError, ValueError, OverflowError):  # int() of NaN and of infinity
        if names is None:
            return "unknown_category", "is no code of a category: a whole number from 0"
        if not may_be_unseen:
            return "unknown_category", _unseen(names)
        if not is_unseen(value, names):
            return "not_a_category", f"must be a category of the type that the model knows, got {json_type(value)}"
    return None


def _unseen(names: dict[object, int]) -> str:
    """Return the message for a category that training never saw, with those that it did."""
    shown = [json.dumps(name, ensure_ascii=False) for name in islice(names, SHOWN_CATEGORIES)]
    known = ", ".join(name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…" for name in shown)
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    setting = _setting("ALLOW_UNSEEN")
    return f"is none of the categories that training saw ({known}{more}); {setting} would take it for a missing value"


def _printable(key: str) -> str:
    """Return a client's key short enough and clean enough to be put into a response."""
    short = key if len(key) <= 64 else key[:61] + "..."
    return short.encode("utf-8", "backslashreplace").decode()
