"""JSON records straight into numbers, for a process that reads many: msgspec decodes them without a dict for each.

Only records that are right in every respect are read here. Whatever msgspec refuses, and whatever it would let through
that is no record of numbers, each feature once, goes the ordinary way (parse.py), which alone words a refusal.
"""

from __future__ import annotations

import struct
from array import array
from itertools import starmap

import json_text
import validate
from float32 import all_finite
from float32_rows import Batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from contract import Contract

MSGSPEC_AFTER = 4_000_000
"""Characters that a process parses, in all, before it imports msgspec: it saves some 3 ns a character of records, and
its import takes 12 ms."""

WIDEST = 128
"""Features of a model up to which records are read so: msgspec looks for a key among all of them, one by one, if the
keys of a record do not stand in their order."""


class Structs:
    """msgspec and its decoder of one contract's records, once it pays to have them.

    Attributes:
        contract: The contract that the decoder is for.
        decode: Takes a text to its records; None as long as there is no decoder.
        astuple: Takes a record to its numbers in the order of the features.
        pack: Takes these to the bytes of float32.
        refusals: What msgspec raises for records that it does not take.
    """

    __slots__ = ("astuple", "contract", "decode", "pack", "refusals")

    def __init__(self) -> None:
        self.contract: Contract | None = None
        self.decode: Callable[[str], list[Any]] | None = None
        self.astuple: Callable[[Any], tuple[float, ...]] = tuple
        self.pack = struct.pack
        self.refusals: type[Exception] = ValueError

    def to_parse(self, text: str, contract: Contract) -> Callable[[str], list[Any]] | None:
        """Return the decoder if a text that is about to be parsed makes it worth while, or an earlier one did."""
        if self.contract is not contract and json_text.ORJSON.parsed + len(text) >= MSGSPEC_AFTER:
            self.load(contract)
        return self.decode

    def load(self, contract: Contract) -> None:
        """Make the decoder of a contract's records; a contract whose records need another look gets none."""
        self.contract, self.decode = contract, None
        if not contract.only_numbers or contract.indicators or len(contract.features) > WIDEST:
            return
        from msgspec import MsgspecError, defstruct, json, structs

        self.astuple, self.refusals = structs.astuple, MsgspecError
        self.pack = struct.Struct(f"{len(contract.features)}f").pack
        fields = {f"f{at}": name for at, name in enumerate(contract.features)}
        typed = [(field, float) for field in fields]
        try:
            record = defstruct("Record", typed, rename=fields, forbid_unknown_fields=True, gc=False)
        except ValueError:  # a name that JSON writes with escapes
            return
        self.decode = json.Decoder(list[record]).decode  # type: ignore[valid-type]


STRUCTS = Structs()


def batch(text: str, contract: Contract) -> Batch | None:
    """Return the rows of a text of records; None if it has to be read the ordinary way.

    Raises:
        Problem: 413, the text has too many arrays and objects.
    """
    decode = STRUCTS.to_parse(text, contract)
    if decode is None:
        return None
    json_text.refuse_too_many(text)
    values, rows = array("f"), 0
    try:
        for piece in _pieces(text):
            found = decode(piece)
            if rows and not found:  # the text ends with a comma
                return None
            values.frombytes(b"".join(starmap(STRUCTS.pack, map(STRUCTS.astuple, found))))
            rows += len(found)
    except (STRUCTS.refusals, ValueError, OverflowError, RecursionError, struct.error):
        return None
    # msgspec takes the last of repeated keys.
    return Batch(values, rows) if validate.spells_no_more_keys(text, rows, contract) and all_finite(values) else None


def _pieces(text: str) -> Iterator[str]:
    """Yield the records of a text, cut where a comma follows one of them, as arrays.

    If all of them are arrays of records, none but the last one empty, then the text is the array of all these records,
    and no cut was within a name.
    """
    start = 1
    while end := text.find("}", start + json_text.PIECE) + 1:
        if text[end : end + 1] != ",":
            break
        yield f"[{text[start:end]}]"
        start = end + 1
    yield f"[{text[start:]}"
