"""Keeps copied text from becoming a formula when a person opens the result in a spreadsheet.

A cell that begins with = + - @ or a full-width form of them is a formula to Excel, LibreOffice and others, and so is
what follows a semicolon, a tab or a line's end within a cell where they take those for separators; blanks and quotes in
between do not help. An apostrophe in front makes it text. Numbers stay as they are.
https://owasp.org/www-community/attacks/CSV_Injection
"""

import re
from collections.abc import Sequence
from typing import Any

_FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?=[\s\x22]{0,40}[=+\-@\uff1d\uff0b\uff0d\uff20])", re.MULTILINE)
_NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|\.\d+)(?:[eE][+-]?\d+)?%?")


def disarmed(cells: Sequence[Any]) -> tuple[Sequence[Any], int]:
    """Cells that no spreadsheet computes, and how many of them had to be changed for that."""
    if not _FORMULA.search("\n".join(cell for cell in cells if isinstance(cell, str))):
        return cells, 0
    safe = [_disarmed(cell) if isinstance(cell, str) else cell for cell in cells]
    return safe, sum(one is not other for one, other in zip(cells, safe, strict=True))


def notice(changed: int) -> str:
    """What a person is told of it."""
    return f"{changed:,} copied cells begin with an apostrophe now: spreadsheets would take them for formulas"


def _disarmed(cell: str) -> str:
    return cell if _NUMBER.fullmatch(cell.strip()) or not _FORMULA.search(cell) else _FORMULA.sub("'", cell)
