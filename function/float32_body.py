"""A raw float32 body (`application/x-float32`): little-endian, row after row, values in the order of the features.

The fastest form of many rows: nothing is parsed. NaN is a missing value.
"""

from __future__ import annotations

import sys
from array import array

import binary_rows
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contract import Contract
    from float32_rows import Batch
    from request import Request


def batch(request: Request, contract: Contract) -> Batch:
    """Return the rows of a body.

    Raises:
        Problem: 400, 413 or 422, it is not whole rows, or has faults in them.
    """
    content = request.content()
    width = len(contract.features)
    if len(content) % (4 * width):
        raise Problem(
            422,
            f"the body has {len(content)} bytes, and a row has {4 * width}: {width} float32 value(s); send whole rows",
        )
    values = array("f", content)
    if sys.byteorder == "big":
        values.byteswap()
    return binary_rows.batch(values, len(content) // (4 * width), contract)
