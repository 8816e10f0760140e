"""NumPy's file format (`application/x-npy`): one array `[rows, features]`, in the order of the features.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

Booleans, integers and floats of either byte order, in C or Fortran order. Objects are pickles and are not opened. NaN
is a missing value.
"""

from __future__ import annotations

import struct
import sys
from array import array

import binary_rows
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contract import Contract
    from float32_rows import Batch
    from request import Request

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
"""Characters, as numpy itself limits what it evaluates."""

_CODES = {"f4": "f", "f8": "d", "f2": "e", "b1": "B",
          "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q"}  # fmt: skip
"""struct's letter for each of numpy's types."""


def batch(request: Request, contract: Contract) -> Batch:
    """Return the rows of a body.

    Raises:
        Problem: 400, 413 or 422, it is no such array, or has faults in its rows.
    """
    content = request.content()
    order, kind, fortran, shape, start = _header(content)
    width = len(contract.features)
    if len(shape) != 2 or shape[1] != width:
        raise Problem(
            422,
            f"the array must have the shape [rows, {width}], got {_shown(shape)}; a single row is reshape(1, {width})",
        )
    code = _CODES[kind]
    data = content[start:]
    if len(data) != struct.calcsize(f"={code}") * shape[0] * width:
        raise Problem(400, "the body is not a whole .npy file: its data do not fill its shape")
    if code == "f":
        values = array("f", data)
        if order != sys.byteorder:
            values.byteswap()
        return binary_rows.batch(values, shape[0], contract, fortran)
    sign = ">" if order == "big" else "<"
    cells = list(struct.unpack(f"{sign}{shape[0] * width}{code}", data))
    return binary_rows.listed(cells, shape[0], contract, fortran)


def _shown(shape: tuple[int, ...]) -> str:
    """Return a shape as a person reads it, of which a client may have sent any."""
    return f"{len(shape)} axes" if len(shape) != 2 else f"rows of {shape[1]}"


def _header(content: bytes) -> tuple[str, str, bool, tuple[int, ...], int]:
    """Return byte order, type, whether the order is Fortran's, shape, and where the data begin."""
    import ast

    try:
        major = content[6]
        size, start = ("<H", 10) if major == 1 else ("<I", 12)
        (length,) = struct.unpack_from(size, content, 8)
        if content[:6] != _MAGIC or major not in (1, 2, 3) or length > _LONGEST_HEADER:
            raise ValueError
        header = ast.literal_eval(content[start : start + length].decode("latin-1").strip())
        described, fortran, shape = header["descr"], header["fortran_order"], header["shape"]
        whole = all(type(size) is int and 0 <= size < 2**31 for size in shape)
        if set(header) != {"descr", "fortran_order", "shape"} or type(shape) is not tuple or not whole:
            raise ValueError
        if type(fortran) is not bool or (type(described) is not str and type(described) is not list):
            raise ValueError
    except (IndexError, KeyError, TypeError, ValueError, SyntaxError, struct.error, RecursionError, MemoryError):
        raise Problem(400, "the body is not a .npy file: its header is damaged") from None
    if type(described) is not str or described[1:] not in _CODES or described[0] not in "<>|=":
        raise Problem(422, "the array's type is not supported; send booleans, integers or floats of at most 8 bytes")
    order = "big" if described[0] == ">" else "little"
    return order, described[1:], fortran, shape, start + length
