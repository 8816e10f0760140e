"""Lines of bare numbers, as most CSV is: read as JSON, many lines at a time, without a look at any of them.

Whatever else a line may hold goes the ordinary way (csv_body.py).
"""

from __future__ import annotations

import json
import struct
from array import array

import json_text
from float32 import all_finite, to_bytes

_NUMERALS = b"0123456789+-.eE"


def numbers(text: str, width: int) -> array[float] | None:
    """Return the numbers of lines as float32, line after line.

    Args:
        text: Lines that end with LF, the last one perhaps without.
        width: How many numbers a line must have.

    Returns:
        The numbers; None if a line has another width, or anything but numbers that JSON and float32 have.
    """
    if not text.isascii():
        return None
    loads = (json_text.ORJSON.to_parse(text) or json).loads
    content = text.encode() + b"\n"
    line = b"," * (width - 1) + b"\n"
    values = array("f")
    start = 0
    while start < len(content):
        end = content.find(b"\n", start + json_text.PIECE) + 1 or len(content)
        piece = content[start:end]
        left = piece.translate(None, _NUMERALS)
        if left != line * (len(left) // width):
            return None
        try:  # bare numbers are JSON's but for forms like `+1`, `.5` and `007`
            values.frombytes(to_bytes(loads(b"[" + piece[:-1].replace(b"\n", b",") + b"]")))
        except (ValueError, OverflowError, struct.error):
            return None
        start = end
    return values if all_finite(values) else None
