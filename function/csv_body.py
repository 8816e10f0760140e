"""CSV bodies (`text/csv`, RFC 4180), with and without a header.

The first line is a header if one of its fields is the name of a feature, or if the media type says `header=present`;
`header=absent` says that it is none. Without a header the columns stand in the order of the features. An empty field
is a missing value. Line ends may be LF, CRLF or CR.
"""

from __future__ import annotations

import limits
import validate
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

MAX_COLUMNS = 16_384
"""Fields of a first line that are looked at: as many as spreadsheets have columns."""

_NUMBERS = str.maketrans("", "", "0123456789+-.eE,\n")
"""Deletes everything that a body of bare numbers consists of."""


def batch(request: Request, contract: Contract) -> validate.Batch:
    """Return the rows of a CSV body.

    Raises:
        Problem: 400 or 422, it is no CSV, or has faults in its header or rows.
    """
    text = request.text()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.rstrip("\n")
    if not text:
        raise Problem(422, "the body holds no rows; send at least one line of comma-separated values")
    if text.count("\n") > limits.MAX_ROWS:
        raise limits.too_many_rows()
    first, _, rest = text.partition("\n")
    names = [name.strip(" \t") for name in _fields(first)[0][:MAX_COLUMNS]]
    if _is_header(names, request.headers.get("content-type", ""), contract):
        from json_shapes import feature_order

        order = feature_order(names, contract, shown=False)
        text = rest
    else:
        order = tuple(range(len(contract.features)))
    return validate.table(_rows(text, order, contract), order, contract)


def _is_header(names: list[str], content_type: str, contract: Contract) -> bool:
    parameters = content_type.lower().replace(" ", "").split(";")[1:]
    if "header=present" in parameters or "header=absent" in parameters:
        return "header=present" in parameters
    return not contract.known.isdisjoint(names)


def _rows(text: str, order: tuple[int, ...], contract: Contract) -> list[list[Any]]:
    """Return the rows; numbers as floats, missing values as None, everything else as the text it is."""
    if not text:
        return []
    if contract.only_numbers and not text.translate(_NUMBERS):
        import orjson

        try:  # Bare numbers are JSON's but for forms like `+1`, `.5` and `007`, which the slow way takes.
            rows: list[list[Any]] = orjson.loads("[[" + text.replace("\n", "],[") + "]]")
            return rows
        except orjson.JSONDecodeError:
            pass
    # `order` says where each feature stands; here it is turned round: which feature stands at each place.
    named = {order[index] for index, names in contract.categories.items() if names and _are_texts(names)}
    return [_cells(fields, named) if len(fields) == len(order) else list(fields) for fields in _fields(text)]


def _cells(fields: list[str], named: set[int]) -> list[Any]:
    """Return the values of a line; `named` are the places at which names of categories stand."""
    if not named:  # nothing to ask about a place: the dearest bodies are those with most lines
        return [_number(field.strip(" \t")) for field in fields]
    stripped = [field.strip(" \t") for field in fields]
    return [field if at in named and field else _number(field) for at, field in enumerate(stripped)]


def _are_texts(names: dict[object, int]) -> bool:
    return any(isinstance(name, str) for name in names)


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


def _fields(text: str) -> list[list[str]]:
    import csv

    try:
        return list(csv.reader(text.split("\n"), strict=True))
    except csv.Error:
        raise Problem(400, "the body is not valid CSV; quote fields as RFC 4180 says") from None
