"""Direct invocations of something else than a bare list of records.

An object is one record, or any other JSON form that `POST /` takes; or a batch of Step Functions' Distributed Map
(batch.py); or it is an event by which people keep a function warm, which is answered and leaves no line in the log.
"""

from __future__ import annotations

import parse
import predict
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract

_MARKS = ("warmup", "warmer", "warm_up", "keep_warm", "keepwarm", "wakeup", "ping")
"""Keys of events that warmers of other makes send, in lower case."""

_SOURCES = ("aws.events", "aws.scheduler", "warm")
"""How the `source` of a scheduled rule begins, or what that of a plug-in contains."""


def is_warm_up(event: Any, contract: Contract) -> bool:
    """Tell whether an event only wants the function to be awake: nothing in it is a feature, and it says so.

    Scheduled rules of EventBridge have `"source": "aws.events"`, serverless-plugin-warmup has its own name there,
    lambda-warmer `{"warmer": true}`; a console or a scheduler without a payload sends an empty object or null.
    """
    if event is None or event == "":
        return True
    if not isinstance(event, dict) or not contract.known.isdisjoint(event):
        return False
    source = event.get("source")
    said = isinstance(source, str) and any(mark in source.lower() for mark in _SOURCES)
    marked = any(isinstance(key, str) and key.lower() in _MARKS and event[key] for key in event)
    return said or marked or (not event and not contract.may_be_absent)


def answer(event: Any, contract: Contract) -> tuple[Any, int]:
    """Return the answer to an object, and the number of rows that were predicted.

    Raises:
        Problem: 422, it cannot be predicted.
    """
    if not isinstance(event, dict):
        raise Problem(422, "a direct invocation takes a JSON array of records, or one record")
    if isinstance(event.get("Items"), list) and "Items" not in contract.known:
        import batch

        return batch.answer(event, contract)
    rows, wrapped = parse.json_rows(event, contract, None, positional=False)
    predicted = predict.predictions(rows, contract)
    return ({"predictions": predicted} if wrapped else predicted), rows.rows
