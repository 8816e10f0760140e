"""A model, its golden file, and a deployment of them on mocks."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pulumi
import pytest
import xgboost

from components import MLInferenceFunction
from components.bundled_handler import model_reader
from tests import fake_engine

MODEL = Path(__file__).parents[2] / "model" / "wine_quality.ubj"
GOLDEN = MODEL.with_name("golden.json")
OUTPUTS = [name for name in MLInferenceFunction.__annotations__ if not name.startswith("_")]


def small_model(path: Path, objective: str = "reg:squarederror", **parameters: Any) -> Path:
    """Trains a model of the features `a` and `b` in a moment and saves it."""
    rng = np.random.default_rng(0)
    rows = rng.random((64, 2), dtype=np.float32)
    classes = parameters.get("num_class", 0)
    labels = rng.integers(classes, size=64) if classes else (rows.sum(axis=1) > 1).astype(int)
    data = xgboost.DMatrix(rows, labels, feature_names=["a", "b"])
    settings = {"objective": objective, "max_depth": 3, "nthread": 1, **parameters}
    xgboost.train({key: value for key, value in settings.items() if value is not None}, data, 5).save_model(path)
    return path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One working directory for all deployments of a file: writing the same context each time is a third of them."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(autouse=True)
def in_a_project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contexts are staged below the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module", autouse=True)
def a_model_is_read_once() -> Iterator[None]:
    """Nearly every deployment is one of the wine model, of which reading its trees is a fifth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_reader, "read", functools.cache(model_reader.read))
        yield


@pytest.fixture(scope="session")
def golden_predictions() -> list[float]:
    return list(json.loads(GOLDEN.read_text())["predictions"])


@pytest.fixture(scope="session")
def deploy(golden_predictions: list[float]) -> Callable[..., fake_engine.Deployment]:
    """Deploys the component with some arguments; the wine model is the default."""

    def deployed(
        args: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
        *,
        name: str = "wine",
        golden_answer: object = None,
        preview: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> fake_engine.Deployment:
        def program() -> dict[str, pulumi.Output[Any]]:
            # Outputs are made while the program runs.
            given = args() if callable(args) else args or {}
            source = {} if {"model_path", "context_path", "image_uri"} & given.keys() else {"model_path": str(MODEL)}
            component = MLInferenceFunction(name, {**source, **given}, opts)  # type: ignore[typeddict-item]
            return {output: getattr(component, output) for output in OUTPUTS}

        answer = golden_predictions if golden_answer is None else golden_answer
        return fake_engine.run(program, preview=preview, golden_answer=answer)

    return deployed
