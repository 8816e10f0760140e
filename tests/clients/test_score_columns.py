"""Is a table that does not fit the model refused with what was probably meant?"""

import csv
from pathlib import Path

import pytest
from ml_inference_client.client import JSON
from ml_inference_client.errors import InferenceError
from ml_inference_client.score import npy
from ml_inference_client.score.columns import check, refuse_taken_names
from ml_inference_client.score.schema import Fault, Feature, features_of, predicted_columns
from ml_inference_client.score.scoring import media_type_of
from ml_inference_client.score.source import open_source

FEATURES = [Feature("fixed acidity"), Feature("pH"), Feature("alcohol")]


def refusal(columns: list[str], delimiter: str = ",", keep: tuple[str, ...] = ()) -> str:
    with pytest.raises(InferenceError) as error:
        check(columns, FEATURES, keep, Path("wines.csv"), delimiter)
    return str(error.value)


@pytest.mark.parametrize(("delimiter", "option"), [(";", "';'"), ("\t", r"$'\t'"), ("|", "'|'")])
@pytest.mark.parametrize("quote", ["", '"'])
def test_another_delimiter_is_recognised(tmp_path: Path, delimiter: str, option: str, quote: str) -> None:
    table = tmp_path / "wines.csv"
    table.write_text(delimiter.join(f"{quote}{feature.name}{quote}" for feature in FEATURES) + "\n")
    said = refusal(open_source(table, ",").columns)
    assert said.endswith(f"its cells are separated by {delimiter!r}: give --delimiter {option}")


def test_a_comma_is_recognised_where_another_delimiter_was_given() -> None:
    assert refusal(["fixed acidity,pH,alcohol"], ";").endswith("give --delimiter ','")


@pytest.mark.parametrize("column", ["alcohl", "Alcohol", " alcohol ", "ALCOHOL", "alcohols", "alcohol_"])
def test_a_misspelt_column_is_recognised(column: str) -> None:
    assert f"'alcohol' is probably its column {column!r}: rename it" in refusal(["fixed acidity", "pH", column])


def test_one_column_is_not_taken_for_two_features() -> None:
    with pytest.raises(InferenceError) as error:
        check(["sulphat"], [Feature("sulphate"), Feature("sulphates")], [], Path("wines.csv"), ",")
    assert str(error.value).count("probably") == 1


def test_without_a_likely_one_all_columns_are_listed() -> None:
    assert refusal(["fixed acidity", "pH", "colour"]).endswith("it has the columns 'fixed acidity', 'pH', 'colour'")


def test_a_misspelt_column_to_keep_is_recognised() -> None:
    said = refusal(["fixed acidity", "pH", "alcohol", "wine id"], keep=("wine_id",))
    assert said == "wines.csv has no column 'wine_id' to keep; 'wine_id' is probably its column 'wine id': rename it"


@pytest.mark.parametrize("name", ["row", "p1"])
def test_a_column_of_the_output_is_not_written_twice(name: str) -> None:
    with pytest.raises(InferenceError, match=f"the output has a column '{name}' of its own; rename"):
        refuse_taken_names(["id", name], ["row", "p0", "p1"], Path("wines.csv"))


def test_thousands_of_columns_are_compared_in_no_time() -> None:
    many = [Feature(f"feature number {index}") for index in range(5000)]
    with pytest.raises(InferenceError) as error:
        check([f"column number {index}" for index in range(5000)], many, [], Path("t.csv"), ",")
    assert len(str(error.value)) < 2000
    assert check([feature.name for feature in many], many, [], Path("t.csv"), ",") == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "is an Excel workbook or a ZIP archive; save the table as CSV"),
        (b"\x1f\x8brest", "is packed with gzip; unpack it"),
        ("pH\n3\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        (b"PAR1rest", "is Parquet; give it the ending .parquet"),
    ],
)
def test_another_format_is_recognised(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "wines.csv").write_bytes(content)
    with pytest.raises(InferenceError, match=says):
        open_source(tmp_path / "wines.csv", ",")


def category(*names: object) -> Feature:
    return features_of({"features": [{"name": "colour", "type": "category", "categories": list(names)}]})[0]


@pytest.mark.parametrize(
    ("feature", "cell", "says"),
    [
        (category("red", "white"), "rose", "must be a category of training: 'red', 'white'"),
        (category(1, 2), "3", "must be a category of training: 1, 2"),
        (category(*map(str, range(1000, 1300))), "1", "'1019' and 280 more"),
        (Feature("colour"), "7,5", "the cell is not a number; decimals need a point"),
    ],
)
def test_a_cell_that_cannot_be_sent_is_told_what_would_do(feature: Feature, cell: str, says: str) -> None:
    assert feature.column([cell]) is None
    fault = feature.value(cell)
    assert isinstance(fault, Fault)
    assert fault.message.endswith(says)


@pytest.mark.parametrize(("feature", "cell", "value"), [(category("1", "2"), "1", "1"), (category(1, 2), "1", 1)])
def test_a_known_category_is_sent_as_training_had_it(feature: Feature, cell: str, value: object) -> None:
    assert feature.column([cell]) == [value]
    assert feature.value(cell) == value


@pytest.mark.parametrize(
    ("card", "columns"),
    [
        ({"outputs": 1}, ["prediction"]),
        ({"outputs": 3}, ["p0", "p1", "p2"]),
        ({"outputs": 2, "output_names": ["red", "white"]}, ["red", "white"]),
        ({"outputs": 1, "output_names": ["red", "white"]}, ["prediction"]),
        ({}, ["prediction"]),
    ],
)
def test_each_output_has_a_column(card: dict[str, object], columns: list[str]) -> None:
    assert predicted_columns(card) == columns


def test_the_delimiters_are_those_that_the_csv_module_takes() -> None:
    for delimiter in (";", "\t", "|", ","):
        assert next(csv.reader([f"a{delimiter}b"], delimiter=delimiter)) == ["a", "b"]


def feature(**described: object) -> Feature:
    return features_of({"features": [{"name": "colour", "type": "number", **described}]})[0]


def test_a_category_that_may_be_unseen_is_left_to_the_endpoint() -> None:
    unseen = feature(type="category", categories=["red"], may_be_unseen=True)
    assert unseen.column(["rose"]) == ["rose"]


def test_booleans_are_numbers_where_the_model_takes_them() -> None:
    indicator = feature(type="number or boolean")
    assert indicator.column([True, False]) == [1.0, 0.0]
    assert indicator.value(True) == 1.0
    assert isinstance(feature().value(True), Fault)


def test_a_column_that_may_be_absent_is_not_demanded() -> None:
    features = [Feature("pH"), feature(may_be_absent=True)]
    assert check(["pH"], features, [], Path("t.csv"), ",") == [
        "missing in every row, because there is no column for them: colour"
    ]
    with pytest.raises(InferenceError, match="lacks the model's features 'colour'"):
        check(["id"], features[1:], [], Path("t.csv"), ",")


@pytest.mark.parametrize(
    ("described", "present", "form"),
    [
        ([{}], 1, npy.MEDIA_TYPE),
        ([{}, {"type": "category code"}, {"type": "number or boolean"}], 3, npy.MEDIA_TYPE),
        ([{}, {"type": "category", "categories": [1, 2]}], 2, JSON),
        ([{}, {"may_be_absent": True}], 1, JSON),
    ],
)
def test_rows_go_as_arrays_where_every_feature_is_a_number(
    described: list[dict[str, object]], present: int, form: str
) -> None:
    features = [feature(**one) for one in described]
    assert media_type_of(features, features[:present]) == form
