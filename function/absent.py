"""What stands in a row for a feature that was not given at all."""

from __future__ import annotations


class _Absent:
    """The type of `ABSENT`."""


ABSENT = _Absent()
