"""Numbers as float32, which is what XGBoost computes with."""

from __future__ import annotations

import struct
from array import array
from math import isfinite

LARGEST = 3.4028234663852886e38
"""The largest float32."""


def pack(cells: list[float]) -> array[float]:
    """Return numbers as float32; beyond its range they become infinite.

    Raises:
        OverflowError: A whole number is beyond a double.
        struct.error: A cell is no number.
    """
    return array("f", to_bytes(cells))


def to_bytes(cells: list[float]) -> bytes:
    """Return numbers as the bytes of float32; the rest as for `pack`."""
    # It takes half the time of `array("f", cells)`, which asks for each number by itself.
    return struct.pack(f"{len(cells)}f", *cells)


def all_finite(values: array[float]) -> bool:
    """Tell whether no value is NaN or infinite."""
    # A float32's last byte is 7f or ff from 1.7e38 on, for infinity and for NaN: seldom has a value to be looked at.
    highest = values.tobytes()[3::4]
    if b"\x7f" not in highest and b"\xff" not in highest:
        return True
    return isfinite(sum(values))  # 10 MB of float32 cannot overflow a double's sum
