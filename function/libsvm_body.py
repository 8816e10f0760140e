"""LIBSVM's text (`text/libsvm`): a row a line, `label index:value index:value ...`.

Indices count the features from 0, as XGBoost does. The label may be left out, and is read over, as are `qid:` and
comments after `#`. What a line does not name is missing, as in XGBoost, so that it is refused unless the deployment
allows it.
"""

from __future__ import annotations

import limits
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from contract import Contract
    from float32_rows import Batch
    from request import Request

_DECIMAL = "0123456789+-.eE"


def batch(request: Request, contract: Contract) -> Batch:
    """Return the rows of a body.

    Raises:
        Problem: 400, 413 or 422, a line is not of this form, or has faults, or there are too many of them.
    """
    text = request.text().replace("\r\n", "\n").rstrip("\n")
    if text.count("\n") >= limits.MAX_ROWS:
        raise limits.too_many_rows()
    if not text:
        raise Problem(422, "the body holds no rows; send at least one line of index:value pairs")
    lines = text.split("\n")
    given: dict[int, tuple[list[int], list[Any]]] = {}
    for row, line in enumerate(lines):
        for index, value in _pairs(line, row, contract):
            rows, values = given.setdefault(index, ([], []))
            if rows and rows[-1] == row:
                raise Problem(422, f"line {row + 1} has the index {index} twice")
            rows.append(row)
            values.append(value)
    may_lack = contract.may_be_absent | contract.may_miss
    needed = [index for index, feature in enumerate(contract.features) if feature not in may_lack]
    if any(index not in given or len(given[index][0]) < len(lines) for index in needed):
        import faults

        faults.refuse_absent(given, len(lines), needed, contract)
    import closer_look

    return closer_look.given(given, len(lines), contract)


def _pairs(line: str, at: int, contract: Contract) -> Iterator[tuple[int, float]]:
    """Yield index and value of each pair of a line."""
    pairs = line.partition("#")[0].split()
    labelled = bool(pairs) and ":" not in pairs[0]
    if labelled:
        _number(pairs.pop(0), at)
    if pairs and pairs[0].startswith("qid:"):
        del pairs[0]
    last = -1
    for position, pair in enumerate(pairs):
        text, _, value = pair.partition(":")
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise Problem(400, f"line {at + 1} is not LIBSVM's text: an index is not a whole number")
        index = int(text)
        if position == 1 and not labelled and index < last:
            # `1:0.5 0:7` may be a label with a weight, as XGBoost reads it; indices in order are none.
            raise Problem(
                400, f"line {at + 1} begins with a pair out of order; leave out a label's weight, or the label"
            )
        if index >= len(contract.features):
            most = len(contract.features) - 1
            raise Problem(422, f"line {at + 1} has an index beyond {most}: the features are counted from 0 to {most}")
        last = index
        yield index, _number(value, at)


def _number(text: str, at: int) -> float:
    try:
        if not text.strip(_DECIMAL):  # float() would also take `nan`, `1_0` and digits of other scripts
            return float(text)
    except ValueError:
        pass
    raise Problem(400, f"line {at + 1} is not LIBSVM's text: a value is not a decimal number")
