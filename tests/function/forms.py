"""The same rows in every form that the endpoint takes, as the clients of each form write them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd
from endpoint import Endpoint

from tests.function.protocols import MakeEvent


@dataclass(frozen=True)
class Sent:
    """What goes over the wire.

    Attributes:
        body: Text, or bytes that Function URLs deliver as base64.
        kind: Media type.
        path: Path, in which `{model}` stands for the model's name.
    """

    body: str | bytes
    kind: str = "application/json"
    path: str = "/"


def cells(column: pd.Series[Any]) -> list[Any]:
    """Return a column as Python's own values, None for a missing one."""
    if isinstance(column.dtype, pd.CategoricalDtype):  # by code: pandas takes its time for each text
        names = [*column.cat.categories.tolist(), None]
        return [names[code] for code in column.cat.codes.tolist()]
    found: list[Any] = column.tolist()
    return [None if cell != cell else cell for cell in found] if column.hasnans else found


def plain(rows: pd.DataFrame) -> list[list[Any]]:
    """Return the rows as Python's own values, None for a missing one."""
    if all(kind == np.float32 for kind in rows.dtypes):
        found = rows.to_numpy().tolist()
        return [[None if cell != cell else cell for cell in row] for row in found]
    return list(map(list, zip(*(cells(rows[name]) for name in rows.columns), strict=True)))


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    names = list(rows.columns)
    return [dict(zip(names, row, strict=True)) for row in plain(rows)]


def columns(rows: pd.DataFrame) -> dict[str, list[Any]]:
    return dict(zip(rows.columns, map(list, zip(*plain(rows), strict=True)), strict=True))


