"""What stands in a batch for a category that training never saw."""

from __future__ import annotations

import struct

UNSEEN: float = struct.unpack("<f", b"\x01\x00\xc0\x7f")[0]
"""NaN, as the library takes it, with a bit by which drift.py tells an unseen category from a missing value."""
