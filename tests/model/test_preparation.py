"""The table that the raw files become, and the files that are refused."""

import pandas as pd
import pytest

from model.preparation import SchemaError, prepare, read_csv
from model.schema import FEATURE_NAMES, FEATURES, RAW_COLUMNS, TARGET
from model.splits import Part

HEADER = ";".join(f'"{column.name}"' for column in RAW_COLUMNS)
ROW = "7.4;0.7;0;1.9;0.076;11;34;0.9978;3.51;0.56;9.4;5"


def file(*lines: str) -> bytes:
    return "\n".join(lines).encode() + b"\n"


def with_value(column: str, text: str) -> str:
    fields = ROW.split(";")
    fields[[declared.name for declared in RAW_COLUMNS].index(column)] = text
    return ";".join(fields)


def test_the_table_has_5320_distinct_wines(table: pd.DataFrame) -> None:
    assert len(table) == 5320
    assert not table.duplicated().any()


def test_red_wines_come_first_and_every_wine_has_one_colour(table: pd.DataFrame) -> None:
    assert table["color_red"].tolist() == [1] * 1359 + [0] * 3961
    assert (table["color_red"] + table["color_white"] == 1).all()


def test_the_columns_and_their_types_are_those_declared(table: pd.DataFrame) -> None:
    declared = {column.name: column.dtype for column in (*FEATURES, TARGET)}
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == declared
    assert list(table.columns) == [*FEATURE_NAMES, "quality"]
    assert len(FEATURE_NAMES) == 13


def test_every_value_of_the_raw_file_survives(raw_files: dict[str, bytes], table: pd.DataFrame) -> None:
    last = raw_files["winequality-white.csv"].decode().splitlines()[-1]
    assert table.iloc[-1][[column.name for column in RAW_COLUMNS]].tolist() == [float(x) for x in last.split(";")]


def test_the_split_is_the_published_one(parts: tuple[Part, Part]) -> None:
    train, test = parts
    assert (len(train), len(test)) == (3990, 1330)
    assert test.features.index[:5].tolist() == [3487, 1162, 213, 3, 5063]
    assert not set(train.features.index) & set(test.features.index)


def test_duplicates_are_dropped_within_a_colour_but_not_across() -> None:
    files = {"winequality-red.csv": file(HEADER, ROW, ROW), "winequality-white.csv": file(HEADER, ROW)}
    assert prepare(files)[["color_red", "color_white"]].to_numpy().tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "does not split at ';'"),
        (file(HEADER), "no rows"),
        (file(HEADER.replace(";", ","), ROW.replace(";", ",")), "does not split at ';'"),
        (file(HEADER.replace('"pH";', ""), ROW), "row 1: missing 'pH'"),
        (file(HEADER.replace("pH", "acidity"), ROW), "row 1: missing 'pH'; unknown 'acidity'"),
        (file(HEADER.replace('"density";"pH"', '"pH";"density"'), ROW), "in this order"),
        (file(HEADER, ROW, ROW + ";1"), "row 3: 13 fields, expected 12"),
        (file(HEADER, ROW, ""), "row 3: 0 fields, expected 12"),
        (file(HEADER, ROW, with_value("pH", "acid")), "row 3, column 'pH': 'acid' is not a number"),
        (file(HEADER, with_value("alcohol", "")), "row 2, column 'alcohol': '' is not a number"),
        (file(HEADER, with_value("alcohol", "nan")), "row 2, column 'alcohol': 'nan' is not a number"),
        (file(HEADER, with_value("density", "997.8")), "row 2, column 'density': 997.8 is outside 0.95 to 1.2 g/cm³"),
        (file(HEADER, with_value("quality", "-1")), "row 2, column 'quality': -1 is outside 0 to 10"),
        (file(HEADER, with_value("quality", "5.5")), "row 2, column 'quality': 5.5 is not a whole number"),
        (b"\xff\xfe\x00", "not a UTF-8 text file"),
    ],
)
def test_a_file_that_departs_from_the_schema_is_refused_by_row_and_column(content: bytes, complaint: str) -> None:
    with pytest.raises(SchemaError) as raised:
        read_csv(content, "wine.csv")
    assert str(raised.value).startswith("wine.csv")
    assert complaint in str(raised.value)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert len(read_csv(b"\xef\xbb\xbf" + file(HEADER, ROW), "wine.csv")) == 1
