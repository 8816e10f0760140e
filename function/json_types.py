"""JSON's words for the types of values, for messages that must not show the value."""

from __future__ import annotations

_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


def json_type(value: object) -> str:
    """Return JSON's name for the type of a parsed value."""
    return _NAMES.get(type(value), "a number")