def shuffled(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[list(np.random.default_rng(2).permutation(rows.columns))]


def split(rows: pd.DataFrame) -> dict[str, Any]:
    return {"columns": list(rows.columns), "index": list(range(len(rows))), "data": plain(rows)}


def as_csv(rows: Sequence[Sequence[Any]], names: Sequence[str] | None, line_end: str = "\n") -> str:
    text = io.StringIO(newline="")
    lines = [*([list(names)] if names is not None else []), *rows]
    # The writer itself would leave a lone CR without quotes.
    quote_all = any("\r" in str(cell) for line in lines for cell in line)
    if quote_all:
        csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(lines)
    else:
        csv.writer(text, lineterminator=line_end).writerows(lines)
    return text.getvalue()


def lines(rows: pd.DataFrame) -> str:
    return "".join(json.dumps(record) + "\n" for record in records(rows))


def tensors(rows: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for name, values in columns(rows).items():
        kinds = {type(value) for value in values if value is not None}
        datatype = "BYTES" if str in kinds else "BOOL" if bool in kinds else "FP64"
        found.append({"name": name, "shape": [len(values)], "datatype": datatype, "data": values})
    return found


NAMED: dict[str, Callable[[pd.DataFrame], Sent]] = {
    "records": lambda rows: Sent(json.dumps(records(rows))),
    "records in another order": lambda rows: Sent(json.dumps(records(shuffled(rows)))),
    "records beyond ASCII": lambda rows: Sent(json.dumps(records(rows), ensure_ascii=False)),
    "columns": lambda rows: Sent(json.dumps(columns(shuffled(rows)))),
    "split": lambda rows: Sent(json.dumps(split(shuffled(rows)))),
    "instances": lambda rows: Sent(json.dumps({"instances": records(rows)}), path="/invocations"),
    "instances with a signature": lambda rows: Sent(
        json.dumps({"signature_name": "serving_default", "instances": records(rows)}), path="/v1/models/{model}:predict"
    ),
    "dataframe_split": lambda rows: Sent(json.dumps({"dataframe_split": split(shuffled(rows))}), path="/invocations"),
    "dataframe_records": lambda rows: Sent(json.dumps({"dataframe_records": records(rows)}), path="/invocations"),
    "inputs by name": lambda rows: Sent(
        json.dumps({"inputs": columns(shuffled(rows)), "params": {}}), path="/invocations"
    ),
    "inputs as tensors": lambda rows: Sent(
        json.dumps({"inputs": {name: [[value] for value in values] for name, values in columns(rows).items()}}),
        path="/invocations",
    ),
    "inputs as records": lambda rows: Sent(json.dumps({"inputs": records(rows)}), path="/invocations"),
    "lines of JSON": lambda rows: Sent(lines(rows), "application/jsonlines"),
    "lines of JSON without an end": lambda rows: Sent(lines(shuffled(rows)).rstrip("\n"), "application/x-ndjson"),
    "CSV with a header": lambda rows: Sent(
        as_csv(plain(shuffled(rows)), list(shuffled(rows).columns)), "text/csv; header=present"
    ),
    "CSV with CRLF": lambda rows: Sent(as_csv(plain(rows), list(rows.columns), "\r\n"), "text/csv; header=present"),
    "tensors": lambda rows: Sent(json.dumps({"inputs": tensors(shuffled(rows))}), path="/v2/models/{model}/infer"),
}  # fmt: skip
"""Forms that name the features."""


def npy(rows: pd.DataFrame | pd.Series[Any], kind: str = "<f4", order: str = "C") -> bytes:
    text = io.BytesIO()
    np.save(text, np.array(rows.astype(float), dtype=kind, order=order))  # type: ignore[call-overload]
    return text.getvalue()


POSITIONAL: dict[str, Callable[[pd.DataFrame], Sent]] = {
    "CSV without a header": lambda rows: Sent(as_csv(plain(rows), None), "text/csv; header=absent"),
    "instances as arrays": lambda rows: Sent(json.dumps({"instances": plain(rows)}), path="/invocations"),
    "instances of KServe": lambda rows: Sent(json.dumps({"instances": plain(rows)}), path="/v1/models/{model}:predict"),
    "inputs as arrays": lambda rows: Sent(json.dumps({"inputs": plain(rows)}), path="/invocations"),
    "one tensor": lambda rows: Sent(
        json.dumps({"inputs": [{"name": "all", "shape": list(rows.shape), "datatype": "FP64", "data": plain(rows)}]}),
        path="/v2/models/{model}/infer",
    ),
}
"""Forms whose values stand in the order of the features."""

BINARY: dict[str, Callable[[pd.DataFrame], Sent]] = {
    **{f"npy of {kind} in {order} order": lambda rows, kind=kind, order=order: Sent(  # type: ignore[misc]
        npy(rows, kind, order), "application/x-npy") for kind in ("<f4", ">f4", "<f8", ">f8") for order in ("C", "F")},
    "raw float32": lambda rows: Sent(rows.astype(float).to_numpy("<f4").tobytes(), "application/x-float32"),
    "raw float32 at /invocations": lambda rows: Sent(
        rows.astype(float).to_numpy("<f4").tobytes(), "application/x-float32", "/invocations"
    ),
}  # fmt: skip
"""Forms of numbers alone, NaN for a missing one, in the order of the features."""


def libsvm(rows: pd.DataFrame, label: str = "0 ") -> Sent:
    """Return the rows in LIBSVM's text, missing values left out."""
    pairs = [[f"{at}:{value!r}" for at, value in enumerate(row) if value is not None] for row in plain(rows)]
    return Sent("".join(f"{label}{' '.join(row)}\n" for row in pairs), "text/libsvm")


def ask(endpoint: Endpoint, url_event: MakeEvent, sent: Sent, query: str = "", **headers: str) -> dict[str, Any]:
    """Return the response to what was sent."""
    assert endpoint.contract is not None
    path = sent.path.replace("{model}", endpoint.contract.name)
    response: dict[str, Any] = endpoint(
        url_event(
            sent.body,
            path=path,
            query=query,
            content_type=sent.kind,
            **headers,  # type: ignore[arg-type]
        ),
        None,
    )
    return response


def predictions(response: dict[str, Any]) -> Any:
    """Return the predictions of a response, whatever its form calls them."""
    assert response["statusCode"] == 200, response["body"]
    answer = orjson.loads(response["body"])
    if isinstance(answer, dict) and "outputs" in answer:
        output = answer["outputs"][0]
        return np.reshape(output["data"], output["shape"]).tolist()
    return answer["predictions"] if isinstance(answer, dict) else answer
