"""Batches of a Distributed Map: rows out of S3, as Step Functions hands them to a worker.

    {"BatchInput": {"format": "csv", "keep": ["id"]}, "Items": [{"index": 0, "row": {"id": "a7", "alcohol": "11.4"}}]}

is answered, row for row and in their order, by

    [{"index": 0, "keep": {"id": "a7"}, "prediction": 5.25}]

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html

Rows of CSV come as objects of texts, which mean what the same texts mean in a CSV body; all others are records of JSON.
The mark that Excel puts before the first name of a file's header is read over, as in a CSV body.
A row that cannot be predicted has its `faults` in the prediction's place and spoils no other. Columns that no row can
have, and a model other than the one that the run was started for, are refused: that is no fault of a row, and ought to
end the run early.
"""

from __future__ import annotations

from itertools import repeat
from operator import itemgetter

import csv_body
import limits
import predict
import validate
from feature_order import feature_order
from problem import Fault, Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from contract import Contract
    from float32_rows import Batch

FORMATS = ("csv", "json")
"""What `format` may say: whether values are the texts of CSV, or JSON's own."""

MOST_FAULT_CHARACTERS = 100_000
"""Characters of all faults of a batch: less than half of the 262,144 bytes that a payload may have."""

FAULT_CHARACTERS = 120
"""Characters of a fault beside its sentence: member names, a code, a feature's name."""

_MARK = "\ufeff"

_MEMBERS = ("format", "keep", "model_version")


def answer(event: dict[str, Any], contract: Contract) -> tuple[list[dict[str, Any]], int]:
    """Return an answer for each row, and how many of them were predicted.

    Raises:
        Problem: 413 or 422, the batch as a whole cannot be predicted.
    """
    items = event["Items"]
    said = event.get("BatchInput") or {}
    if set(event) - {"Items", "BatchInput"} or not isinstance(said, dict) or set(said) - set(_MEMBERS):
        raise Problem(422, f"a batch has Items, and BatchInput with no more than {', '.join(_MEMBERS)}")
    if len(items) > limits.MAX_ROWS:
        raise limits.too_many_rows()
    if said.get("format", "json") not in FORMATS:
        raise Problem(422, f"the format of a batch must be {' or '.join(FORMATS)}")
    if said.get("model_version") not in (None, "", contract.version):
        raise Problem(
            422, f"the run was started for another model than {contract.version}, which is served now; start it again"
        )
    kept = _kept(said.get("keep"))
    texts = said.get("format") == "csv"
    indices, rows = _unpacked(items)
    if texts:
        rows = _unmarked(rows, contract)
    answers: list[dict[str, Any]] = [{} if index is None else {"index": index} for index in indices]
    if kept:
        for given, row in zip(answers, rows, strict=True):
            given["keep"] = {name: row[name] for name in kept if name in row} if isinstance(row, dict) else {}
    aside = frozenset(kept) - contract.known
    predicted = 0
    for at, read in _readers(rows, aside, texts, contract):
        predicted += _predict(at, [rows[place] for place in at], read, contract, answers)
    if predicted < len(answers):
        _shorten_faults(answers)
    return answers, predicted


def _kept(names: object) -> list[str]:
    if names is None:
        return []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Problem(422, "keep must be an array of the names of columns")
    return names


def _unpacked(items: list[Any]) -> tuple[Any, list[Any]]:
    """Return the rows' places in the whole input, where the engine was asked to say them, and the rows."""
    if items and isinstance(items[0], dict) and items[0].keys() == {"index", "row"}:
        try:
            return [item["index"] for item in items], [item["row"] for item in items]
        except (KeyError, TypeError):
            raise Problem(422, "either all rows of a batch have an index, or none") from None
    return repeat(None, len(items)), items


def _unmarked(rows: list[Any], contract: Contract) -> list[Any]:
    """Return rows of CSV without a byte order mark in a column's name, unless the model has learnt that name."""
    headers = {tuple(row) for row in rows if isinstance(row, dict)}
    marked = {name for header in headers for name in header if name[:1] == _MARK} - contract.known
    if not marked:
        return rows
    return [
        {name[1:] if name in marked else name: value for name, value in row.items()} if isinstance(row, dict) else row
        for row in rows
    ]


