"""What of a CSV body is a header, what is data, and that its text is the client's."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import json_text
import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from tests.function.forms import Sent, as_csv, ask, predictions
from tests.function.protocols import MakeEvent, Serve

Trained = Callable[..., Path]


@pytest.fixture(scope="module")
def serve(serve_once: Serve) -> Serve:
    """All tests here only ask, many of them the same endpoint."""
    return serve_once


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The file of a model of numbers by some names, and of categorical columns; made once for each."""

    @functools.cache
    def train(*names: str, **columns: tuple[Any, ...]) -> Path:
        random = np.random.default_rng(1)
        rows = pd.DataFrame(random.normal(size=(300, len(names))), columns=names)
        for name, values in columns.items():
            rows[name] = pd.Categorical(random.choice(values, 300))
        score = rows[names[0]] + 2 * rows[names[-1]]
        model = tmp_path_factory.mktemp("csv") / "m.ubj"
        xgboost.train({"nthread": 1}, xgboost.DMatrix(rows, score, enable_categorical=True), 5).save_model(model)
        return model

    return train


def expected(endpoint: Endpoint, rows: list[list[Any]]) -> Any:
    assert endpoint.contract is not None
    return endpoint([dict(zip(endpoint.contract.features, row, strict=True)) for row in rows], None)


NUMBER_NAMES = [["0", "1", "2"], ["1e5", "-7", ".5"], ["2019", "2020", "2021"], [" 1", "2 ", "+3"]]


