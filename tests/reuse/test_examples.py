"""Does every example do what its first lines promise?"""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.components.conftest import small_model
from tests.reuse.conftest import GOLDEN, REPOSITORY, SCHEMA, Plugin, Program, ProgramError
from tests.reuse.recording_engine import Recorded, output

Examples = dict[str, Program]

pytestmark = pytest.mark.together("installed component")

COMPONENT = "ml-inference:index:MLInferenceFunction"
FUNCTION = "aws:lambda/function:Function"


@pytest.fixture(scope="module")
def blue_green(examples: Examples) -> Recorded:
    """The two models as they come."""
    return examples["blue_green"].up()


def test_every_example_is_run_here() -> None:
    folders = {folder.name for folder in (REPOSITORY / "examples").iterdir() if folder.is_dir()}
    assert folders == {"python", "blue_green", "consumer", "yaml", "typescript"}


def test_a_python_program_installs_and_imports_the_component(examples: Examples) -> None:
    deployed = examples["python"].up()
    assert deployed.one(FUNCTION).inputs["memorySize"] == 512
    topic = deployed.one("aws:sns/topic:Topic")
    for alarm in deployed.all("aws:cloudwatch/metricAlarm:MetricAlarm"):
        assert alarm.inputs["alarmActions"][0].startswith("arn:aws:sns:")
        assert deployed.depends(alarm, topic)
    assert deployed.outputs["endpoint"].startswith("https://")
    assert deployed.outputs["model_summary"]["sha256"] == GOLDEN["model_sha256"]


def test_the_tests_of_an_example_pass_where_the_component_is_installed(
    examples: Examples, python_with_component: Path
) -> None:
    folder = examples["python"].folder
    command = [str(python_with_component), "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_program.py"]
    # The tests need none of the plugins that the environment around has, whose imports take longer than they.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    tested = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "4 passed" in tested.stdout
    assert not tested.stderr  # outputs that waited for a refused one are not told again


def test_two_models_stand_side_by_side_on_their_own_processors(blue_green: Recorded) -> None:
    assert {component.name for component in blue_green.all(COMPONENT)} == {"wine-blue", "wine-green"}
    processors = {function.name: function.inputs["architectures"] for function in blue_green.all(FUNCTION)}
    assert processors == {"wine-blue-function": ["x86_64"], "wine-green-function": ["arm64"]}
    names = [(resource.type, resource.name) for resource in blue_green.resources]
    assert len(names) == len(set(names))
    assert blue_green.outputs["green_cost_per_1000_usd"] < blue_green.outputs["blue_cost_per_1000_usd"]


@pytest.mark.parametrize("side", ["blue", "green"])
def test_one_setting_says_which_of_the_two_clients_are_told(
    examples: Examples, blue_green: Recorded, side: str
) -> None:
    deployed = blue_green if side == "blue" else examples["blue_green"].up(live=side)
    assert f"wine-{side}-function" in deployed.outputs["client_policy_json"]
    assert deployed.outputs["endpoint"] == deployed.outputs[f"{side}_endpoint"]


def test_a_new_model_on_the_one_side_leaves_the_other_as_it_is(
    examples: Examples, blue_green: Recorded, tmp_path: Path
) -> None:
    before = {resource.name: resource.inputs for resource in blue_green.resources}
    green = small_model(tmp_path / "green.ubj")
    after = {resource.name: resource.inputs for resource in examples["blue_green"].up(greenModel=str(green)).resources}
    changed = {name for name in before if before[name] != after.get(name)}
    assert {"wine-green-image", "wine-green-function"} <= changed
    assert all(name.startswith("wine-green") for name in changed)


def test_a_side_that_is_not_there_is_refused(examples: Examples) -> None:
    with pytest.raises(ProgramError, match="live must be one of blue, green, got 'grren'"):
        examples["blue_green"].up(live="grren")


def test_a_consumer_learns_address_and_right_from_the_other_stack(examples: Examples) -> None:
    program = examples["consumer"]
    exported = {"endpoint": "https://model.example", "client_policy_json": json.dumps({"Statement": []})}
    program.engine.other_stacks["organization/wine/production"] = exported
    deployed = program.up(endpointStack="organization/wine/production")
    assert deployed.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"] == exported["client_policy_json"]
    assert deployed.one("aws:ssm/parameter:Parameter").inputs["value"] == {"secret": "https://model.example"}


def test_the_consumer_asks_for_what_the_endpoints_program_exports(blue_green: Recorded) -> None:
    asked = {"endpoint", "client_policy_json"}
    assert asked <= blue_green.outputs.keys()


@pytest.mark.together("plugin of the component package")
def test_a_yaml_program_uses_the_component_package(plugin: Plugin) -> None:
    """Its properties are given to the plugin as the engine gives them; `${…}` is filled in as the YAML host would."""
    program = yaml.safe_load((REPOSITORY / "examples" / "yaml" / "Pulumi.yaml").read_text())
    topic = "arn:aws:sns:eu-central-1:123456789012:on-call"
    properties = program["resources"]["wine"]["properties"]
    assert properties["alarms"]["topicArn"] == "${onCall.arn}"
    properties["alarms"]["topicArn"] = output(topic, "urn:pulumi:test::foreign::aws:sns/topic:Topic::onCall")
    properties["modelPath"] = properties["modelPath"].removeprefix("../../")
    deployed, outputs = plugin.construct(properties)
    assert deployed.one(FUNCTION).inputs["architectures"] == ["arm64"]
    assert deployed.one("aws:lambda/functionUrl:FunctionUrl").inputs["cors"]["allowMethods"] == ["POST"]
    assert deployed.one("aws:cloudwatch/metricAlarm:MetricAlarm", "errors").inputs["alarmActions"] == [topic]
    for exported in program["outputs"].values():
        assert outputs[exported.removeprefix("${wine.").removesuffix("}")]


@pytest.mark.parametrize("name", ["yaml", "typescript"])
def test_an_example_in_another_language_names_the_packages_folder_and_type(name: str) -> None:
    folder = REPOSITORY / "examples" / name
    program = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    package = (folder / program["packages"]["ml-inference"]).resolve()
    assert (package / "PulumiPlugin.yaml").exists()
    for resource in program.get("resources", {}).values():
        assert resource["type"].startswith("aws:") or resource["type"] in SCHEMA["resources"]
