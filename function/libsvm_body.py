"""LIBSVM's text (`text/libsvm`): a row a line, `label index:value index:value ...`.

Indices count the features from 0, as XGBoost does. The label may be left out, and is read over, as are `qid:` and
comments after `#`. What a line does not name is missing, as in XGBoost, so that it is refused unless the deployment
allows it.
"""

from __future__ import annotations

import limits
import validate
from absent import ABSENT
from feature_order import by_position
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

_DECIMAL = "0123456789+-.eE"


def batch(request: Request, contract: Contract) -> validate.Batch:
    """Return the rows of a body.

    Raises:
        Problem: 400, 413 or 422, a line is not of this form, or has faults, or there are too many of them.
    """
    text = request.text().replace("\r\n", "\n").rstrip("\n")
    if text.count("\n") >= limits.MAX_ROWS:
        raise limits.too_many_rows()
    if not text:
        raise Problem(422, "the body holds no rows; send at least one line of index:value pairs")
    rows = [_row(line, at, contract) for at, line in enumerate(text.split("\n"))]
    return validate.table(rows, by_position(contract), contract)


def _row(line: str, at: int, contract: Contract) -> list[Any]:
    pairs = line.partition("#")[0].split()
    if pairs and ":" not in pairs[0]:
        _number(pairs.pop(0), at)
    if pairs and pairs[0].startswith("qid:"):
        del pairs[0]
    cells: list[Any] = [None if feature in contract.may_miss else ABSENT for feature in contract.features]
    named: set[int] = set()
    for pair in pairs:
        index, _, value = pair.partition(":")
        if not (index.isascii() and index.isdecimal() and len(index) < 10):
            raise Problem(400, f"line {at + 1} is not LIBSVM's text: an index is not a whole number")
        if int(index) >= len(cells):
            last = len(cells) - 1
            raise Problem(422, f"line {at + 1} has an index beyond {last}: the features are counted from 0 to {last}")
        if int(index) in named:
            raise Problem(422, f"line {at + 1} has the index {int(index)} twice")
        named.add(int(index))
        cells[int(index)] = _number(value, at)
    return cells


def _number(text: str, at: int) -> float:
    try:
        if not text.strip(_DECIMAL):  # float() would also take `nan`, `1_0` and digits of other scripts
            return float(text)
    except ValueError:
        pass
    raise Problem(400, f"line {at + 1} is not LIBSVM's text: a value is not a decimal number")