@pytest.mark.parametrize("names", NUMBER_NAMES, ids=str)
def test_a_name_that_is_a_number_never_makes_a_header(
    names: list[str], trained: Trained, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(trained(*names))
    lines = [names[::-1], ["0", "1", "1"]]
    text = as_csv(lines, None)
    as_data = expected(endpoint, [[float(cell) for cell in line] for line in lines])
    assert predictions(ask(endpoint, url_event, Sent(text, "text/csv"))) == as_data
    assert predictions(ask(endpoint, url_event, Sent(text, "text/csv; header=absent"))) == as_data
    declared = predictions(ask(endpoint, url_event, Sent(text, "text/csv; header=present")))
    assert declared == expected(endpoint, [[1.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ("header=present", 1), ('header="present"', 1), ("HEADER=Present", 1), ("charset=utf-8; header = present", 1),
        ("header=absent", 2), ('header="absent"', 2), ("label_size=1", 2), ("xheader=present", 2),
        ("header", None), ("header=", None), ("header=true", None), ("header=1", None), ("header=presents", None),
        ("header=present; header=absent", None),
    ],
)  # fmt: skip
def test_the_media_type_says_whether_there_is_a_header_or_is_refused(
    said: str, rows: int | None, trained: Trained, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(trained("0", "1", "2"))
    response = ask(endpoint, url_event, Sent("2,0,1\n0,1,1\n", f"text/csv; {said}"))
    if rows is None:
        assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
            415, "the content type's header must be header=present or header=absent"
        )  # fmt: skip
    else:
        assert len(predictions(response)) == rows


def test_a_name_that_is_a_category_never_makes_a_header(trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(trained("1", "2", colour=("colour", "red")))
    text = "1,2,colour\n3,4,red\n"
    assert predictions(ask(endpoint, url_event, Sent(text, "text/csv"))) == expected(
        endpoint, [[1.0, 2.0, "colour"], [3.0, 4.0, "red"]]
    )
    declared = ask(endpoint, url_event, Sent(text, "text/csv; header=present"))
    assert predictions(declared) == expected(endpoint, [[3.0, 4.0, "red"]])


@pytest.mark.parametrize("unseen", [False, True])
@pytest.mark.parametrize(
    ("first", "headed"),
    [
        ("1,2,colour", False),  # a category
        ("1,2,red", False),
        ("colour,1,2", True),  # where it stands, it is no number
        ("base_margin,1,2,colour", True),
        ("2,colour,1", True),
    ],
)
def test_a_name_makes_a_header_only_where_it_can_be_no_value(
    first: str, headed: bool, unseen: bool, trained: Trained, serve: Serve, url_event: MakeEvent
) -> None:
    model = trained("1", "2", colour=("colour", "red"))
    endpoint = serve(model, **({"ALLOW_UNSEEN": "true"} if unseen else {}))
    second = ",".join(
        {"colour": "red", "red": "red", "base_margin": "0.25"}.get(name, "5") for name in first.split(",")
    )
    assert len(predictions(ask(endpoint, url_event, Sent(f"{first}\n{second}\n", "text/csv")))) == 2 - headed


@pytest.fixture(scope="module")
def texts_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = pd.DataFrame({name: pd.Categorical(["x", "y"] * 150) for name in ("colour", "kind")})
    data = xgboost.DMatrix(table, [1, 2] * 150, enable_categorical=True)
    model = tmp_path_factory.mktemp("texts") / "m.ubj"
    xgboost.train({"nthread": 1}, data, 3).save_model(model)
    return model


def test_names_that_may_be_unknown_categories_are_asked_about(
    texts_alone: Path, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(texts_alone, ALLOW_UNSEEN="true", ALLOW_MISSING="true")
    text = "kind,colour\nx,y\n"
    response = ask(endpoint, url_event, Sent(text, "text/csv"))
    assert (response["statusCode"], json.loads(response["body"])["detail"]) == (
        422, "the first line may be names or unknown categories; say header=present or header=absent"
    )  # fmt: skip
    present = predictions(ask(endpoint, url_event, Sent(text, "text/csv; header=present")))
    assert present == endpoint([{"kind": "x", "colour": "y"}], None)
    absent = predictions(ask(endpoint, url_event, Sent(text, "text/csv; header=absent")))
    assert absent == endpoint([{"colour": "kind", "kind": "colour"}, {"colour": "x", "kind": "y"}], None)


@pytest.mark.parametrize("value", ["x ", " x", "X", "\tx", "  ", "ä"])
def test_a_category_that_may_be_unknown_is_the_same_text_in_csv_as_in_json(
    value: str, texts_alone: Path, serve: Serve, url_event: MakeEvent
) -> None:
    endpoint = serve(texts_alone, ALLOW_UNSEEN="true")
    by_record = endpoint([{"colour": value, "kind": "y"}], None)
    assert by_record != endpoint([{"colour": "x", "kind": "y"}], None)
    for text in (f"{value},y\n", f'"{value}",y\n'):
        assert predictions(ask(endpoint, url_event, Sent(text, "text/csv; header=absent"))) == by_record


def test_one_name_that_no_value_can_be_makes_a_header(trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(trained("0", "1", "age"))
    answer = ask(endpoint, url_event, Sent("age,0,1\n1,2,3\n", "text/csv"))
    assert predictions(answer) == expected(endpoint, [[2.0, 3.0, 1.0]])


ODD = ["blank at the end ", " blank at the start", "comma, within", 'quote " within', "line\nend", "CR\rLF\r\n",
       "tab\t", "ünïcode", "a;b", "'", '"', ",", " "]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_names_and_categories_keep_their_text(name: str, trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    plain = name if name.isascii() else "other"  # 3.2 stores category names beyond ASCII damaged
    endpoint = serve(trained(name, "second", colour=(plain, plain.strip() + "x")))
    rows = [[1.0, 2.0, plain], [3.0, 4.0, plain.strip() + "x"]]
    for header, line_end in (([name, "second", "colour"], "\n"), ([name, "second", "colour"], "\r\n"), (None, "\n")):
        response = ask(endpoint, url_event, Sent(as_csv(rows, header, line_end), "text/csv"))
        assert predictions(response) == expected(endpoint, rows)


def test_a_number_that_names_a_category_is_its_name(trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(trained("first", "second", year=(1998, 2004)))
    answer = ask(endpoint, url_event, Sent("1,2,2004\n3,4,1998\n", "text/csv"))
    assert predictions(answer) == expected(endpoint, [[1.0, 2.0, 2004], [3.0, 4.0, 1998]])
    unknown = ask(endpoint, url_event, Sent("1,2,1\n", "text/csv"))
    assert json.loads(unknown["body"])["errors"][0]["code"] == "unknown_category"


FIELDS = ("1", "-0", "12.50", "1e5", "1E-5", "16777217", "3.4028235e38", "3.5e38", "1e999", "9" * 400, "9" * 5000,
          "01", "1.", ".5", "+1", "-", "1e", "1-2", "1.2.3", "e", "0x1", "1_0", "nan", "inf", "NaN", "Infinity", "true",
          "null", "[1]", "{}", " 7 ", "\t7", "7\f", "\u00a07", "\u0667", "", " ")  # fmt: skip


@pytest.mark.parametrize("piece", [1, 65_536])
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_means_the_same_with_and_without_quotes(
    field: str, piece: int, trained: Trained, serve: Serve, url_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "PIECE", piece)
    endpoint = serve(trained("first", "second", "third"))
    for header in ("", "first,second,third\n", "third,first,second\n"):
        kind = f"text/csv; header={'present' if header else 'absent'}"
        for line in (f"{field},2,3", f"1,{field},3", f"1,2,{field}", f"1,{field}", f"1,2,{field},4"):
            for body in (f"{line},", f"{line}", f"0,1,2\n{line}\n4,5,6\n", f"{line}\n0,1,2"):
                first, end, others = body.partition("\n")
                before, comma, last = first.rpartition(",")
                texts = body, f'{before}{comma}"{last}"{end}{others}'
                bare, quoted = (ask(endpoint, url_event, Sent(header + text, kind)) for text in texts)
                assert bare == quoted, body


def test_blanks_around_names_and_numbers_are_read_over(trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    endpoint = serve(trained("first", "second"))
    answer = ask(endpoint, url_event, Sent("second , first\n1 ,\t2\n", "text/csv"))
    assert predictions(answer) == expected(endpoint, [[2.0, 1.0]])


@pytest.fixture(scope="module")
def of_width(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Callable[[int], Endpoint]:
    """The endpoint of a model of so many features."""

    @functools.cache
    def make(width: int) -> Endpoint:
        data = xgboost.DMatrix(np.eye(3, width, dtype=np.float32), [1, 2, 3], feature_names=names(width))
        model = tmp_path_factory.mktemp("wide") / "m.ubj"
        xgboost.train({"nthread": 1, "min_child_weight": 0}, data, 2).save_model(model)
        return serve(model)

    return make


def names(width: int) -> list[str]:
    return [f"n{at}" for at in range(width)]


WIDTHS = [1, 3, 17_000]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("header", [True, False])
def test_a_line_may_be_as_wide_as_the_model(
    header: bool, width: int, of_width: Callable[[int], Endpoint], url_event: MakeEvent
) -> None:
    endpoint = of_width(width)
    rows = [[float(at % 3) for at in range(width)]]
    answer = ask(endpoint, url_event, Sent(as_csv(rows, names(width) if header else None), "text/csv"))
    assert predictions(answer) == expected(endpoint, rows)


@pytest.mark.parametrize("width", WIDTHS)
def test_as_wide_as_the_model_is_told_and_no_line_may_be_wider(
    width: int, of_width: Callable[[int], Endpoint], url_event: MakeEvent
) -> None:
    endpoint = of_width(width)
    described = endpoint(url_event(method="GET", path="/openapi.json"), None)
    assert len(json.loads(described["body"])["components"]["schemas"]["Record"]["properties"]) == width + 1
    wider = ask(endpoint, url_event, Sent(",".join("1" * (width + 2)), "text/csv"))
    assert json.loads(wider["body"])["detail"] == (
        f"the first line has {width + 2} fields, and the model has {width} feature(s)"
    )


@pytest.mark.parametrize(
    ("text", "word"), [("first;second\n1;2\n", "semicolons"), ("1,5;2,5\n", ""), ("1\t2\n", "tabs")]
)
def test_another_separator_is_named(text: str, word: str, trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    response = ask(serve(trained("first", "second")), url_event, Sent(text, "text/csv"))
    detail = json.loads(response["body"])["detail"]
    assert response["statusCode"] == 422
    if word:
        assert detail == f"the fields are separated by {word}; send commas between them, and decimal points"


def test_a_misspelt_header_gets_a_suggestion(trained: Trained, serve: Serve, url_event: MakeEvent) -> None:
    response = ask(serve(trained("first", "second")), url_event, Sent("frist,secnod\n1,2\n", "text/csv"))
    messages = [error["message"] for error in json.loads(response["body"])["errors"]]
    assert messages[:2] == [
        'column 1: not a feature of the model; did you mean "first"?',
        'column 2: not a feature of the model; did you mean "second"?',
    ]
