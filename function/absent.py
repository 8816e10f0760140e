"""What stands in a row for a feature that was not given at all, and for a category that training never saw."""

from __future__ import annotations

import struct


class _Absent:
    """The type of `ABSENT`."""


ABSENT = _Absent()

UNSEEN: float = struct.unpack("<f", b"\x01\x00\xc0\x7f")[0]
"""NaN, as the library takes it, with a bit by which drift.py tells an unseen category from a missing value."""
