"""A file of JSON lines, each behind a checksum of its own: a damaged line is noticed, and the others still count."""

import json
import zlib
from pathlib import Path
from typing import Any


def line(content: Any) -> bytes:
    """One line of the journal."""
    text = json.dumps(content).encode()  # in ASCII, since a column's name may be no UTF-8
    return b"%08x %b\n" % (zlib.crc32(text), text)


def intact_lines(path: Path) -> list[tuple[Any, int]]:
    """What the intact lines hold, each with the byte at which it ends; nothing if there is no journal.

    A line without its end was being written when the run was killed, or when the disk was full.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    lines, end = [], 0
    for whole in content.split(b"\n")[:-1]:
        end += len(whole) + 1
        checksum, _, text = whole.partition(b" ")
        if checksum == b"%08x" % zlib.crc32(text):
            lines.append((json.loads(text), end))
    return lines
