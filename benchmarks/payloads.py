"""The same wines in every form and number: events of a Function URL.

The rows are the prepared data's own, all different up to their number: a few rows over and over would be an easy guess
for a processor's branch prediction, and flatter everything that walks trees.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost

from benchmarks.folders import ROOT
from benchmarks.subjects import MODEL, Event
from model import preparation, sources

Record = dict[str, float]
Rows = Sequence[Record]

MUCH = 4_000_000
"""Characters."""

BINARY = "application/x-float32"


@functools.cache
def _wines() -> list[Record]:
    table = preparation.prepare(sources.read_package())[list(features())]
    shuffled = table.sample(frac=1, random_state=0)
    return [dict(zip(features(), map(float, row), strict=True)) for row in shuffled.to_numpy()]


@functools.cache
def features() -> tuple[str, ...]:
    """Return the model's features in their order."""
    return tuple(xgboost.Booster(model_file=MODEL).feature_names or ())


def records(rows: int) -> Rows:
    """Return that many wines: 5,320 different ones, then again from the first."""
    return list(itertools.islice(itertools.cycle(_wines()), rows))


def noise(rows: int, names: Sequence[str]) -> Rows:
    """Return rows for a model of other features: four digits each, as measurements have them."""
    values = np.random.default_rng(5).normal(size=(rows, len(names))).round(4)
    return [dict(zip(names, map(float, row), strict=True)) for row in values]


def as_json(rows: Rows) -> Event:
    """Return a request of an array of records."""
    return _event(json.dumps(rows), "application/json", len(rows))


def as_columns(rows: Rows) -> Event:
    """Return a request of one array for each feature."""
    return _event(json.dumps({name: [row[name] for row in rows] for name in rows[0]}), "application/json", len(rows))


def as_csv(rows: Rows) -> Event:
    """Return a request of comma-separated lines without a header, in the order of the features."""
    return _event("\n".join(",".join(map(repr, row.values())) for row in rows), "text/csv", len(rows))


def as_binary(rows: Rows) -> Event:
    """Return a request of little-endian float32, row after row in the order of the features, base64 as URLs send it."""
    event = _event("", BINARY, len(rows))
    return {**event, "body": base64.b64encode(packed(rows)).decode(), "isBase64Encoded": True}


def packed(rows: Rows) -> bytes:
    """Return rows as float32."""
    return array("f", itertools.chain.from_iterable(row.values() for row in rows)).tobytes()


def much(rows: Rows) -> Event:
    """Return a request that, asked twice, has a process use orjson and msgspec for everything from then on (ADR 32).

    Blanks count as what is parsed, and take next to no time.
    """
    text = json.dumps(rows)
    return _event(text[:-1] + " " * MUCH + "]", "application/json", len(rows))


FORMS = {"records": as_json, "columns": as_columns, "CSV": as_csv, "binary": as_binary}


def _event(body: str, kind: str, rows: int) -> Event:
    recorded: dict[str, Any] = json.loads((ROOT / "tests" / "events" / "function_url_post.json").read_text())
    headers = {**recorded["headers"], "content-type": kind, "x-rows": str(rows)}
    return {**recorded, "headers": headers, "body": body}
