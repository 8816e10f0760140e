"""Categories: their names, read out of the library's memory, and the codes that stand for them in a batch.

XGBoost 3.1 and newer remember for each categorical feature which names training saw, in the order of their codes. The
library shows them as Arrow does: strings as one block of UTF-8 with offsets, numbers as a plain array.
"""

from __future__ import annotations

import ctypes
import itertools
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


MAX_CODE = 2**24
"""Category codes are kept as float32, which counts without gaps up to here."""


def read(exported: bytes) -> list[list[object]]:
    """Return for each feature its category names in the order of their codes; empty for a number.

    Args:
        exported: The library's JSON: one entry for each feature, null for a number.
    """
    return [_names(entry) for entry in json.loads(exported)]


def _names(entry: dict[str, Any] | None) -> list[object]:
    if entry is None:
        return []
    if "offsets" not in entry:
        return list(_values(entry))
    text = _bytes(entry["values"])
    offsets = _values(entry["offsets"])
    return [text[start:end].decode() for start, end in itertools.pairwise(offsets)]


def _bytes(block: dict[str, Any]) -> bytes:
    """Copy the memory that an array interface describes (numpy's protocol, one axis)."""
    size = int(block["typestr"][2:]) * block["shape"][0]
    return ctypes.string_at(block["data"][0], size) if size else b""


def _values(block: dict[str, Any]) -> memoryview[int]:
    # Little-endian like every platform that the library is built for; b: signed, u: not.
    signed = {"1": "b", "2": "h", "4": "i", "8": "q"}
    kind = signed[block["typestr"][2:]]
    return memoryview(_bytes(block)).cast(kind.upper() if block["typestr"][1] == "u" else kind)  # type: ignore[call-overload, no-any-return]


def codes(column: list[Any], names: dict[object, int] | None) -> list[Any]:
    """Return the codes of a column of categories.

    Args:
        column: Category names; codes themselves if the model does not know the names.
        names: Code of each name; None for a model that was saved before XGBoost 3.1 and knows codes only.

    Raises:
        KeyError: A name or code is unknown.
        TypeError: A value cannot be a name or code.
    """
    if names is not None:
        return list(map(names.__getitem__, column))
    for code in column:
        if not 0 <= code < MAX_CODE or code != int(code):
            raise KeyError("not a category code")
    return column
