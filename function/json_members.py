"""The members of a JSON object around its rows."""

from __future__ import annotations

from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_IDLE: dict[str, tuple[object, ...]] = {
    "signature_name": ("serving_default", None),
    "params": ({}, None),
    "parameters": ({}, None),
}
"""Members that clients of other servers send along, and the values with which they ask for nothing."""


def only(value: dict[str, Any], allowed: tuple[str, ...]) -> None:
    """Refuse members that nobody would read.

    Raises:
        Problem: 422.
    """
    others = value.keys() - set(allowed)
    if any(name not in _IDLE or value[name] not in _IDLE[name] for name in others):
        raise Problem(422, f"the body has members beside {', '.join(allowed)}; leave them out")


def no_repeated_keys(text: str | None, keys: int) -> None:
    """Refuse a text in which a key comes twice.

    Args:
        text: The JSON text; None if there is none, in which case no key can.
        keys: How many keys its parsed value has.

    Raises:
        Problem: 422.
    """
    # A colon too many may also stand inside a string: then the text is read again, slowly, to be sure.
    if text is not None and text.count(":") != keys:
        import faults

        faults.refuse_repeated_keys(text)
