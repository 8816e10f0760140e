"""CSV bodies (`text/csv`, RFC 4180), with and without a header.

The first line is a header if the media type says `header=present`, or if one of its fields is the name of a feature
that can be no value where it stands: no number, no category and no boolean of the feature whose place it is.
`header=absent` says that it is none. Without a header the columns stand in the order of the features. An empty field is
a missing value. Line ends may be LF, CRLF or CR. A name or a category is the client's text as it is, blanks included;
blanks around a number, and around a name or a category that is only known without them, are read over, but for a
category where unknown ones are missing values: there they make another one, as in JSON.
"""

from __future__ import annotations

import json
from array import array

import limits
import plain_csv
import validate
from base_margin import BASE_MARGIN
from feature_order import by_position, feature_order
from float32_rows import Batch
from json_text import ORJSON
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from contract import Contract
    from order import Order
    from request import Request

_NUMBERS = str.maketrans("", "", "0123456789+-.eE,\n")
"""Deletes everything that a body of bare numbers consists of."""

_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def batch(request: Request, contract: Contract) -> Batch:
    """Return the rows of a CSV body.

    Raises:
        Problem: 400, 413 or 422, it is no CSV, or has faults in its header or rows, or too many of them.
    """
    text = request.text()
    quoted = '"' in text
    if not quoted and "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.rstrip("\r\n")
    if not text:
        raise Problem(422, "the body holds no rows; send at least one line of comma-separated values")
    if max(text.count("\n"), text.count("\r")) > limits.MAX_ROWS:
        raise limits.too_many_rows()
    if quoted:
        lines = _quoted_lines(text)
        first = lines.pop(0)
    else:
        line, _, rest = text.partition("\n")
        _refuse_width(line.count(",") + 1, line, contract)
        first = line.split(",")
    _refuse_width(len(first), first[0] if first else "", contract)
    names = [name_of(field, contract) for field in first]
    order = by_position(contract)
    headed = _is_header(names, first, request.headers.get("content-type", ""), contract)
    if headed:
        order = feature_order(names, contract, shown=False)
    if quoted:
        return validate.table(values(lines if headed else [first, *lines], order, contract), order, contract)
    body = rest if headed else text
    if body and contract.only_numbers and order.whole and order.margin is None:
        numbers = plain_csv.numbers(body, order.width)
        if numbers is not None:
            return _batch(numbers, order)
    return validate.table(_rows(body, order, contract), order, contract)


def _batch(numbers: array[float], order: Order) -> Batch:
    """Return a batch of the numbers of all lines."""
    rows = len(numbers) // order.width
    if order.plain:
        return Batch(numbers, rows)
    columns = array("f")
    for position in order.positions:
        columns.extend(numbers[position :: order.width])
    return Batch(columns, rows, column_major=True)


def _quoted_lines(text: str) -> list[list[str]]:
    import csv
    import io

    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        raise Problem(400, "the body is not valid CSV; quote fields as RFC 4180 says") from None


def _refuse_width(fields: int, first: str, contract: Contract) -> None:
    """Refuse a first line that can be neither names nor values of the features, before anything is made of it."""
    width = len(contract.features)
    if fields > width + 1:  # one more may be a base margin
        raise Problem(422, f"the first line has {fields} fields, and the model has {width} feature(s)")
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if fields == 1 < width <= first.count(separator) + 1:
            raise Problem(422, f"the fields are separated by {word}; send commas between them, and decimal points")


def name_of(field: str, contract: Contract) -> str:
    """Return the feature that a field of a header names: as it is, or else without the blanks around it."""
    return field if field in contract.known else field.strip(" \t")


