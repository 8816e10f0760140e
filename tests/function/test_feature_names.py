"""Two hundred names as people give them to features go through every form of a body and come out equal."""

from __future__ import annotations

import functools
import json
import keyword
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost
from endpoint import Endpoint

from tests.function import forms
from tests.function.forms import Sent, ask, predictions
from tests.function.protocols import MakeEvent, Serve

NAMES = [
    *("fixed acidity", "MedInc", "Unnamed: 0", "petal length (cm)", "AGE ", " INCOME", "a.b.c", "user.profile.age"),
    *("price_usd", "price-usd", "price/usd", "price%", "price€", "prix_métré", "Größe", "身長", "возраст", "عمر"),
    *(
        "आयु",
        "😀",
        "👩‍👩‍👧",
        "e\u0301",
        "\u00e9",
        "\ufb01",
        "\uff21ge",
        "age",
        "Age",
        "a\u00a0b",
        "a\u200bb",
        "\u202eage",
    ),
    *("\ufeffage", "id", "index", "columns", "data", "instances", "inputs", "outputs", "name", "shape", "datatype"),
    *("predictions", "dataframe_split", "dataframe_records", "signature_name", "params", "base_margin", "missing"),
    *(
        "answer",
        "class",
        "label",
        "target",
        "weight",
        "qid",
        "key",
        "value",
        "length",
        "size",
        "items",
        "keys",
        "__len__",
    ),
    *("null", "true", "false", "NaN", "Infinity", "-Infinity", "nan", "inf", "undefined", "None", "True", "False"),
    *("__proto__", "constructor", "toString", "__class__", "__init__", "self", "$ref", "$schema", "@type", "#", "//"),
    *("a,b", "a;b", "a:b", "a::b", "a|b", "a\tb", "a\nb", "a\r\nb", "a\\b", "a'b", 'a"b', '"quoted"', "'single'"),
    *("`x`", "f(x)", "{a}", "}{", "(", ")", "a(b)c", "a{b", "x>1", "x=1", "x==1", "a&b", "a+b", "a*b", "a^b", "a~b"),
    *("a!b", "a?b", "[0]", "a[1]", "]", "[", "(0.5, 1.5]", "<10", "10-<20", "x<y", "[object Object]", "items[].id"),
    *("../../etc/passwd", "C:\\Temp", "http://x.example/?a=1&b=2", "=1+1", "@SUM(A1)", "+1", "-1", "${x}", "{{x}}"),
    *("%s", "%00", "&amp;", "\\u0041", "\\n", "SELECT *", "drop table x; --", "0", "1", "2", "1e5", "0x10", "007"),
    *("1_000", ".5", "00:00", "2024-01-01", "12:30:00", "12,5", "1.5", " ", "  ", ".", ",", ":", ";", "-", "_", "\\"),
    *("/", "é" * 250, "x" * 500, "long name " * 50, "名" * 500, "\u0085", "\u2028", "\x7f", "\x01"),
    *(name for name in keyword.kwlist if name not in ("None", "True", "False", "class")),
]


@functools.cache
def learnt() -> xgboost.Booster:
    """A model of as many features as there are names."""
    rows = np.random.default_rng(1).normal(size=(400, len(NAMES))).astype(np.float32)
    data = xgboost.DMatrix(rows, rows @ np.arange(len(NAMES)), feature_names=[f"f{at}" for at in range(len(NAMES))])
    return xgboost.train({"nthread": 1, "max_depth": 5, "max_bin": 16}, data, 40)


def served(folder: Path, names: list[str], serve: Serve) -> Endpoint:
    """Serve a model with features of these names, some of which its DMatrix would not take."""
    booster = learnt().copy()
    booster.feature_names = names
    booster.save_model(folder / "names.ubj")
    return serve(folder / "names.ubj")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Endpoint:
    return served(tmp_path_factory.mktemp("names"), NAMES, serve)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    values = np.random.default_rng(2).normal(size=(40, len(NAMES))).astype(np.float32)
    return pd.DataFrame(values, columns=NAMES)


@pytest.fixture(scope="module")
def expected(endpoint: Endpoint, rows: pd.DataFrame) -> list[float]:
    assert endpoint.contract is not None
    flat, _ = endpoint.contract.booster.predict(array("f", rows.to_numpy().tobytes()), len(rows))
    return flat


def test_there_are_two_hundred_different_names(endpoint: Endpoint) -> None:
    assert len(set(NAMES)) == len(NAMES) >= 200
    assert endpoint.contract is not None
    assert list(endpoint.contract.features) == NAMES


@pytest.mark.parametrize(
    # Members of these forms are features here, so that they are columns or records.
    "form", [form for form in forms.NAMED if form.partition(" ")[0] not in
             ("instances", "dataframe_split", "dataframe_records", "inputs", "split")],
)  # fmt: skip
def test_names_come_out_equal_in_every_form(
    form: str, endpoint: Endpoint, rows: pd.DataFrame, expected: list[float], url_event: MakeEvent
) -> None:
    assert predictions(ask(endpoint, url_event, forms.NAMED[form](rows))) == expected


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> Endpoint:
    """The same model whose features are not called as a form's own members are."""
    return served(tmp_path_factory.mktemp("renamed"), list(map(other, NAMES)), serve)


def other(name: str) -> str:
    members = ("columns", "data", "instances", "inputs", "dataframe_split", "dataframe_records", "base_margin")
    return f"{name}!" if name in members else name


@pytest.mark.parametrize("form", forms.NAMED)
def test_names_come_out_equal_in_forms_with_members(
    form: str, renamed: Endpoint, rows: pd.DataFrame, expected: list[float], url_event: MakeEvent
) -> None:
    answer = ask(renamed, url_event, forms.NAMED[form](rows.rename(columns=other)))
    assert predictions(answer) == expected


@pytest.mark.parametrize("path", ["/", "/openapi.json", "/v2/models/names"])
def test_names_come_out_equal_in_every_description(path: str, endpoint: Endpoint, url_event: MakeEvent) -> None:
    document: Any = json.loads(endpoint(url_event(method="GET", path=path), None)["body"])
    found = {
        "/": lambda: [feature["name"] for feature in document["features"]],
        "/openapi.json": lambda: list(document["components"]["schemas"]["Record"]["properties"]),
        "/v2/models/names": lambda: [tensor["name"] for tensor in document["inputs"]],
    }[path]()
    assert found == NAMES


@pytest.mark.parametrize("name", NAMES[::7])
def test_a_missing_feature_is_named_as_it_is(
    name: str, endpoint: Endpoint, rows: pd.DataFrame, url_event: MakeEvent
) -> None:
    record = forms.records(rows.head(1))[0]
    del record[name]
    errors = json.loads(ask(endpoint, url_event, Sent(json.dumps([record])))["body"])["errors"]
    assert [(error["row"], error["field"]) for error in errors] == [(0, name)]
