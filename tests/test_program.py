"""Does the program deploy what its configuration says, and export what clients need?"""

import contextlib
import functools
import json
import re
import runpy
from collections.abc import Mapping
from pathlib import Path

import pulumi
import pytest
import yaml

from components import arguments
from components.spelling import camel_case
from docs import generate_settings
from tests import fake_engine

REPOSITORY = Path(__file__).parents[1]
PROJECT = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())
GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())

PRODUCTION = (REPOSITORY / "Pulumi.prod.yaml").read_text()
STACKS = ["dev", "prod"]


def settings(stack: str) -> dict[str, str]:
    """A stack's configuration as the CLI hands it over: the project's defaults under the stack's own values."""
    defaults = {f"wine-quality:{key}": declared["default"] for key, declared in PROJECT["config"].items()}
    own = yaml.safe_load((REPOSITORY / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {key: text if isinstance(text, str) else json.dumps(text) for key, text in {**defaults, **own}.items()}


def up(config: Mapping[str, str], stack: str = "dev") -> fake_engine.Deployment:
    """What `__main__.py` as it is registers and exports."""

    def program() -> None:
        runpy.run_path(str(REPOSITORY / "__main__.py"), run_name="__main__")

    with contextlib.chdir(REPOSITORY):
        return fake_engine.run(program, golden_answer=GOLDEN["predictions"], config={**settings(stack), **config})


@functools.cache
def as_it_comes(stack: str = "dev") -> fake_engine.Deployment:
    return up({}, stack)


def test_the_defaults_of_the_project_deploy_the_wine_model() -> None:
    outputs = as_it_comes().outputs
    assert outputs["model_version"] == GOLDEN["model_sha256"][:12]
    assert outputs["region"] == fake_engine.REGION


@pytest.mark.parametrize("output", ["endpoint", "invoker_role_arn", "function_name", "image_uri", "client_policy_json"])
def test_clients_find_what_they_need_in_the_outputs(output: str) -> None:
    assert as_it_comes().outputs[output]


@pytest.mark.parametrize(
    ("key", "value", "argument", "expected"),
    [
        ("memoryMb", "2048", "memorySize", 2048),
        ("timeoutSeconds", "5", "timeout", 5),
        ("architecture", "arm64", "architectures", ["arm64"]),
    ],
)
def test_configuration_reaches_the_function(key: str, value: str, argument: str, expected: object) -> None:
    deployment = up({f"wine-quality:{key}": value})
    assert deployment.one("aws:lambda/function:Function").inputs[argument] == expected


def test_a_model_that_is_not_there_stops_the_program_before_anything_registers() -> None:
    with pytest.raises(pulumi.RunError, match=r"wine-quality:modelPath nowhere\.ubj must be .* got nothing there"):
        up({"wine-quality:modelPath": "nowhere.ubj"})


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_that_comes_with_the_project_deploys_as_it_is(stack: str) -> None:
    outputs = as_it_comes(stack).outputs
    assert outputs["endpoint"].startswith("https://")
    assert "aws:region" in settings(stack)


def test_the_production_stack_keeps_its_images_and_watches_itself() -> None:
    deployment = as_it_comes("prod")
    assert deployment.one("aws:ecr/repository:Repository").inputs["forceDelete"] is False
    assert len(deployment.all("aws:cloudwatch/metricAlarm:MetricAlarm")) == 4
    assert deployment.one("aws:cloudwatch/dashboard:Dashboard")


@pytest.mark.parametrize("line", re.findall(r"(?m)^ *# (?:wine-quality:)?(\w+): (.+)$", PRODUCTION))
def test_what_the_production_stack_suggests_in_comments_is_a_setting(line: tuple[str, str]) -> None:
    name, _ = line
    known = {camel_case(argument) for argument in [*arguments.RULES, *arguments.ALARMS]}
    assert name in known


def test_the_settings_of_the_project_are_those_of_the_component() -> None:
    assert generate_settings.PROJECT.read_text(encoding="utf-8") == generate_settings.page(), (
        "write them again: python -m docs.generate_settings"
    )


def test_a_default_stands_in_the_project_as_the_component_has_it() -> None:
    defaults = {camel_case(name): rule.default for name, rule in arguments.RULES.items() if rule.default is not None}
    assert {key: declared["default"] for key, declared in PROJECT["config"].items()} == defaults


def test_every_argument_is_named_in_the_project() -> None:
    text = generate_settings.PROJECT.read_text(encoding="utf-8")
    assert [name for name in arguments.RULES if not re.search(rf"(?m)^  (#   )?{camel_case(name)}[: ]", text)] == []