def _is_header(names: list[str], fields: list[str], content_type: str, contract: Contract) -> bool:
    """Tell whether the first line is a header.

    Raises:
        Problem: 415, the media type says neither that there is one nor that there is none; 422, it could be the names
            of the features as well as categories that training never saw.
    """
    parameters = [part.partition("=") for part in content_type.lower().split(";")[1:]]
    said = {value.strip().strip('"') for name, _, value in parameters if name.strip() == "header"}
    if said:
        if len(said) > 1 or not said <= {"present", "absent"}:
            raise Problem(415, "the content type's header must be header=present or header=absent")
        return said == {"present"}
    named = [at for at, name in enumerate(names) if name in contract.known or name == BASE_MARGIN]
    whole = len(fields) == len(contract.features)
    if any(not _may_stand(fields[at], at if whole else None, contract) for at in named):
        return True
    if len(named) == len(set(names)) == len(fields) and any(_is_unseen(fields[at], at, contract) for at in named):
        raise Problem(422, "the first line may be names or unknown categories; say header=present or header=absent")
    # A line of nothing but words is no row of numbers: it is refused either way, by its names if it is a header.
    return contract.only_numbers and not contract.indicators and all(isinstance(_number(name), str) for name in names)


def _may_stand(field: str, index: int | None, contract: Contract) -> bool:
    """Tell whether a name could also be the value of a feature; only a number is, without regard to the feature."""
    bare = field.strip(" \t")
    if not isinstance(_number(bare), str):
        return True
    if index is None:
        return False
    names = contract.categories.get(index) or {}
    if index in contract.indicators and bare in _BOOLEANS:
        return True
    return field in names or bare in names or _is_unseen(field, index, contract)


def _is_unseen(field: str, index: int, contract: Contract) -> bool:
    """Tell whether a text would be taken for a category that training never saw."""
    return _takes_any_text(index, contract) and field not in (contract.categories[index] or ())


def _takes_any_text(index: int, contract: Contract) -> bool:
    """Tell whether any text is a value of a feature: a category, or an unknown one."""
    names = contract.categories.get(index)
    return bool(names) and contract.features[index] in contract.may_be_unseen and _are_texts(names)


def _rows(text: str, order: Order, contract: Contract) -> list[list[Any]]:
    """Return the rows of a text without quotes; numbers as floats, missing values as None, the rest as it is."""
    if not text:
        return []
    if contract.only_numbers and not text.translate(_NUMBERS):
        parser = ORJSON.to_parse(text) or json
        try:  # Bare numbers are JSON's but for forms like `+1`, `.5` and `007`, which the slow way takes.
            rows: list[list[Any]] = parser.loads("[[" + text.replace("\n", "],[") + "]]")
            return rows
        except ValueError:
            pass
    return values((line.split(",") if line else [] for line in text.split("\n")), order, contract)


def values(lines: Iterable[Sequence[str]], order: Order, contract: Contract) -> list[list[Any]]:
    """Return the values of lines; a line of another width is left as it is, to be refused."""
    texts = {
        order.positions[index]: names for index, names in contract.categories.items() if names and _are_texts(names)
    }
    as_sent = {order.positions[index] for index in contract.categories if _takes_any_text(index, contract)}
    booleans = {order.positions[index] for index in contract.indicators}
    if not texts and not booleans:  # nothing to ask about a place: the dearest bodies are those with most lines
        return [[_number(field.strip(" \t")) if field else None for field in fields] for fields in lines]
    rows: list[list[Any]] = []
    for fields in lines:
        row: list[Any] = []
        for at, field in enumerate(fields):
            if not field:
                row.append(None)
            elif at in texts:
                row.append(field if at in as_sent or field in texts[at] else field.strip(" \t") or None)
            else:
                bare = field.strip(" \t")
                row.append(_BOOLEANS[bare] if at in booleans and bare in _BOOLEANS else _number(bare))
        rows.append(row)
    return rows


def _are_texts(names: dict[object, int] | None) -> bool:
    return names is not None and any(isinstance(name, str) for name in names)


def _number(field: str) -> float | str | None:
    """Return a decimal number; None for an empty field; other text as it is, to be refused by name."""
    if not field:
        return None
    if field.strip("0123456789+-.eE"):  # float() would also take `nan`, `1_0` and digits of other scripts
        return field
    try:
        return float(field)
    except ValueError:
        return field
