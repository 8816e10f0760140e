"""Is built what the stack's configuration asks for, and is a model that cannot be served refused in one line?"""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import xgboost
import yaml

from components import golden
from image import __main__ as command
from image import build, rebuilding
from image.build import Wanted
from local.docker.base_image import BaseImage
from local.docker.command import Builder
from local.errors import LocalError

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def wanted() -> Wanted:
    return build.wanted()


def test_the_settings_are_those_of_the_stack(wanted: Wanted) -> None:
    declared = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())
    assert wanted.name == declared["name"]
    assert wanted.base == declared["config"]["baseImage"]["default"]
    assert wanted.memory_mb == declared["config"]["memoryMb"]["default"]
    stack = yaml.safe_load((PROJECT / "Pulumi.dev.yaml").read_text())
    assert wanted.model == PROJECT / stack["config"]["wine-quality:modelPath"]


def test_another_model_and_processor_win_over_the_stack(tmp_path: Path) -> None:
    other = build.wanted(tmp_path / "churn.json", "arm64")
    assert (other.model, other.platform) == (tmp_path / "churn.json", "linux/arm64")


def test_a_processor_that_lambda_lacks_is_refused() -> None:
    with pytest.raises(LocalError, match="'riscv64'; Lambda has x86_64 and arm64"):
        build.wanted(architecture="riscv64")


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (pickle.dumps({}), "pickle")], ids=["missing", "pickle"]
)
def test_a_model_that_cannot_be_served_is_refused_before_anything_is_built(
    wanted: Wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, reason: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if content is not None:
        (tmp_path / "model.ubj").write_bytes(content)
    with pytest.raises(LocalError, match=reason):
        build.build(replace(wanted, model=tmp_path / "model.ubj"), BaseImage("base"), Builder("none", {}))


def test_the_command_says_in_one_line_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["image", "build", "--architecture", "riscv64"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert command.main() == 1
    assert capsys.readouterr().err == "error: the architecture is 'riscv64'; Lambda has x86_64 and arm64\n"


def test_a_changed_model_is_another_file_with_the_same_golden_predictions(wanted: Wanted, tmp_path: Path) -> None:
    changed = rebuilding.changed_model(wanted.model, tmp_path)
    before, after = golden.load(wanted.model.with_name("golden.json")), golden.load(tmp_path / "golden.json")
    assert changed.read_bytes() != wanted.model.read_bytes()
    assert (after.records, after.predictions) == (before.records, before.predictions)
    assert after.model_sha256 != before.model_sha256
    assert xgboost.Booster(model_file=changed).num_boosted_rounds() == _rounds(wanted.model)


def _rounds(model: Path) -> int:
    return xgboost.Booster(model_file=model).num_boosted_rounds()
