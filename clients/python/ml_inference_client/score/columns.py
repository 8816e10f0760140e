"""Do a table's columns fit the model? What is wrong is said with what was probably meant."""

import csv
import difflib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ml_inference_client.errors import InferenceError
from ml_inference_client.score.schema import Feature

DELIMITERS = {";": "';'", "\t": "$'\\t'", "|": "'|'", ",": "','"}
"""What separates cells where a comma does not, and how a shell is told."""

MOST_HINTS = 5
"""Looking for similar names takes time that grows with names times columns."""


def check(
    columns: list[str], features: Sequence[Feature], keep: Sequence[str], path: Path, delimiter: str
) -> list[str]:
    """Refuse a table that lacks a column or has it twice, before anything is sent.

    Args:
        columns: The table's.
        features: The model's.
        keep: Columns to copy.
        path: The table's file.
        delimiter: Between the cells of its header.

    Returns:
        Remarks: which columns stay here, and which the model will miss.

    Raises:
        InferenceError: A column is missing or ambiguous.
    """
    names = [feature.name for feature in features]
    there, used = Counter(columns), {*names, *keep}
    lacking = [feature.name for feature in features if feature.name not in there and not feature.may_be_absent]
    if lacking or there.keys().isdisjoint(names):
        lacking = lacking or names
        hint = _other_delimiter(columns, names, delimiter) or _other_names(columns, lacking, names)
        raise InferenceError(
            f"{path} lacks the model's features {_listed(lacking)}; {hint or f'it has the columns {_listed(columns)}'}"
        )
    unknown = [name for name in keep if name not in there]
    if unknown:
        hint = _other_names(columns, unknown, [])
        raise InferenceError(f"{path} has no column {_listed(unknown)} to keep{hint and f'; {hint}'}")
    ambiguous = [name for name in used if there[name] > 1]
    if ambiguous:
        raise InferenceError(f"{path} has the column {_listed(sorted(ambiguous))} more than once")
    ignored = [name for name in columns if name not in used]
    absent = [name for name in names if name not in there]
    return [
        *([f"missing in every row, because there is no column for them: {', '.join(absent)}"] if absent else []),
        *([f"not sent, because the model does not know them: {', '.join(ignored)}"] if ignored else []),
    ]


def refuse_taken_names(keep: Sequence[str], written: Sequence[str], path: Path) -> None:
    """Refuse to copy a column beside one that the output has itself: whoever reads that would take one for the other.

    Args:
        keep: Columns to copy.
        written: The output's own.
        path: The table's file.

    Raises:
        InferenceError: A name is taken.
    """
    taken = [name for name in keep if name in written]
    if taken:
        raise InferenceError(f"the output has a column {_listed(taken)} of its own; rename the one to keep in {path}")


def _other_delimiter(columns: Sequence[str], names: Sequence[str], delimiter: str) -> str:
    """What to say if the header, cut at another character, holds more of the model's features."""
    header = delimiter.join(columns)
    found = {one: len({*names} & {*next(csv.reader([header], delimiter=one), [])}) for one in DELIMITERS}
    best = max(found, key=lambda one: found[one])
    if best == delimiter or found[best] <= len({*names} & {*columns}):
        return ""
    return f"its cells are separated by {best!r}: give --delimiter {DELIMITERS[best]}"


def _other_names(columns: Sequence[str], lacking: Sequence[str], names: Sequence[str]) -> str:
    """Which columns were probably meant, each said for one lacking name at most."""
    taken = {*names}
    free = {_plain(column): column for column in columns if column not in taken}
    meant = []
    for name in lacking[:MOST_HINTS]:
        close = difflib.get_close_matches(_plain(name), list(free), n=1, cutoff=0.75)
        if close:
            meant.append(f"{name!r} is probably its column {free.pop(close[0])!r}")
    return f"{', '.join(meant)}: rename it" if meant else ""


def _plain(name: str) -> str:
    """A name without what people vary: case, blanks, underscores."""
    return re.sub(r"[\W_]+", " ", name).strip().lower()


def _listed(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
