"""Generated requests by the hundred thousand: never an exception, never a 5xx, and a 200 exactly where it is due."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import json_text
import numpy as np
import plain_columns
import pytest
import record_structs
import xgboost
from contract import Contract
from endpoint import Endpoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.function.protocols import MakeEvent, Serve

REFUSALS = {400, 404, 405, 406, 413, 415, 422}
FEATURES = ("income", "age", "height: cm")
PATHS = ("/", "/invocations", "/explain", "/v2/models/small/infer")
Value = Any
Form = tuple[str, str, str]
"""Path, media type and body of a request."""


@pytest.fixture(scope="module")
def endpoint(small_model: Path, serve: Serve) -> Endpoint:
    return serve(small_model, METRICS_NAMESPACE="")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The log of half a million requests is not kept."""

    class Nowhere(io.StringIO):
        def write(self, text: str) -> int:
            return len(text)

    with redirect_stdout(Nowhere()):
        yield


def answer(endpoint: Endpoint, event: dict[str, Any]) -> int:
    """Return the status with which an event is answered, after a look at the answer's form."""
    response = endpoint(event, None)
    status: int = response["statusCode"]
    assert status == 200 or status in REFUSALS, response["body"]
    assert isinstance(response["body"], str)
    if status != 200:
        assert json.loads(response["body"])["status"] == status
    return status


class Rows:
    """Random rows, the faults put into them, and the body of a form that carries them."""

    WRONG: tuple[Value, ...] = (
        "x",
        "",
        "1",
        True,
        False,
        [],
        [1],
        {},
        {"a": 1},
        1e39,
        -1e300,
        10**60,
        float("nan"),
        float("inf"),
    )

    def __init__(self, pick: random.Random) -> None:
        self.pick = pick
        self.names = list(FEATURES)
        pick.shuffle(self.names)
        self.table: list[list[Value]] = [[self.number() for _ in FEATURES] for _ in range(pick.choice((0, 1, 1, 2, 5)))]
        self.faulty = False

    def number(self) -> Value:
        pick = self.pick
        return pick.choice(
            (pick.gauss(0, 1), pick.randint(-9, 9), pick.uniform(-3e38, 3e38), 0, -0.0, 1e-46, 2**63, 5e-324)
        )

    def spoil(self) -> None:
        """Put one fault in, if there is anything to spoil."""
        if not self.table:
            return
        self.faulty = True
        row = self.pick.choice(self.table)
        row[self.pick.randrange(len(row))] = self.pick.choice((*self.WRONG, None))

    def records(self) -> list[dict[str, Value]]:
        return [dict(zip(self.names, row, strict=True)) for row in self.table]

    def form(self) -> Form:
        kind = self.pick.choice(("records", "record", "columns", "split", "instances", "csv", "infer", "tensor"))
        if kind == "record" and len(self.table) != 1:
            kind = "records"
        path = self.pick.choice(("/", "/invocations")) if self.pick.random() < 0.9 else "/explain"
        if kind == "csv":
            return path, "text/csv", self.csv()
        value: Value = {
            "records": self.records,
            "record": lambda: self.records()[0],
            "columns": lambda: {name: [row[at] for row in self.table] for at, name in enumerate(self.names)},
            "split": lambda: {"columns": self.names, "data": self.table},
            "instances": lambda: {"instances": self.records()},
            "infer": self.tensors,
            "tensor": self.tensor,
        }[kind]()
        if kind in ("infer", "tensor"):
            path = "/v2/models/small/infer"
        return path, "application/json", json.dumps(value, ensure_ascii=self.pick.random() < 0.5)

    def csv(self) -> str:
        if not self.table:
            self.faulty = True  # a CSV body must have a line; a lone header is none of data, but valid
            return ""
        header = self.pick.random() < 0.7
        order = list(range(len(FEATURES))) if header else [self.names.index(name) for name in FEATURES]
        lines = [",".join(self.cell(row[at]) for at in order) for row in self.table]
        if header:
            lines.insert(0, ",".join(self.names))
        return self.pick.choice(("\n", "\r\n")).join(lines) + self.pick.choice(("", "\n"))

    @staticmethod
    def cell(value: Value) -> str:
        # In CSV a quoted number is a number: spoil it otherwise.
        return "one" if value == "1" and isinstance(value, str) else str("" if value is None else value)

    def tensors(self) -> Value:
        rows = len(self.table)
        return {"inputs": [{"name": name, "shape": [rows], "datatype": "FP32", "data": [row[at] for row in self.table]}
                           for at, name in enumerate(self.names)]}  # fmt: skip

    def tensor(self) -> Value:
        data = [row[self.names.index(name)] for row in self.table for name in FEATURES]
        shape = [len(self.table), len(FEATURES)]
        return {"inputs": [{"name": "all", "shape": shape, "datatype": "FP64", "data": data}]}


