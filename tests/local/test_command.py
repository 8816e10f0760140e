"""`python -m local`: what a user sees, what is left behind, and how it fails."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import xgboost

from local import demo
from local.__main__ import main
from local.emulator import Emulator
from tests.local.test_emulator import gone

MODEL = demo.PROJECT / "model"


class RecordedEmulator(Emulator):
    """Remembers those that were started, to see that they ended."""

    started: list["RecordedEmulator"] = []  # noqa: RUF012

    def __init__(self, port: int | None = None, region: str = "us-east-1") -> None:
        super().__init__(port, region)
        self.started.append(self)


@pytest.fixture
def emulators(monkeypatch: pytest.MonkeyPatch) -> list[RecordedEmulator]:
    monkeypatch.setattr(RecordedEmulator, "started", [])
    monkeypatch.setattr(demo, "Emulator", RecordedEmulator)
    return RecordedEmulator.started


@pytest.fixture
def wine_model(tmp_path: Path) -> Path:
    """A copy of the project's model with its golden file, to be spoilt."""
    for name in ("wine_quality.ubj", "golden.json"):
        shutil.copy(MODEL / name, tmp_path)
    return tmp_path / "wine_quality.ubj"


@pytest.fixture
def other_model(tmp_path: Path) -> Path:
    """A model with features of its own and no golden file."""
    rows = [[0.1, 5.0], [0.9, 1.0], [0.4, 3.0], [0.7, 2.0]]
    data = xgboost.DMatrix(rows, label=[1.0, 9.0, 3.0, 7.0], feature_names=["age (years)", "it's"])
    path = tmp_path / "other.json"
    xgboost.train({"max_depth": 2, "min_child_weight": 0, "nthread": 1}, data, num_boost_round=5).save_model(path)
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["local", "--no-docker", *arguments])
    return main()


pytestmark = pytest.mark.usefixtures("own_signals")


def test_another_model_with_other_features_is_served_without_a_change_of_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    other_model: Path,
    emulators: list[RecordedEmulator],
) -> None:
    monkeypatch.setenv("MODEL", str(other_model))
    assert run(monkeypatch) == 0
    printed = capsys.readouterr().out
    rows = printed.partition("    prediction ")[2].splitlines()[1:3]
    assert [row.split()[0] for row in rows] == [row.split()[1] for row in rows]
    assert all("age (years) " in row and "it's " in row for row in rows), "each prediction stands beside its record"
    assert "other-function" in printed, "what is made is named after the model"
    assert "2: age (years), it's" in printed
    assert "none is built (--no-docker was given)" in printed
    for refused in ("unsigned", "with a wrong secret"):
        assert any(line.split()[0] == "403" and refused in line for line in printed.splitlines() if line.strip())
    assert [emulator.running for emulator in emulators] == [False]


def spoil_missing(model: Path) -> None:
    model.unlink()


def spoil_corrupt(model: Path) -> None:
    model.write_bytes(b"{not a model")
    (model.parent / "golden.json").unlink()


def spoil_other_golden(model: Path) -> None:
    golden = json.loads((model.parent / "golden.json").read_text())
    (model.parent / "golden.json").write_text(json.dumps(golden | {"model_sha256": "0" * 64}))


def spoil_golden_prediction(model: Path) -> None:
    golden = json.loads((model.parent / "golden.json").read_text())
    golden["predictions"][3] += 0.5
    (model.parent / "golden.json").write_text(json.dumps(golden))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_missing, "cannot be read: No such file or directory"),
        (spoil_corrupt, "is not a whole XGBoost model"),
        (spoil_other_golden, "was made for the model with SHA-256 000000000000"),
        (spoil_golden_prediction, "golden check failed: record 3: expected"),
    ],
)
def test_a_model_that_cannot_be_served_is_one_line_and_no_success(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    emulators: list[RecordedEmulator],
    wine_model: Path,
    spoil: object,
    message: str,
) -> None:
    assert callable(spoil)
    spoil(wine_model)
    assert run(monkeypatch, "--model", str(wine_model)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert not any(emulator.running for emulator in emulators)


def test_a_taken_port_is_one_line_and_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert run(monkeypatch, "--port", str(other.getsockname()[1])) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: port ")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_serving_ends_in_order_on_ctrl_c() -> None:
    command = [sys.executable, "-u", "-m", "local", "serve", "--no-docker"]
    environment = {name: value for name, value in os.environ.items() if name != "MODEL"}
    with subprocess.Popen(command, cwd=demo.PROJECT, stdout=subprocess.PIPE, text=True, env=environment) as serving:
        assert serving.stdout is not None
        for line in serving.stdout:
            if line.startswith("Serving"):
                break
        children = Path(f"/proc/{serving.pid}/task/{serving.pid}/children")
        emulators = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        serving.send_signal(signal.SIGINT)
        rest = serving.stdout.read()
    assert serving.returncode == 0
    assert "the emulator is gone" in rest
    assert all(map(gone, emulators))
