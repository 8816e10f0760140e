"""Predictions in the other media types than JSON."""

from __future__ import annotations

import json
import sys
from array import array

import respond
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from contract import Contract
    from request import Request


def response(
    predicted: list[Any], header: Sequence[str] | None, request: Request, contract: Contract
) -> dict[str, Any]:
    """Return predictions in the media type that was chosen for the answer.

    Args:
        predicted: What there is to say of each row: a number, a list of numbers, a class or an object.
        header: Names of its columns, if it has names.
        request: The request.
        contract: The served model's contract.

    Raises:
        Problem: 406, names were asked for in a type that has numbers alone; 413, the answer would be too large.
    """
    kind = request.answer_type
    if kind == "text/csv":
        return respond.answer(_csv(predicted, header), kind, request, contract)
    if kind == "application/jsonlines":
        return respond.answer("".join(f"{json.dumps(row)}\n" for row in predicted), kind, request, contract)
    if header is not None:
        raise Problem(406, f"{kind} holds numbers without names; leave out answer=, or accept application/json")
    several = bool(predicted) and isinstance(predicted[0], list)
    values = array("f", [number for row in predicted for number in row] if several else predicted)
    if sys.byteorder == "big":
        values.byteswap()
    shape = (len(predicted), len(predicted[0])) if several else (len(predicted),)
    head = _npy_header(shape) if kind == "application/x-npy" else b""
    return respond.answer(head + values.tobytes(), kind, request, contract)


def _csv(predicted: list[Any], header: Sequence[str] | None) -> str:
    if header is None:
        several = bool(predicted) and isinstance(predicted[0], list)
        lines = [",".join(map(repr, row)) for row in predicted] if several else list(map(repr, predicted))
        return "".join(line + "\n" for line in lines)
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(_cells(row) for row in predicted)
    return text.getvalue()


def _cells(row: Any) -> list[Any]:
    """Return what an object holds, one level deep, as the cells of a line."""
    if not isinstance(row, dict):
        return [row]
    return [cell for value in row.values() for cell in (value.values() if isinstance(value, dict) else [value])]


def _npy_header(shape: tuple[int, ...]) -> bytes:
    """Return the head of a .npy file of version 1 of little-endian float32.

    https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    """
    described = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    described += " " * (-(10 + len(described) + 1) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(described).to_bytes(2, "little") + described.encode()
