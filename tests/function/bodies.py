"""Bodies out of which hostile requests are put together, for a model of "income", "age" and "height: cm"."""

from __future__ import annotations

import gzip
import zlib

MEBIBYTE = 1024 * 1024

GOOD = '{"income": 1, "age": 2, "height: cm": 3}'


def with_age(value: str) -> str:
    """Return a good record but for one value, which is any JSON text."""
    return f'[{{"income": 1, "age": {value}, "height: cm": 3}}]'


def sized(start: str, middle: str, end: str, size: int = 6 * MEBIBYTE) -> str:
    """Return a text of `size` bytes that repeats its middle."""
    return start + middle * ((size - len(start) - len(end)) // len(middle)) + end


def packed(text: str) -> bytes:
    """Return a text as gzip."""
    return gzip.compress(text.encode(), mtime=0)


def zeros(size: int) -> bytes:
    """Return gzip that unpacks to `size` bytes of white space."""
    packer = zlib.compressobj(9, wbits=31)
    chunk = b" " * MEBIBYTE
    return b"".join(packer.compress(chunk) for _ in range(size // MEBIBYTE)) + packer.flush()


def npy(kind: str, shape: tuple[int, int], rubbish: str = "") -> bytes:
    """Return a .npy file of zeros, with rubbish before its header."""
    described = f"{rubbish}{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(118) + "\n"
    size = int(kind[2:]) * shape[0] * shape[1]
    return b"\x93NUMPY\x01\x00" + len(described).to_bytes(2, "little") + described.encode() + bytes(size)