if TYPE_CHECKING:
    Reader = Callable[[list[Any]], Batch]


def _readers(rows: list[Any], aside: frozenset[str], texts: bool, contract: Contract) -> list[tuple[list[int], Reader]]:
    """Return the places of rows that are read alike, and how; CSV rows of one file have one header.

    Raises:
        Problem: 422, no row has the columns that the model needs.
    """
    if not texts:

        def read(found: list[Any]) -> Batch:
            if aside:
                found = [_without(aside, row) if isinstance(row, dict) else row for row in found]
            return validate.records(found, contract)

        return [(list(range(len(rows))), read)]
    headers: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        headers.setdefault(tuple(row) if isinstance(row, dict) else (), []).append(place)
    readers, refusals = [], []
    for header, places in headers.items():
        try:
            readers.append((places, _csv_reader(header, aside, contract)))
        except Problem as refusal:
            refusals.append(refusal)
            readers.append((places, _refusing(refusal)))
    if refusals and len(refusals) == len(headers):
        raise refusals[0]
    return readers


def _csv_reader(header: tuple[str, ...], aside: frozenset[str], contract: Contract) -> Reader:
    columns = [name for name in header if name not in aside]
    order = feature_order([csv_body.name_of(name, contract) for name in columns], contract, shown=True)
    pick: Callable[[dict[str, Any]], Any]
    pick = itemgetter(*columns) if len(columns) > 1 else lambda row: tuple(row[name] for name in columns)

    def read(found: list[Any]) -> Batch:
        lines = [pick(row) for row in found]
        try:
            return validate.table(csv_body.values(lines, order, contract), order, contract)
        except AttributeError:  # a value that is no text, which no CSV file has
            raise Problem(422, "a row of CSV has a value that is no text") from None

    return read


def _refusing(refusal: Problem) -> Reader:
    def read(_found: list[Any]) -> Batch:
        raise refusal

    return read


def _without(aside: frozenset[str], row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in aside}


def _predict(
    places: list[int], rows: list[Any], read: Reader, contract: Contract, answers: list[dict[str, Any]]
) -> int:
    """Put a prediction or its faults into each row's answer; return how many were predicted.

    All rows are tried at once. Only if that fails is each one read alone, to find the bad ones, and the good ones are
    predicted together; if even that fails, as one of them has no finite prediction, each is predicted alone.
    """

    def together(at: list[int]) -> bool:
        try:
            predicted = predict.predictions(read([rows[place] for place in at]), contract)
        except Problem:
            return False
        for place, value in zip(at, predicted, strict=True):
            answers[places[place]]["prediction"] = value
        return True

    def alone(at: int, *, only_read: bool) -> bool:
        try:
            batch = read([rows[at]])
            if not only_read:
                (answers[places[at]]["prediction"],) = predict.predictions(batch, contract)
        except Problem as refusal:
            answers[places[at]]["faults"] = _of_row(refusal)
            return False
        return True

    good = list(range(len(rows)))
    if not together(good):
        good = [at for at in good if alone(at, only_read=True)]
        if not together(good):
            good = [at for at in good if alone(at, only_read=False)]
    return len(good)


def _shorten_faults(answers: list[dict[str, Any]]) -> None:
    """Leave of many faults one a row, without its sentence: the answer has to fit into a payload of Step Functions."""
    faults = [fault for answer in answers for fault in answer.get("faults", ())]
    if sum(len(fault["message"]) + FAULT_CHARACTERS for fault in faults) <= MOST_FAULT_CHARACTERS:
        return
    for answer in answers:
        if "faults" in answer:
            answer["faults"] = [{key: value for key, value in answer["faults"][0].items() if key != "message"}]


def _of_row(refusal: Problem) -> list[dict[str, Any]]:
    """Return the faults of the only row, which needs no number; a refusal without any is one itself."""
    faults = [Fault(None, fault.field, fault.code, fault.message) for fault in refusal.faults]
    return [fault.members() for fault in faults or [Fault(None, None, "refused", refusal.detail)]]
