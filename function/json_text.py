"""JSON text and its value.

Decisions: JSON is RFC 8259's, of which NaN and Infinity are let through so that they can be refused by row and field.
The standard library reads and writes what a process gets first; orjson, whose import costs as much as a cold start,
does once so much was read and written that it pays.
"""

from __future__ import annotations

import json

import limits
from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

ORJSON_AFTER = 800_000
"""Characters that a process parses with the standard library, in all, before it imports orjson: it saves some 60
instructions a character, and its import takes 47 million."""

PREDICTION = 120
"""Characters that writing a prediction counts for: orjson saves 7,000 instructions of each."""

PIECE = 64 * 1024
"""Characters that are parsed at a time where a text can be cut: the objects that come of them stay in the processor's
cache, and within memory that Python need not ask the system for, page by page, at each request."""

LARGE = 4 * 1024 * 1024
"""Characters from which arrays and objects are counted before a body is parsed; fewer cannot unfold to much."""


class Orjson:
    """orjson, which a process imports once it pays, and from then on uses for texts of every length.

    Attributes:
        module: orjson once it is imported, None before; who has something to write uses it only when it is there.
        parsed: Characters that were parsed, with it or without.
        written: Predictions that were written, with it or without.
    """

    __slots__ = ("module", "parsed", "written")

    def __init__(self) -> None:
        self.module: ModuleType | None = None
        self.parsed = 0
        self.written = 0

    def to_parse(self, text: str) -> ModuleType | None:
        """Return orjson if a text that is about to be parsed makes it worth while, or something earlier did."""
        self.parsed += len(text)  # two threads at once may lose a count, which only delays the import
        return self._once_it_pays()

    def to_write(self, predictions: int) -> ModuleType | None:
        """Return orjson if so many predictions that are about to be written make it worth while, or earlier ones did.

        Nothing is parsed of a binary body: without this, a process that gets no others would never have it.
        """
        self.written += predictions
        return self._once_it_pays()

    def _once_it_pays(self) -> ModuleType | None:
        if self.module is None and self.parsed + PREDICTION * self.written >= ORJSON_AFTER:
            self.load()
        return self.module

    def load(self) -> None:
        """Import it."""
        import orjson

        self.module = orjson


ORJSON = Orjson()


def json_value(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        Problem: 400 if the text is not JSON, or its nesting or one of its integers is beyond all measure; 413 if it has
            more arrays and objects than `limits.MAX_ROWS`.
    """
    refuse_too_many(text)
    parser = ORJSON.to_parse(text)
    if parser:
        try:
            return parser.loads(text)
        except parser.JSONDecodeError:
            pass  # The standard parser has the last word, so that one body has one answer at every length.
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, f"the body is not valid JSON at {where}") from None
    except RecursionError:
        raise Problem(400, "the body's JSON is nested too deeply; send an array of flat records") from None
    except ValueError:  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise Problem(400, "the body's JSON holds an integer of thousands of digits") from None


def refuse_too_many(text: str) -> None:
    """Refuse a text with more arrays and objects than `limits.MAX_ROWS`, before it is parsed.

    Raises:
        Problem: 413.
    """
    if len(text) > LARGE and text.count("{") + text.count("[") > limits.MAX_ROWS:
        raise limits.too_many_rows()