def nested_away(rows: Rows) -> bool:
    """Tell whether lists as values stand where a nesting of tensors or columns makes another, perhaps good, body."""
    return any(isinstance(value, list) for row in rows.table for value in row)


@pytest.mark.parametrize("count", [4_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_structured_requests_get_200_exactly_where_they_are_faultless(
    count: int, endpoint: Endpoint, url_event: MakeEvent
) -> None:
    pick = random.Random(count)
    base = url_event("[]")
    statuses: Counter[int] = Counter()
    for number in range(count):
        rows = Rows(pick)
        if pick.random() < 0.5:
            rows.spoil()
        path, kind, body = rows.form()
        event = {**base, "rawPath": path, "body": body, "headers": {"content-type": kind}}
        if pick.random() < 0.2:
            content = body.encode("utf-8", "surrogatepass")
            if pick.random() < 0.5:
                content = gzip.compress(content, 1)
                event["headers"]["content-encoding"] = "gzip"
            event |= {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
        status = answer(endpoint, event)
        statuses[status] += 1
        if not nested_away(rows):
            assert (status == 200) == (not rows.faulty), (number, path, kind, body)
    assert statuses[200] >= count * 0.2


TOKENS = (b"{", b"}", b"[", b"]", b",", b":", b'"', b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"\\u0000", b"\\",
          b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\0", b"0x1", b'"age"', b'"instances"', b'"columns"',
          b'"data"', b"9" * 400, b"[" * 50, b" " * 50)  # fmt: skip


def mutated(pick: random.Random, body: bytes) -> bytes:
    """Return a body after one to four small mutations."""
    for _ in range(pick.randint(1, 4)):
        at, end = sorted((pick.randint(0, len(body)), pick.randint(0, len(body))))
        match pick.randrange(6):
            case 0 if at < len(body):
                body = body[:at] + bytes([body[at] ^ 1 << pick.randrange(8)]) + body[at + 1 :]
            case 1:
                body = body[:at] + body[min(end, at + 8) :]
            case 2:
                body = body[:at] + pick.choice(TOKENS) + body[at:]
            case 3:
                body = body[:at] + pick.choice(TOKENS) + body[at + 1 :]
            case 4:
                body = body[:end] + body[at:end][:100] + body[end:]
            case _:
                body = body[:at] + bytes([pick.randrange(256)]) + body[at:]
    return body


@pytest.mark.parametrize("count", [4_000, pytest.param(500_000, marks=pytest.mark.slow)])
def test_mutated_requests_are_answered_or_refused(count: int, endpoint: Endpoint, url_event: MakeEvent) -> None:
    pick = random.Random(count)
    base = url_event("[]")
    seeds = [Rows(pick).form() for _ in range(200)]
    statuses: Counter[int] = Counter()
    for number in range(count):
        path, kind, text = pick.choice(seeds)
        body = mutated(pick, text.encode())
        if number % 4:
            sent = {"body": body.decode("latin-1" if number % 3 else "utf-8", "replace"), "isBase64Encoded": False}
        else:
            sent = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        event = {**base, **sent, "rawPath": path, "headers": {"content-type": kind}}
        statuses[answer(endpoint, event)] += 1
    assert {200, 400, 422} <= set(statuses)


def loaded(contract: Contract) -> tuple[Contract | None, Any]:
    """Make the decoder of a contract's records; return what puts it back where it was forgotten."""
    record_structs.STRUCTS.load(contract)
    return record_structs.STRUCTS.contract, record_structs.STRUCTS.decode


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_process_that_parsed_much_answers_as_one_that_did_not(
    count: int, endpoint: Endpoint, url_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget() -> None:
        json_text.ORJSON.module = record_structs.STRUCTS.contract = record_structs.STRUCTS.decode = None

    pick = random.Random(count)
    base = url_event("[]")
    seeds = [Rows(pick).form() for _ in range(200)]
    refused = 0
    assert endpoint.contract is not None
    structs = loaded(endpoint.contract)
    for _ in range(count):
        path, kind, text = pick.choice(seeds)
        if pick.random() < 0.7:
            text = mutated(pick, text.encode()).decode("utf-8", "replace")
        kind = pick.choice((kind, kind, "application/jsonlines"))
        event = {**base, "body": text, "rawPath": path, "headers": {"content-type": kind}}
        forget()
        monkeypatch.setattr(json_text, "PIECE", pick.choice((1, 50, 65_536)))
        first = endpoint(event, None)
        json_text.ORJSON.load()
        monkeypatch.setattr(json_text, "PIECE", pick.choice((1, 50, 65_536)))
        monkeypatch.setattr(plain_columns, "SHORT", pick.choice((0, 256)))
        assert endpoint(event, None) == first, (path, kind, text)
        record_structs.STRUCTS.contract, record_structs.STRUCTS.decode = structs
        assert endpoint(event, None) == first, (path, kind, text)
        refused += first["statusCode"] != 200
    assert count * 0.1 < refused < count * 0.9


NUMBERS = ("0", "-0", "-0.0", "1", "12.50", "1e5", "1E-5", "-1.5e+38", "1e-400", "5e-324", "3.4028235677973366e38",
           "16777217", "9007199254740993", "18446744073709551615", "18446744073709551616", "1" + "0" * 30,
           "0." + "3" * 40, "1.00000005960464477539062500000001", "3.4028235e38", "3.5e38",
           "1e39", "1e999", "9" * 400, "9" * 5000, "01", "1.", ".5", "+1", "-", "1e", "0x1", "1_0",
           "NaN", "-Infinity", "true", "false", "null", '"1"', "[1]",
           "{}", " 7 ", "\t7\n", "7\f", "\u00a07")  # fmt: skip


@pytest.mark.parametrize(
    "names",
    [
        FEATURES,
        ("naïve", "日本 語", "é:è"),
        ('say "x"', "back\\slash", "tab\t"),
        ("", " ", "f1"),
        ("a},", "{", "b}, {"),  # what ends a record
        ("a[1]", "t]", "[f"),  # what ends a column
    ],
)
def test_every_spelling_of_rows_is_read_alike_by_all_parsers(
    names: tuple[str, ...], serve: Serve, url_event: MakeEvent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_text, "PIECE", 1)
    monkeypatch.setattr(plain_columns, "SHORT", 0)
    random_numbers = np.random.default_rng(1).normal(size=(200, 3))
    model = tmp_path / "named.json"
    data = xgboost.DMatrix(random_numbers, random_numbers.sum(axis=1), feature_names=["0", "1", "2"])
    xgboost.train({"max_depth": 4, "nthread": 1}, data, 20).save_model(model)
    document = json.loads(model.read_text())
    document["learner"]["feature_names"] = names  # XGBoost's Python package takes no brackets
    model.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    served = serve(model)
    assert served.contract is not None
    keys = [[json.dumps(name), json.dumps(name, ensure_ascii=False)] for name in names]
    unicode_key = '"' + "".join(f"\\u{ord(letter):04x}" for letter in names[0]) + '"'
    one, two, three = (key[0] for key in keys)
    records = [
        *(f"{{{one}: {number}, {keys[1][1]}: 2, {three}: 3.5}}" for number in NUMBERS),
        f"{{{three}: 3.5, {one}: 1, {two}: 2}}",
        f"{{{unicode_key}: 1, {two}: 2, {three}: 3}}",
        f"{{{one}: 1, {two}: 2, {three}: 3, {one}: 4}}",
        f"{{{one}: 1, {unicode_key}: 4, {two}: 2, {three}: 3}}",
        f'{{{one}: 1, {two}: 2, {three}: 3, "other": 4}}',
        f"{{{one}: 1, {two}: 2}}",
        f"{{{one}: 1, {two}: 2, {two}: 3}}",
        f"{{{one}: 1, {two}: 2, {three}: 3,}}",
        f'{{{one}: 1, {two}: 2, {three}: 3, "base_margin": 1}}',
        f"{{'x': 1, {two}: 2, {three}: 3}}",
        "null", "[1, 2, 3]", "1", "",
    ]  # fmt: skip
    statuses = Counter[int]()
    good = f"{{{one}: 0.1, {two}: 0.2, {three}: 0.3}}"
    texts = [text for record in records for text in (f"[{record}]", f"[{good}, {record}]", f"[{record}, {good}] x")]
    texts += ["[]", "[ ]", "[[]]", f"[{good}", f"[{good},]", f"[{good}, ]", f"[,{good}]", f"[{good},,{good}]",
              f"[{good} , {good}]", f"[{good} {good}]", f"[{good};{good}]", f"[{good}{good}]", f"[{good}\n]\n",
              f"[{good}]]", f"[{good}]\0", f"[{good}]\ufeff"]  # fmt: skip
    texts += [f"{{{one}: [0.1, {number}], {two}: [2,0.2 ], {three}: [3.5, 0.3]}}" for number in NUMBERS]
    texts += [
        f"{{{three}: [1, 2], {one}: [3, 4], {two}: [5, 6]}}\n",
        f" {{{one}: [], {two}: [ ], {three}: [\n]}}",
        f"{{{one}: [1], {two}: [2, 3], {three}: [4]}}",
        f"{{{one}: [1], {two}: [2], {three}: [3], {one}: [4]}}",
        f"{{{one}: 1, {one}: [1], {two}: [2], {three}: [3]}}",
        f"{{{unicode_key}: 1, {one}: [1], {two}: [2], {three}: [3]}}",
        f"{{{unicode_key}: [1], {two}: [2], {three}: [3]}}",
        f'{{{one}: [1], {two}: [2], {three}: [3], "other": 4}}',
        f'{{{one}: [1], {two}: [2], "other": [3]}}',
        f"{{{one}: [1], {two}: [2]}}",
        f"{{{one}: [1], {two}: [2], {three}: 3}}",
        f'{{{one}: [1], {two}: [2], {three}: "[]"}}',
        f'{{{one}: [1], {two}: [2], {three}: "[3]"}}',
        f"{{{one}: [1], {two}: [2], {three}: [3],}}",
        f"{{{one}: [1], {two}: [2], {three}: [3]}}]",
        f"{{{one}: [[1]], {two}: [2], {three}: [3]}}",
        f"{{{one}: [1,], {two}: [2], {three}: [3]}}",
        f"{{{one}: [1] {two}: [2], {three}: [3]}}",
        f"{{{one}: {{[1]}}, {two}: [2], {three}: [3]}}",
        f"[{one}, [1], {two}, [2], {three}, [3]",
        f'{{{one}: [1], {two}: [2], {three}: [3], "base_margin": [1]}}',
    ]
    structs = loaded(served.contract)
    assert structs[1] is not None or "\\" in one, "these names can be read at once"
    for text in texts:
        answers = []
        for event in (url_event(text), url_event(text.encode("utf-8", "surrogatepass"))):
            json_text.ORJSON.module = record_structs.STRUCTS.contract = record_structs.STRUCTS.decode = None
            answers.append(served(event, None))
            json_text.ORJSON.load()
            answers.append(served(event, None))
            record_structs.STRUCTS.contract, record_structs.STRUCTS.decode = structs
            answers.append(served(event, None))
        assert all(found == answers[0] for found in answers), text
        statuses[answers[0]["statusCode"]] += 1
    assert min(statuses[200], statuses[400], statuses[422]) > 10


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FEATURES) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
records = st.lists(st.fixed_dictionaries({name: st.floats(width=32) | json_values for name in FEATURES}), max_size=4)
header_values = st.text(st.characters(codec="latin-1"), max_size=30)
media_types = st.sampled_from(
    ["application/json", "text/csv", "application/json; charset=utf-8", "text/csv; header=absent"]
)
bodies = (
    (json_values | records | st.builds(lambda rows: {"instances": rows}, records)).map(json.dumps)
    | st.text(st.characters(exclude_categories=()))
    | st.lists(st.lists(st.floats().map(str) | st.text(max_size=5)).map(",".join)).map("\n".join)
)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
UNHURRIED = settings(deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))

# Few cases whenever the tests run, more than 5,000 in all where there is time.
cases = pytest.mark.parametrize("cases", [80, pytest.param(1_300, marks=pytest.mark.slow)])


@cases
def test_any_text_is_answered_or_refused(cases: int, endpoint: Endpoint, url_event: MakeEvent) -> None:
    @settings(UNHURRIED, max_examples=cases)
    @given(body=bodies, path=st.sampled_from(PATHS), kind=media_types | header_values)
    def exchange(body: str, path: str, kind: str) -> None:
        answer(endpoint, url_event(body, path=path, content_type=kind))

    exchange()


@cases
def test_any_bytes_are_answered_or_refused(cases: int, endpoint: Endpoint, url_event: MakeEvent) -> None:
    @settings(UNHURRIED, max_examples=cases)
    @given(
        body=st.binary(max_size=200) | bodies.map(lambda text: text.encode("utf-8", "replace")),
        path=st.sampled_from(PATHS),
        encoding=st.sampled_from(["identity", "gzip", "br", ""]),
        zipped=st.booleans(),
    )
    def exchange(body: bytes, path: str, encoding: str, zipped: bool) -> None:
        content = gzip.compress(body) if zipped else body
        answer(endpoint, url_event(content, path=path, content_encoding=encoding))

    exchange()


@cases
def test_any_route_and_headers_are_answered_or_refused(cases: int, endpoint: Endpoint, url_event: MakeEvent) -> None:
    names = st.sampled_from(["accept", "accept-encoding", "content-type"]) | st.text()
    paths = st.sampled_from([*PATHS, "/ping", "/openapi.json", "/v2"]) | st.text().map("/v2/".__add__) | st.text()

    @settings(UNHURRIED, max_examples=cases)
    @given(
        method=st.sampled_from(["GET", "POST", "PUT"]) | header_values,
        path=paths,
        headers=st.dictionaries(names, header_values),
    )
    def exchange(method: str, path: str, headers: dict[str, str]) -> None:
        answer(endpoint, {**url_event("[]", method=method, path=path), "headers": headers})

    exchange()


@cases
def test_every_form_of_the_same_rows_gets_the_same_predictions(
    cases: int, endpoint: Endpoint, url_event: MakeEvent
) -> None:
    @settings(UNHURRIED, max_examples=cases)
    @given(rows=st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=6))
    def compare(rows: list[list[float]]) -> None:
        found = Rows(random.Random(0))
        found.names, found.table = list(FEATURES), rows
        expected = endpoint(found.records(), None)
        columns = {name: [row[at] for row in rows] for at, name in enumerate(FEATURES)}
        for body in (found.records(), columns, {"columns": FEATURES, "data": rows}):
            assert json.loads(endpoint(url_event(json.dumps(body)), None)["body"]) == expected
        lines = "\n".join(",".join(map(repr, row)) for row in rows)
        assert json.loads(endpoint(url_event(lines, content_type="text/csv"), None)["body"]) == expected
        for asked in (found.tensors(), found.tensor()):
            inferred = endpoint(url_event(json.dumps(asked), path="/v2/models/small/infer"), None)
            assert json.loads(inferred["body"])["outputs"][0]["data"] == expected

    compare()
