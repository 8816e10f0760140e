"""What every form of a body has to keep to."""

from __future__ import annotations

from problem import Problem

MAX_ROWS = 2**18
"""Rows of a request, and arrays and objects of a JSON body. Predictions of more rows would exceed Lambda's 6 MB, and
6 MB of `{},` the function's memory."""


def too_many_rows() -> Problem:
    """Return the refusal of a body with more rows than `MAX_ROWS`."""
    return Problem(413, f"the body has more than {MAX_ROWS} rows, arrays or objects; send fewer rows at a time")
