"""Does the program deploy what its configuration says, and export what clients need?"""

import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.provider.experimental.util import camel_case

from components import arguments
from tests import fake_engine

REPOSITORY = Path(__file__).parents[1]
PROJECT = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())

DEFAULTS = {
    f"wine-quality:{key}": value if isinstance(value := declared["default"], str) else json.dumps(value)
    for key, declared in PROJECT["config"].items()
}


def up(monkeypatch: pytest.MonkeyPatch, config: Mapping[str, str]) -> tuple[fake_engine.Deployment, dict[str, Any]]:
    """Runs `__main__.py` as it is; returns what it registered and what it exported."""
    monkeypatch.chdir(REPOSITORY)
    exported: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)

    def program() -> dict[str, Any]:
        runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")
        return exported

    deployment = fake_engine.run(program, golden_answer=GOLDEN["predictions"], config={**DEFAULTS, **config})
    return deployment, deployment.outputs


def test_the_defaults_of_the_project_deploy_the_wine_model(monkeypatch: pytest.MonkeyPatch) -> None:
    _, outputs = up(monkeypatch, {})
    assert outputs["model_version"] == GOLDEN["model_sha256"][:12]
    assert outputs["region"] == fake_engine.REGION


@pytest.mark.parametrize("output", ["endpoint", "invoker_role_arn", "function_name", "image_uri", "client_policy_json"])
def test_clients_find_what_they_need_in_the_outputs(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    assert up(monkeypatch, {})[1][output]


@pytest.mark.parametrize(
    ("key", "value", "argument", "expected"),
    [
        ("memoryMb", "2048", "memorySize", 2048),
        ("timeoutSeconds", "5", "timeout", 5),
        ("architecture", "arm64", "architectures", ["arm64"]),
    ],
)
def test_configuration_reaches_the_function(
    monkeypatch: pytest.MonkeyPatch, key: str, value: str, argument: str, expected: object
) -> None:
    deployment, _ = up(monkeypatch, {f"wine-quality:{key}": value})
    assert deployment.one("aws:lambda/function:Function").inputs[argument] == expected


def test_a_model_that_is_not_there_stops_the_program_before_anything_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pulumi.RunError, match=r"model_path nowhere\.ubj must be .* got nothing there"):
        up(monkeypatch, {"wine-quality:modelPath": "nowhere.ubj"})


@pytest.mark.parametrize("key", PROJECT["config"])
def test_every_setting_has_a_type_a_default_and_a_description(key: str) -> None:
    assert PROJECT["config"][key].keys() >= {"type", "default", "description"}


@pytest.mark.parametrize("key", PROJECT["config"].keys() - {"modelPath"})
def test_the_default_of_a_setting_is_the_components(key: str) -> None:
    (rule,) = [rule for name, rule in arguments.RULES.items() if camel_case(name) == key]
    assert PROJECT["config"][key]["default"] == rule.default


def test_the_stack_sets_only_what_the_project_declares() -> None:
    stack = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]
    own = {key.removeprefix("wine-quality:") for key in stack if key.startswith("wine-quality:")}
    assert own <= PROJECT["config"].keys()
    assert "aws:region" in stack
