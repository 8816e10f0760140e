"""A corpus of bad requests, each class with the exact status that it must get, and bombs that must stay small."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from endpoint import Endpoint

from tests.function import bombs
from tests.function.bodies import GOOD, packed, with_age
from tests.function.protocols import MakeEvent, Serve

OIP = "/v2/models/small/infer"


def tensor(**members: Any) -> str:
    return json.dumps({"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3], **members}]})


def three(first: dict[str, Any]) -> str:
    others = [{"name": n, "shape": [1], "datatype": "FP32", "data": [1]} for n in ("income", "age")]
    return json.dumps(
        {"inputs": [*others, {"name": "height: cm", "shape": [1], "datatype": "FP32", "data": [1], **first}]}
    )


def split(rest: str) -> str:
    return '{"columns": ["income", "age", "height: cm"], ' + rest + "}"


# name: (status, body, further arguments of the event)
CORPUS: dict[str, tuple[int, str | bytes, dict[str, Any]]] = {
    # JSON that is none
    "empty body": (400, "", {}),
    "white space": (400, " \n\t ", {}),
    "unclosed array": (400, "[", {}),
    "unclosed object": (400, '[{"income": 1', {}),
    "unclosed string": (400, '[{"income', {}),
    "trailing comma": (400, f"[{GOOD},]", {}),
    "missing comma": (400, f"[{GOOD} {GOOD}]", {}),
    "two documents": (400, f"[{GOOD}][{GOOD}]", {}),
    "lines of JSON": (400, f"{GOOD}\n{GOOD}", {}),
    "single quotes": (400, "[{'income': 1}]", {}),
    "unquoted keys": (400, "[{income: 1}]", {}),
    "comment": (400, f"[{GOOD}] // wine", {}),
    "Python literals": (400, with_age("None"), {}),
    "True in Python's spelling": (400, with_age("True"), {}),
    "leading zeros": (400, with_age("007"), {}),
    "leading plus": (400, with_age("+7"), {}),
    "leading point": (400, with_age(".5"), {}),
    "trailing point": (400, with_age("5."), {}),
    "hexadecimal number": (400, with_age("0x10"), {}),
    "underscore in a number": (400, with_age("1_000"), {}),
    "comma in a number": (400, with_age("1,5"), {}),
    "Arabic digits": (400, with_age("٣"), {}),
    "exponent without digits": (400, with_age("1e"), {}),
    "nan in lower case": (400, with_age("nan"), {}),
    "inf": (400, with_age("inf"), {}),
    "undefined": (400, with_age("undefined"), {}),
    "control character in a string": (400, '[{"in\ncome": 1}]', {}),
    "bad escape": (400, '[{"in\\xcome": 1}]', {}),
    "cut escape": (400, '[{"\\u00', {}),
    "NUL": (400, "\0", {}),
    "NUL after the body": (400, f"[{GOOD}]\0", {}),
    "two byte-order marks": (400, f"\ufeff\ufeff[{GOOD}]", {}),
    "XML": (400, "<wine/>", {}),
    "form": (400, "income=1&age=2", {}),
    "an integer of 5,000 digits": (400, with_age("9" * 5000), {}),
    "nested 100,000 deep": (400, "[" * 100_000, {}),
    "nested 100,000 deep and closed": (400, "[" * 100_000 + "]" * 100_000, {}),
    "objects nested 50,000 deep": (400, '{"a":' * 50_000, {}),
    # Encodings
    "UTF-16": (400, f"[{GOOD}]".encode("utf-16"), {}),
    "UTF-32": (400, f"[{GOOD}]".encode("utf-32"), {}),
    "Latin-1": (400, '[{"rosé": 1}]'.encode("latin-1"), {}),
    "overlong UTF-8": (400, b'[{"\xc0\xaf": 1}]', {}),
    "encoded surrogate": (400, b'[{"\xed\xa0\x80": 1}]', {}),
    "random bytes": (400, bytes(range(256)), {}),
    "base64 that is none": (400, "[]", {"is_base64": True}),
    "base64 with a line end": (400, "W10=\n", {"is_base64": True}),
    "base64 without padding": (400, "W10", {"is_base64": True}),
    "charset Latin-1": (415, f"[{GOOD}]", {"content_type": "application/json; charset=iso-8859-1"}),
    "charset UTF-16": (415, f"[{GOOD}]", {"content_type": 'application/json; charset="utf-16"'}),
    "gzip that is none": (400, b"[]", {"content_encoding": "gzip"}),
    "gzip as plain text": (400, "[]", {"content_encoding": "gzip"}),
    "gzip cut short": (400, packed(f"[{GOOD}]")[:-9], {"content_encoding": "gzip"}),
    "gzip with a wrong checksum": (400, packed("[]")[:-8] + bytes(8), {"content_encoding": "gzip"}),
    "gzip with something after it": (400, packed("[]") + b"x", {"content_encoding": "gzip"}),
    "two gzip members": (400, packed("[]") * 2, {"content_encoding": "gzip"}),
    "zlib instead of gzip": (400, zlib.compress(b"[]"), {"content_encoding": "gzip"}),
    "gzip within gzip": (400, gzip.compress(packed("[]")), {"content_encoding": "gzip"}),
    "brotli": (415, b"[]", {"content_encoding": "br"}),
    "brotli as text": (415, "[]", {"content_encoding": "br"}),
    "gzip twice": (415, packed("[]"), {"content_encoding": "gzip, gzip"}),
    # Shapes of JSON
    "a string": (422, '"wine"', {}),
    "a number": (422, "3", {}),
    "null": (422, "null", {}),
    "true": (422, "true", {}),
    "NaN": (422, "NaN", {}),
    "an empty object": (422, "{}", {}),
    "an array of numbers": (422, "[1, 2, 3]", {}),
    "an array of arrays": (422, "[[1, 2, 3]]", {}),
    "an array of null": (422, "[null]", {}),
    "an array of strings": (422, '["income"]', {}),
    "an array within an array": (422, f"[[{GOOD}]]", {}),
    "an empty record": (422, "[{}]", {}),
    "a good and an empty record": (422, f"[{GOOD}, {{}}]", {}),
    "a record within a record": (422, f'[{{"wine": {GOOD}}}]', {}),
    # Names
    "a missing feature": (422, '[{"income": 1, "age": 2}]', {}),
    "a misspelt feature": (422, '[{"income": 1, "aeg": 2, "height: cm": 3}]', {}),
    "an unknown feature": (422, f'[{{{GOOD[1:-1]}, "weight": 4}}]', {}),
    "a feature in upper case": (422, '[{"income": 1, "AGE": 2, "height: cm": 3}]', {}),
    "a feature with a space": (422, '[{"income": 1, "age ": 2, "height: cm": 3}]', {}),
    "a feature in another normal form": (422, '[{"income": 1, "\uff41ge": 2, "height: cm": 3}]', {}),
    "an empty key": (422, f'[{{{GOOD[1:-1]}, "": 4}}]', {}),
    "a key given twice": (422, f'[{{{GOOD[1:-1]}, "age": 4}}]', {}),
    "a key given twice, once escaped": (422, f'[{{{GOOD[1:-1]}, "\\u0061ge": 4}}]', {}),
    "a key given twice, a colon escaped": (422, '[{"income": 1, "age": 2, "age": 2, "height\\u003a cm": 3}]', {}),
    "a lone surrogate as key": (422, f'[{{{GOOD[1:-1]}, "\\ud800": 4}}]', {}),
    "a real lone surrogate as key": (422, f'[{{{GOOD[1:-1]}, "\ud800": 4}}]', {}),
    "a key of 100,000 characters": (422, f'[{{{GOOD[1:-1]}, "{"a" * 100_000}": 4}}]', {}),
    "ten thousand unknown keys": (422, json.dumps([{str(i): i for i in range(10_000)}]), {}),
    "__proto__": (422, f'[{{{GOOD[1:-1]}, "__proto__": {{}}}}]', {}),
    # Values
    "a number in a string": (422, with_age('"2"'), {}),
    "a string with a colon": (422, with_age('"2:3"'), {}),
    "an empty string": (422, with_age('""'), {}),
    "true as value": (422, with_age("true"), {}),
    "false as value": (422, with_age("false"), {}),
    "null as value": (422, with_age("null"), {}),
    "NaN as value": (422, with_age("NaN"), {}),
    "Infinity as value": (422, with_age("Infinity"), {}),
    "minus Infinity as value": (422, with_age("-Infinity"), {}),
    "beyond float32": (422, with_age("3.5e38"), {}),
    "beyond float32, negative": (422, with_age("-3.5e38"), {}),
    "beyond double": (422, with_age("1e309"), {}),
    "an integer beyond double": (422, with_age("9" * 400), {}),
    "an array as value": (422, with_age("[2]"), {}),
    "an empty array as value": (422, with_age("[]"), {}),
    "an object as value": (422, with_age('{"value": 2}'), {}),
    "a date": (422, with_age('"2026-11-01"'), {}),
    "a formula": (422, with_age('"=1+1"'), {}),
    "a path": (422, with_age('"../../etc/passwd"'), {}),
    "a template": (422, with_age('"${jndi:ldap://x}"'), {}),
    # Other JSON forms
    "columns of different lengths": (422, '{"income": [1], "age": [2, 3], "height: cm": [4]}', {}),
    "columns, one a number": (422, '{"income": [1], "age": 2, "height: cm": [4]}', {}),
    "columns, one missing": (422, '{"income": [1], "age": [2]}', {}),
    "columns, one unknown": (422, '{"income": [1], "age": [2], "height: cm": [4], "weight": [5]}', {}),
    "columns, one given twice": (422, '{"income": [1], "age": [2], "age": [2], "height: cm": [4]}', {}),
    "columns with a string": (422, '{"income": [1], "age": ["2"], "height: cm": [4]}', {}),
    "columns with true": (422, '{"income": [1], "age": [true], "height: cm": [4]}', {}),
    "columns within columns": (422, '{"income": [[1]], "age": [[2]], "height: cm": [[4]]}', {}),
    "columns by row label": (422, '{"income": {"0": 1}, "age": {"0": 2}, "height: cm": {"0": 3}}', {}),
    "split with a wrong name": (422, '{"columns": ["income", "aeg", "height: cm"], "data": [[1, 2, 3]]}', {}),
    "split with a name twice": (422, '{"columns": ["income", "age", "age"], "data": [[1, 2, 3]]}', {}),
    "split with too few names": (422, '{"columns": ["income", "age"], "data": [[1, 2]]}', {}),
    "split with a number as name": (422, '{"columns": ["income", "age", 3], "data": [[1, 2, 3]]}', {}),
    "split with a list as name": (422, '{"columns": ["income", "age", ["x"]], "data": [[1, 2, 3]]}', {}),
    "split with a short row": (422, '{"columns": ["income", "age", "height: cm"], "data": [[1, 2]]}', {}),
    "split with a long row": (422, '{"columns": ["income", "age", "height: cm"], "data": [[1, 2, 3, 4]]}', {}),
    "split with a number as row": (422, '{"columns": ["income", "age", "height: cm"], "data": [1, 2, 3]}', {}),
    "split with a string as row": (422, '{"columns": ["income", "age", "height: cm"], "data": ["123"]}', {}),
    "split with records": (422, f'{{"columns": ["income", "age", "height: cm"], "data": [{GOOD}]}}', {}),
    "split with an object as data": (422, '{"columns": ["income", "age", "height: cm"], "data": {}}', {}),
    "split with a wrong index": (422, split('"index": [0, 1], "data": [[1, 2, 3]]'), {}),
    "split with a number as index": (422, split('"index": 0, "data": [[1, 2, 3]]'), {}),
    "split with a null index": (422, split('"index": null, "data": []'), {}),
    "split with more members": (422, split('"data": [], "name": "x"'), {}),
    "split with data twice": (422, split('"data": [], "data": []'), {}),
    "instances as an object": (422, f'{{"instances": {GOOD}}}', {}),
    "instances as null": (422, '{"instances": null}', {}),
    "instances as arrays": (422, '{"instances": [[1, 2, 3]]}', {}),
    "instances with a signature": (422, f'{{"instances": [{GOOD}], "signature_name": "x"}}', {}),
    "instances given twice": (422, f'{{"instances": [{GOOD}], "instances": []}}', {}),
    "inputs": (422, '{"inputs": [[1, 2, 3]]}', {}),
    # CSV
    "CSV without rows": (422, "", {"content_type": "text/csv"}),
    "CSV of line ends": (422, "\n\r\n\n", {"content_type": "text/csv"}),
    "CSV with a short line": (422, "1,2,3\n1,2\n", {"content_type": "text/csv"}),
    "CSV with a long line": (422, "1,2,3\n1,2,3,4\n", {"content_type": "text/csv"}),
    "CSV with shifted lines": (422, "1,2,3,4\n1,2\n", {"content_type": "text/csv"}),
    "CSV with an empty line": (422, "1,2,3\n\n1,2,3\n", {"content_type": "text/csv"}),
    "CSV with an empty field": (422, "1,,3\n", {"content_type": "text/csv"}),
    "CSV with a word": (422, "1,two,3\n", {"content_type": "text/csv"}),
    "CSV with nan": (422, "1,nan,3\n", {"content_type": "text/csv"}),
    "CSV with inf": (422, "1,-inf,3\n", {"content_type": "text/csv"}),
    "CSV with infinity by exponent": (422, "1,1e999,3\n", {"content_type": "text/csv"}),
    "CSV with true": (422, "1,true,3\n", {"content_type": "text/csv"}),
    "CSV with null": (422, "1,null,3\n", {"content_type": "text/csv"}),
    "CSV with brackets": (422, "1,2],[3,4,5\n", {"content_type": "text/csv"}),
    "CSV with semicolons": (422, "1;2;3\n", {"content_type": "text/csv"}),
    "CSV with tabs": (422, "1\t2\t3\n", {"content_type": "text/csv"}),
    "CSV with decimal commas": (422, "1,5;2,5;3,5\n", {"content_type": "text/csv"}),
    "CSV with a hexadecimal number": (422, "1,0x2,3\n", {"content_type": "text/csv"}),
    "CSV with an underscore": (422, "1,2_0,3\n", {"content_type": "text/csv"}),
    "CSV with a bare exponent": (422, "1,e,3\n", {"content_type": "text/csv"}),
    "CSV with signs alone": (422, "+,-,+-\n", {"content_type": "text/csv"}),
    "CSV with Arabic digits": (422, "1,٣,3\n", {"content_type": "text/csv"}),
    "CSV with an open quote": (400, '1,"2,3\n', {"content_type": "text/csv"}),
    "CSV with a quote within": (400, '1,"2"x,3\n', {"content_type": "text/csv"}),
    "CSV with a field of 200,000 characters": (422, "1," + "a" * 200_000 + ",3\n", {"content_type": "text/csv"}),
    "CSV with a misspelt header": (422, "income,aeg,height: cm\n1,2,3\n", {"content_type": "text/csv"}),
    "CSV with a header twice": (422, "income,age,age\n1,2,3\n", {"content_type": "text/csv"}),
    "CSV with a short header": (422, "income,age\n1,2\n", {"content_type": "text/csv"}),
    "CSV with an unknown column": (422, "income,age,height: cm,x\n1,2,3,4\n", {"content_type": "text/csv"}),
    "CSV with a header in upper case": (422, "INCOME,AGE,HEIGHT\n1,2,3\n", {"content_type": "text/csv"}),
    "CSV with a header in the middle": (422, "1,2,3\nincome,age,height: cm\n", {"content_type": "text/csv"}),
    "CSV with a declared header that is none": (422, "1,2,3\n", {"content_type": "text/csv; header=present"}),
    "CSV with an undeclared header": (422, "income,age\n1,2\n", {"content_type": "text/csv;header=absent"}),
    "CSV with NUL": (422, "1,2\0,3\n", {"content_type": "text/csv"}),
    "CSV in UTF-16": (400, "1,2,3\n".encode("utf-16"), {"content_type": "text/csv"}),
    "JSON as CSV": (422, f"[{GOOD}]", {"content_type": "text/csv"}),
    "CSV as JSON": (400, "1,2,3\n", {}),
    # Open Inference Protocol
    "inference of an array": (422, "[]", {"path": OIP}),
    "inference without inputs": (422, "{}", {"path": OIP}),
    "inference of no inputs": (422, '{"inputs": []}', {"path": OIP}),
    "inference of a number": (422, '{"inputs": [3]}', {"path": OIP}),
    "inference of half a tensor": (422, '{"inputs": [{"name": "x"}]}', {"path": OIP}),
    "inference of a wrong width": (422, tensor(shape=[1, 2], data=[1, 2]), {"path": OIP}),
    "inference of a wrong size": (422, tensor(shape=[2, 3]), {"path": OIP}),
    "inference of a negative size": (422, tensor(shape=[-1, 3]), {"path": OIP}),
    "inference of a huge size": (422, tensor(shape=[2**40, 3]), {"path": OIP}),
    "inference of a broken size": (422, tensor(shape=[1.5, 2]), {"path": OIP}),
    "inference of three axes": (422, tensor(shape=[1, 1, 3]), {"path": OIP}),
    "inference without axes": (422, tensor(shape=[]), {"path": OIP}),
    "inference of a shape that is none": (422, tensor(shape="1,3"), {"path": OIP}),
    "inference of booleans": (422, tensor(datatype="BOOL"), {"path": OIP}),
    "inference of an unknown datatype": (422, tensor(datatype="BF16"), {"path": OIP}),
    "inference of a list as datatype": (422, tensor(datatype=["FP32"]), {"path": OIP}),
    "inference of data that are no list": (422, tensor(data={"0": 1}), {"path": OIP}),
    "inference of strings": (422, tensor(data=["1", "2", "3"]), {"path": OIP}),
    "inference of true": (422, tensor(data=[True, 2, 3]), {"path": OIP}),
    "inference of null": (422, tensor(data=[None, 2, 3]), {"path": OIP}),
    "inference of deep data": (422, tensor(data=[[[1, 2, 3]]]), {"path": OIP}),
    "inference of data nested beside their shape": (
        422, tensor(shape=[2, 3], data=[[1, 2], [3, 4], [5, 6]]), {"path": OIP}),
    "inference of ragged data": (422, tensor(shape=[2, 3], data=[[1, 2, 3, 4], [5, 6]]), {"path": OIP}),
    "inference of a column as a row": (422, tensor(shape=[1, 3], data=[[1], [2], [3]]), {"path": OIP}),
    "inference of data half nested": (422, tensor(data=[[1, 2], 3]), {"path": OIP}),
    "inference of data given twice": (422, tensor()[:-3] + ', "data": [4, 5, 6]}]}', {"path": OIP}),
    "inference of parameters given twice": (422, tensor()[:-3] + ', "parameters": {"a": 1, "a": 2}}]}', {"path": OIP}),
    "inference of inputs given twice": (422, tensor()[:-1] + ', "inputs": []}', {"path": OIP}),
    "inference of fractions as INT64": (422, tensor(datatype="INT64", data=[1.5, 2, 3]), {"path": OIP}),
    "inference of more than INT8 holds": (422, tensor(datatype="INT8", data=[128, 2, 3]), {"path": OIP}),
    "inference of less than UINT64 holds": (422, tensor(datatype="UINT64", data=[-1, 2, 3]), {"path": OIP}),
    "inference of NaN as INT32": (422, tensor(datatype="INT32", data=[float("nan"), 2, 3]), {"path": OIP}),
    "inference of outputs that are none": (422, tensor()[:-1] + ', "outputs": 3}', {"path": OIP}),
    "inference of an unknown name": (422, three({"name": "weight"}), {"path": OIP}),
    "inference of a name twice": (422, three({"name": "age"}), {"path": OIP}),
    "inference of a number as name": (422, three({"name": 7}), {"path": OIP}),
    "inference of different lengths": (422, three({"shape": [2], "data": [1, 2]}), {"path": OIP}),
    "inference of a matrix among vectors": (422, three({"shape": [1, 2], "data": [1, 2]}), {"path": OIP}),
    "inference of CSV": (415, "1,2,3\n", {"path": OIP, "content_type": "text/csv"}),
    "inference of broken JSON": (400, "{", {"path": OIP}),
    # Routes and headers
    "an unknown path": (404, f"[{GOOD}]", {"path": "/predict"}),
    "a path with a slash more": (404, f"[{GOOD}]", {"path": "/invocations/"}),
    "a double slash": (404, f"[{GOOD}]", {"path": "//"}),
    "a path in upper case": (404, f"[{GOOD}]", {"path": "/INVOCATIONS"}),
    "a path upwards": (404, "", {"path": "/../../etc/passwd", "method": "GET"}),
    "an encoded path": (404, f"[{GOOD}]", {"path": "/%69nvocations"}),
    "a path with NUL": (404, f"[{GOOD}]", {"path": "/\0"}),
    "a path of 100,000 characters": (404, f"[{GOOD}]", {"path": "/" + "a" * 100_000}),
    "inference of another model": (404, "{}", {"path": "/v2/models/large/infer"}),
    "inference of another version": (404, "{}", {"path": "/v2/models/small/versions/1/infer"}),
    "GET where POST is meant": (405, "", {"path": "/invocations", "method": "GET"}),
    "POST where GET is meant": (405, "[]", {"path": "/ping"}),
    "PUT": (405, "[]", {"method": "PUT"}),
    "DELETE": (405, "", {"method": "DELETE"}),
    "PATCH": (405, "[]", {"method": "PATCH"}),
    "HEAD": (405, "", {"method": "HEAD"}),
    "OPTIONS": (405, "", {"method": "OPTIONS"}),
    "TRACE": (405, "", {"method": "TRACE"}),
    "an invented method": (405, "[]", {"method": "BREW"}),
    "POST to the document": (405, "[]", {"path": "/openapi.json"}),
    "accept HTML": (406, f"[{GOOD}]", {"accept": "text/html"}),
    "accept nothing": (406, f"[{GOOD}]", {"accept": "application/json;q=0, text/csv;q=0"}),
    "accept CSV of an explanation": (406, f"[{GOOD}]", {"path": "/explain", "accept": "text/csv"}),
    "accept nonsense": (406, f"[{GOOD}]", {"accept": ";;;q=,,,"}),
    "accept a broken weight": (406, f"[{GOOD}]", {"accept": "application/json;q=high"}),
    "a form's media type": (415, "income=1", {"content_type": "application/x-www-form-urlencoded"}),
    "multipart": (415, "--x--", {"content_type": "multipart/form-data; boundary=x"}),
    "plain text": (415, f"[{GOOD}]", {"content_type": "text/plain"}),
    "XML's media type": (415, "<wine/>", {"content_type": "application/xml"}),
    "an npy file that is none": (400, b"\x93NUMPY", {"content_type": "application/x-npy"}),
    "Parquet": (415, b"PAR1", {"content_type": "application/vnd.apache.parquet"}),
    "pickle": (415, b"\x80\x04.", {"content_type": "application/python-pickle"}),
    "a body of bytes": (415, b"\0\0\0\0", {"content_type": "application/octet-stream"}),
    "a broken media type": (415, f"[{GOOD}]", {"content_type": "json"}),
    "a media type of 100,000 characters": (415, "[]", {"content_type": "a" * 100_000}),
    "a media type with nonsense": (415, "[]", {"content_type": "\u2603;;;=="}),
}  # fmt: skip


@pytest.fixture(scope="module")
def endpoint(small_model: Path, serve: Serve) -> Endpoint:
    return serve(small_model)


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 100
    assert {status for status, _, _ in CORPUS.values()} == {400, 404, 405, 406, 415, 422}


@pytest.mark.parametrize("name", CORPUS)
def test_a_bad_request_gets_its_exact_status(name: str, endpoint: Endpoint, url_event: MakeEvent) -> None:
    status, body, arguments = CORPUS[name]
    options = {key: value for key, value in arguments.items() if key != "is_base64"}
    event = url_event(body, **options)
    if "is_base64" in arguments:
        event["isBase64Encoded"] = True
    response = endpoint(event, None)
    assert response["statusCode"] == status, response["body"]
    assert response["headers"]["content-type"] == "application/problem+json"
    problem = json.loads(response["body"])
    assert (problem["status"], bool(problem["detail"])) == (status, True)
    assert len(response["body"]) < 8192
    response["body"].encode()


@pytest.mark.parametrize("depth", [400, 1_000, 1_020, 1_024, 5_000])
@pytest.mark.parametrize("path", ["/", "/invocations", OIP])
def test_no_depth_is_a_fault_of_the_endpoint_whichever_parser_reads_it(
    path: str, depth: int, endpoint: Endpoint, url_event: MakeEvent
) -> None:
    endpoint(url_event("[" + " " * 900_000 + "]"), None)  # from here on, the parser of a busy process
    deep = f', "x": {"[" * depth}{"]" * depth}, "y": ":"}}'
    for body in (split('"data": []')[:-1] + deep, tensor()[:-1] + deep, GOOD[:-1] + deep, '{"instances": []' + deep):
        assert endpoint(url_event(body, path=path), None)["statusCode"] in (200, 400, 422)


@pytest.mark.parametrize(
    "change",
    [
        {"requestContext": None},
        {"requestContext": []},
        {"requestContext": {}},
        {"requestContext": {"http": None}},
        {"requestContext": {"http": {}}},
        {"headers": "content-type"},
        {"headers": {1: 2}},
        {"body": ["[]"]},
        {"body": {"income": 1}},
    ],
    ids=str,
)
def test_an_event_of_another_form_is_a_bad_request(
    endpoint: Endpoint, url_event: MakeEvent, change: dict[str, Any]
) -> None:
    assert endpoint({**url_event("[]"), **change}, None)["statusCode"] == 400


@pytest.mark.parametrize(
    "change", [{"headers": None}, {"headers": []}, {"rawPath": None}, {"rawPath": ""}, {"isBase64Encoded": None}]
)
def test_what_an_event_leaves_out_is_taken_for_granted(
    endpoint: Endpoint, url_event: MakeEvent, change: dict[str, Any]
) -> None:
    assert endpoint({**url_event("[]"), **change}, None)["statusCode"] == 200


@pytest.fixture(scope="module")
def for_bombs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bombs")
    bombs.models(folder)
    return folder


QUICK = ("a million empty rows", "an integer of six million digits", "gzip of rows", "CSV of commas",
         "wide: as many empty records as may be")  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's largest size")
@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in bombs.BOMBS]
)
def test_a_bomb_is_answered_within_the_functions_memory(name: str, for_bombs: Path) -> None:
    answer = bombs.explode(name, for_bombs)
    assert answer.status == bombs.BOMBS[name][0]
    assert answer.peak_mb <= bombs.MEMORY_MB
