"""Rows and predictions as NumPy's files of float32, which cost the endpoint no parsing.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import sys
from array import array
from collections.abc import Sequence
from math import nan
from typing import Any

from ml_inference_client.errors import InferenceError

MEDIA_TYPE = "application/x-npy"

_MAGIC = b"\x93NUMPY\x01\x00"


def body(columns: Sequence[Sequence[Any]]) -> bytes:
    """The array `[rows, features]`, column after column.

    Args:
        columns: Numbers within float32, one list a feature, all of one length; None for a missing value.
    """
    described = f"{{'descr': '<f4', 'fortran_order': True, 'shape': ({len(columns[0])}, {len(columns)}), }}"
    described += " " * (-(10 + len(described) + 1) % 64) + "\n"
    values = array("f")
    for column in columns:
        values.extend(array("f", [nan if value is None else value for value in column] if None in column else column))
    if sys.byteorder == "big":
        values.byteswap()
    return _MAGIC + len(described).to_bytes(2, "little") + described.encode() + values.tobytes()


def predictions(content: bytes, rows: int, width: int) -> list[Any]:
    """The predictions in an answer: a number a row, or a list of `width` numbers.

    Raises:
        InferenceError: It is none, or of another number of rows or columns.
    """
    start = 10 + int.from_bytes(content[8:10], "little")
    if not content.startswith(_MAGIC) or len(content) != start + 4 * rows * width:
        raise InferenceError(f"the endpoint did not answer {rows} rows with as many predictions")
    values = array("f", content[start:])
    if sys.byteorder == "big":
        values.byteswap()
    numbers = values.tolist()
    return numbers if width == 1 else [numbers[at : at + width] for at in range(0, len(numbers), width)]
