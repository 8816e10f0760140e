"""Property values between the provider protocol and plain Python."""

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime.rpc import UNKNOWN

Wire = dict[str, PropertyValue]
"""Properties as they come over the protocol, secrets and unknowns marked."""


def plain(value: PropertyValue) -> Any:
    """A value without its marks: secrets laid open, whole numbers as int (the wire knows only floats)."""
    inner = value.value
    if isinstance(inner, Mapping):
        return plain_map(inner)
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    return UNKNOWN if isinstance(inner, Computed) else inner


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """The same for a whole map; properties that are null are left out, as if they had not been given."""
    return {key: plain(value) for key, value in values.items() if value.value is not None}


def wire(value: Any) -> PropertyValue:
    """The value of the protocol for a plain one."""
    if isinstance(value, Mapping):
        return PropertyValue({key: wire(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([wire(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def wire_map(values: Mapping[str, Any]) -> Wire:
    """The same for a whole map."""
    return {key: wire(value) for key, value in values.items()}


def marked(values: Mapping[str, Any], like: Mapping[str, PropertyValue]) -> Wire:
    """Plain values on the wire; one that is unchanged from `like` keeps the mark of a secret there."""
    return {
        key: like[key] if key in like and plain(like[key]) == value else wire(value) for key, value in values.items()
    }


def is_unknown(value: Any) -> bool:
    """Whether a plain value, or anything within it, is to be known only after the deployment."""
    if isinstance(value, Mapping):
        return any(map(is_unknown, value.values()))
    if isinstance(value, list):
        return any(map(is_unknown, value))
    return isinstance(value, str) and value == UNKNOWN
