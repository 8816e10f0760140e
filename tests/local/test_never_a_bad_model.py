"""Can a bad model take traffic? The real program, deployed again and again onto one running emulator."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xgboost

from components.golden import Golden
from local import caller, demo, stack_config
from local.cloud import Cloud
from local.deployment import Deployment
from local.emulator import Emulator
from local.errors import LocalError

ROWS = [{"a": 0.1, "b": 0.9}, {"a": 0.8, "b": 0.2}, {"a": 0.4, "b": 0.5}]


@dataclass(frozen=True)
class Model:
    """A model file, a golden file beside it, and what the model predicts for `ROWS`."""

    path: Path
    predictions: list[float]


def model(folder: Path, *, seed: int, golden_is_off_by: float = 0.0) -> Model:
    """Trains a model whose golden file tells the truth, or not."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    rows = rng.random((200, 2), dtype=np.float32)
    data = xgboost.DMatrix(rows, rows[:, 0] * 3 + rng.random(200), feature_names=["a", "b"])
    booster = xgboost.train({"max_depth": 3, "nthread": 1}, data, 10)
    booster.save_model(folder / "model.ubj")
    asked = xgboost.DMatrix(np.array([[row["a"], row["b"]] for row in ROWS]), feature_names=["a", "b"])
    predictions = [float(value) for value in booster.predict(asked)]
    expected = [*predictions[:2], predictions[2] + golden_is_off_by]
    sha256 = hashlib.sha256((folder / "model.ubj").read_bytes()).hexdigest()
    Golden(sha256, 1e-5, ROWS, expected).write(folder / "golden.json")
    return Model(folder / "model.ubj", predictions)


class Stack:
    """The program on the emulator, and a client of its endpoint."""

    def __init__(self, deployment: Deployment, cloud: Cloud, port: int) -> None:
        self._deployment, self._cloud, self._port = deployment, cloud, port

    def up(self, served: Model) -> dict[str, str]:
        program = stack_config.load(demo.PROJECT).named_after(served.path)
        return self._deployment.deploy(program)

    def answers(self, outputs: dict[str, str]) -> list[float]:
        role = outputs["invoker_role_arn"]
        invoker = caller.assume(self._cloud, caller.create_user(self._cloud, role), role)
        endpoint = caller.Endpoint(outputs["endpoint"], self._port, "eu-central-1")
        answer = endpoint.post(json.dumps(ROWS).encode(), invoker)
        assert answer.status == 200
        return list(answer.json())

    def live_version(self, outputs: dict[str, str]) -> str:
        alias = self._cloud.lambda_.get_alias(FunctionName=outputs["function_name"], Name="live")
        return str(alias["FunctionVersion"])


@pytest.fixture
def stack(deployment: Deployment, cloud: Cloud, emulator: Emulator) -> Stack:
    return Stack(deployment, cloud, emulator.port)


def test_a_bad_model_leaves_the_good_one_serving_until_a_better_one_comes(stack: Stack, tmp_path: Path) -> None:
    good = model(tmp_path / "good", seed=1)
    bad = model(tmp_path / "bad", seed=2, golden_is_off_by=0.25)
    fixed = model(tmp_path / "fixed", seed=2)

    first = stack.up(good)
    assert stack.answers(first) == good.predictions
    version = stack.live_version(first)

    expected, actual = bad.predictions[2] + 0.25, bad.predictions[2]
    message = f"record 2: expected {expected!r}, got {actual!r}, tolerance 1e-05"
    with pytest.raises(LocalError, match=re.escape(message)):
        stack.up(bad)
    assert stack.answers(first) == good.predictions, "the bad model took traffic"
    assert stack.live_version(first) == version

    with pytest.raises(LocalError, match=re.escape(message)):
        stack.up(bad)  # a second attempt must not slip through because the version was published before
    assert stack.live_version(first) == version

    second = stack.up(fixed)
    assert stack.answers(second) == fixed.predictions
    assert stack.live_version(second) != version
    assert second["endpoint"] == first["endpoint"], "clients must not notice a new version"
