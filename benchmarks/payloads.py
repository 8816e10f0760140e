"""The same wines in every form and number: events of a Function URL."""

from __future__ import annotations

import itertools
import json
from typing import Any

import xgboost

from benchmarks.subjects import MODEL, ROOT, Event

Record = dict[str, float]


def records(rows: int) -> list[Record]:
    """Return that many rows: the golden records of the model, over and over."""
    golden = json.loads((ROOT / "model" / "golden.json").read_text())["records"]
    return list(itertools.islice(itertools.cycle(golden), rows))


def as_json(rows: list[Record]) -> Event:
    """Return a request of an array of records."""
    return _event(json.dumps(rows), "application/json")


def as_columns(rows: list[Record]) -> Event:
    """Return a request of one array for each feature."""
    return _event(json.dumps({name: [row[name] for row in rows] for name in rows[0]}), "application/json")


def as_csv(rows: list[Record]) -> Event:
    """Return a request of comma-separated lines without a header, in the order of the features."""
    names = xgboost.Booster(model_file=MODEL).feature_names or []
    return _event("\n".join(",".join(repr(row[name]) for name in names) for row in rows), "text/csv")


FORMS = {"records": as_json, "columns": as_columns, "CSV": as_csv}


def _event(body: str, kind: str) -> Event:
    recorded: dict[str, Any] = json.loads((ROOT / "tests" / "events" / "function_url_post.json").read_text())
    return {**recorded, "headers": {**recorded["headers"], "content-type": kind}, "body": body}
