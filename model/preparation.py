"""Which table do the raw files become? One row per distinct wine of each colour, columns as `schema` declares.

Reading is strict on purpose: a value is either understood or refused with its row and column. No value is
imputed, clipped or scaled; trees need none of it.
"""

import csv
import io
import math
from collections.abc import Mapping

import pandas as pd

from model.schema import COLOURS, FEATURES, RAW_COLUMNS, TARGET, Column

FILE_OF_COLOUR = {"color_red": "winequality-red.csv", "color_white": "winequality-white.csv"}
"""Red first: row numbers, and so the split, depend on the order."""

DELIMITER = ";"


class SchemaError(ValueError):
    """A raw file does not hold what the schema declares. The message names file, row and column."""


def prepare(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Turn the two raw files into one table.

    Exact duplicates within a file are dropped: they would otherwise stand on both sides of the split and
    flatter the RMSE by about .04.

    Args:
        files: Content of the files that `FILE_OF_COLOUR` names.

    Returns:
        5,320 rows for UCI's files, index 0 to 5,319; the 13 features in model order, then `quality`;
        dtypes as declared in `schema`.

    Raises:
        SchemaError: A file departs from the schema.
    """
    parts = []
    for colour, name in FILE_OF_COLOUR.items():
        part = read_csv(files[name], name).drop_duplicates()
        parts.append(part.assign(**{indicator.name: int(indicator.name == colour) for indicator in COLOURS}))
    table = pd.concat(parts, ignore_index=True)
    columns = (*FEATURES, TARGET)
    return table[[column.name for column in columns]].astype({column.name: column.dtype for column in columns})


def read_csv(content: bytes, name: str) -> pd.DataFrame:
    """Read one raw file, checking every cell against the schema.

    Args:
        content: The file, UTF-8, header first, semicolons between the fields.
        name: What to call the file in errors.

    Returns:
        One row per line, duplicates included; float64 columns as `RAW_COLUMNS` declares.

    Raises:
        SchemaError: Not text, another separator, a missing, unknown or misplaced column, a row of another
            length, a value that is not a finite number or lies outside its range, or no rows at all.
    """
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=DELIMITER)
        _check_header(next(lines, []), name)
        rows = [_read_row(fields, f"{name}, row {lines.line_num}") for fields in lines]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SchemaError(f"{name} is not a UTF-8 text file with separated values ({error})") from error
    if not rows:
        raise SchemaError(f"{name} has a header but no rows")
    return pd.DataFrame(rows, columns=[column.name for column in RAW_COLUMNS])


def _check_header(header: list[str], name: str) -> None:
    expected = [column.name for column in RAW_COLUMNS]
    if header == expected:
        return
    if len(header) <= 1:
        raise SchemaError(
            f"{name}, row 1: the header does not split at {DELIMITER!r}; save the file with that separator"
        )
    missing = [column for column in expected if column not in header]
    unknown = [column for column in header if column not in expected]
    if missing or unknown:
        found = "; ".join(
            f"{label} {', '.join(map(repr, columns))}"
            for label, columns in (("missing", missing), ("unknown", unknown))
            if columns
        )
        raise SchemaError(f"{name}, row 1: {found}; the columns must be {', '.join(expected)}")
    raise SchemaError(f"{name}, row 1: the columns must stand once each in this order: {', '.join(expected)}")


def _read_row(fields: list[str], place: str) -> list[float]:
    if len(fields) != len(RAW_COLUMNS):
        raise SchemaError(f"{place}: {len(fields)} fields, expected {len(RAW_COLUMNS)}")
    return [_read_value(text, column, place) for text, column in zip(fields, RAW_COLUMNS, strict=True)]


def _read_value(text: str, column: Column, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SchemaError(f"{place}, column {column.name!r}: {text!r} is not a number")
    if not column.minimum <= value <= column.maximum:
        allowed = f"{column.minimum:g} to {column.maximum:g} {column.unit}".rstrip()
        raise SchemaError(f"{place}, column {column.name!r}: {value:g} is outside {allowed}; is the unit right?")
    if column.dtype == "int64" and not value.is_integer():
        raise SchemaError(f"{place}, column {column.name!r}: {value:g} is not a whole number")
    return value
