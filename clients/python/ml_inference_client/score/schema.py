"""What the model takes, as its card (`GET /`) tells, and what a cell of a table becomes for it.

The endpoint has the last word on every value. What it would surely refuse is found here first, because it names only a
few faults an answer and a large file may have many.
"""

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ml_inference_client.errors import InferenceError

Value = float | int | str | None
"""What is sent for a feature."""

MOST_LISTED = 20
"""Categories that a message names."""

_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")

SURELY_FLOAT32 = 3.4e38
"""Values below need no closer look; the endpoint takes what float32 holds."""


@dataclass(frozen=True)
class Fault:
    """Why a row has no prediction; holds no value.

    Attributes:
        field: The column; empty if the whole row is meant.
        code: A word for programs, the endpoint's own where it has one.
        message: A sentence.
    """

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Feature:
    """One feature of the model.

    Attributes:
        name: Its name, also that of its column.
        takes_text: Whether its values are names of categories.
        may_miss: Whether a value may be missing.
        categories: All that a cell may name; empty where there are none or any may come.
        is_number: Whether its values are numbers and stand for nothing else.
        takes_booleans: Whether true and false will do for 1 and 0.
        may_be_absent: Whether the table may lack its column.
    """

    name: str
    takes_text: bool = False
    may_miss: bool = False
    categories: frozenset[Any] = frozenset()
    is_number: bool = True
    takes_booleans: bool = False
    may_be_absent: bool = False

    def column(self, cells: Sequence[Any]) -> list[Value] | None:
        """All cells as values, quickly; None if any deserves a closer look."""
        if self.takes_text:
            texts = [str(cell) for cell in cells]
            return None if None in cells or "" in cells or not self._all_known(texts) else list(texts)
        first = cells[0] if cells else None
        try:
            if isinstance(first, str) and not _plain("".join(cells)):
                return None
            numbers: list[float] = list(map(float, cells))
        except (ValueError, TypeError, OverflowError):
            return None
        fine = (self.takes_booleans or not isinstance(first, bool)) and isfinite(sum(numbers))
        fine = fine and max(map(abs, numbers), default=0.0) < SURELY_FLOAT32 and self._all_known(numbers)
        return list(numbers) if fine else None

    def value(self, cell: Any) -> Value | Fault:
        """One cell as a value, or what is wrong with it."""
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return (
                None if self.may_miss else self._fault("missing_value", "the cell is empty; the model needs a number")
            )
        if self.takes_text:
            return str(cell) if self._all_known([str(cell)]) else self._unknown_category()
        if (isinstance(cell, bool) and not self.takes_booleans) or (isinstance(cell, str) and not _plain(cell)):
            return self._not_a_number(cell)
        try:
            number = float(cell)
            fits = isfinite(array("f", (number,))[0])
        except (ValueError, TypeError):
            return self._not_a_number(cell)
        except OverflowError:
            fits = False
        if number != number and self.may_miss:  # NaN, as data frames write a missing value
            return None
        if not self._all_known([number]):
            return self._unknown_category()
        return number if fits else self._fault("out_of_range", "must be a finite number within float32")

    def _all_known(self, values: Sequence[Any]) -> bool:
        return not self.categories or self.categories.issuperset(values)

    def _unknown_category(self) -> Fault:
        first = ", ".join(map(repr, sorted(self.categories, key=str)[:MOST_LISTED]))
        more = len(self.categories) - MOST_LISTED
        return self._fault(
            "unknown_category", f"must be a category of training: {first}{f' and {more} more' if more > 0 else ''}"
        )

    def _not_a_number(self, cell: Any) -> Fault:
        comma = isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell.strip())
        return self._fault("not_a_number", f"the cell is not a number{'; decimals need a point' if comma else ''}")

    def _fault(self, code: str, message: str) -> Fault:
        return Fault(self.name, code, message)


def _plain(text: str) -> bool:
    """Whether text may be read as numbers: Python also takes 1_000 and other scripts' digits, its author may not."""
    return "_" not in text and text.isascii()


def features_of(card: Any) -> list[Feature]:
    """The features that a model card lists, in its order.

    Raises:
        InferenceError: It lists none.
    """
    listed = card.get("features") if isinstance(card, Mapping) else None
    if not isinstance(listed, list) or not listed:
        raise InferenceError("the endpoint's card (GET /) lists no features; is it a model endpoint of this project?")
    return [_feature(entry) for entry in listed]


def _feature(entry: Any) -> Feature:
    if isinstance(entry, str):
        return Feature(entry)
    kind, categories = entry.get("type"), entry.get("categories") or ()
    return Feature(
        entry["name"],
        takes_text=kind == "category" and all(isinstance(name, str) for name in categories),
        may_miss=bool(entry.get("may_be_null")),
        categories=frozenset(() if entry.get("may_be_unseen") else categories),
        is_number=kind != "category",
        takes_booleans=kind == "number or boolean",
        may_be_absent=bool(entry.get("may_be_absent")),
    )


def predicted_columns(card: Mapping[str, Any]) -> list[str]:
    """Names of the columns of a prediction: one, or one for each class or output."""
    outputs = card.get("outputs", 1)
    if not isinstance(outputs, int) or outputs < 2:
        return ["prediction"]
    names = card.get("output_names")
    if isinstance(names, list) and len(names) == outputs:
        return [str(name) for name in names]
    return [f"p{index}" for index in range(outputs)]
