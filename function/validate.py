"""From parsed records to the float32 matrix that XGBoost predicts, or a refusal.

The good request pays for four cheap questions about the whole body; only when one of them is answered badly does
faults.py look at every value to say what is wrong. Leaves out reading the body (parse.py).
"""

from __future__ import annotations

from array import array
from itertools import chain
from math import isfinite

from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract


def matrix(records: Any, contract: Contract, text: str | None = None) -> array[float]:
    """Return the records' features as a row-major matrix of float32.

    Args:
        records: What should be a list of objects, each with every feature and nothing else.
        contract: The served model's contract.
        text: The JSON text that the records were parsed from; None if there is none, as in a direct invocation.

    Raises:
        Problem: 422, with row and field of the first faults.
    """
    if not isinstance(records, list):
        raise Problem(422, f"the body must be a JSON array of records, got {json_type(records)}")
    if text is not None:
        values = _fill(records, contract)
        if values is not None and _text_is_plain(text, len(records), contract) and all_finite(values):
            return values
    import faults

    faults.refuse(records, contract, text)
    return array("f", chain.from_iterable(map(contract.pick, records)))


def _fill(records: list[Any], contract: Contract) -> array[float] | None:
    try:
        return array("f", chain.from_iterable(map(contract.pick, records)))
    except (KeyError, TypeError, OverflowError, IndexError):
        return None


def _text_is_plain(text: str, rows: int, contract: Contract) -> bool:
    """Tell whether the text holds neither booleans nor keys beyond one for each row and feature.

    Known already: each row has every feature, each with a number or a boolean. Then every colon ends a key, so that
    as many colons as rows times features rule out unknown and repeated keys without a look at any of them.
    """
    return (
        contract.names_without_colon
        and text.count(":") == rows * len(contract.features)
        and "true" not in text
        and "false" not in text
    )


def all_finite(values: array[float]) -> bool:
    """Tell whether no value is NaN or infinite (6 MB of float32 cannot overflow a double's sum)."""
    return isfinite(sum(values))


def json_type(value: object) -> str:
    """Return JSON's name for the type of a parsed value, for messages that must not show the value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
