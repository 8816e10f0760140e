"""Does the component package do for every language what the class does in Python?"""

import json
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
import yaml
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2

from components import MLInferenceFunction
from tests import fake_engine
from tests.reuse.conftest import GOLDEN, MODEL, REPOSITORY, SCHEMA, Plugin, Refused
from tests.reuse.recording_engine import LIVE_VERSION, UNKNOWN, Recorded, output, secret

pytestmark = pytest.mark.together("plugin of the component package")

FUNCTION = "aws:lambda/function:Function"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
KEY_URN = "urn:pulumi:test::foreign::aws:kms/key:Key::key"


def test_the_committed_schema_is_what_the_plugin_answers(plugin: Plugin) -> None:
    answer = plugin.rpc.GetSchema(provider_pb2.GetSchemaRequest()).schema
    assert json.loads(answer) == SCHEMA, "write it again: python -m docs.generate_schema"


def test_the_plugin_has_the_version_of_the_package_and_of_the_changelog(plugin: Plugin) -> None:
    version = plugin.rpc.GetPluginInfo(empty_pb2.Empty()).version
    assert version == SCHEMA["version"]
    assert f"\n## {version} " in (REPOSITORY / "CHANGELOG.md").read_text()


def test_everything_in_the_schema_is_described() -> None:
    (component,) = SCHEMA["resources"].values()
    described = [component, *component["inputProperties"].values(), *component["properties"].values()]
    for kind in SCHEMA["types"].values():
        described += [kind, *kind.get("properties", {}).values(), *kind.get("enum", [])]
    assert all(item["description"] for item in described)


def test_the_folder_says_that_it_is_a_python_plugin() -> None:
    declared = yaml.safe_load((REPOSITORY / "components" / "PulumiPlugin.yaml").read_text())
    assert declared["runtime"]["name"] == "python"
    assert (REPOSITORY / "components" / "requirements.txt").exists(), "the engine installs the plugin's requirements"


def bare(value: Any) -> Any:
    """Inputs without marks of secrets, which mocks set on the whole input, and without what is None."""
    if isinstance(value, dict):
        return (
            bare(value["secret"])
            if value.keys() == {"secret"}
            else {key: bare(item) for key, item in value.items() if item is not None}
        )
    return [bare(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def constructed(running_plugin: Plugin) -> tuple[Recorded, dict[str, Any]]:
    """One with many inputs, to look at each of them: what it registered, and its outputs."""
    running_plugin.engine.clear()
    return running_plugin.construct(
        {
            "modelPath": MODEL,
            "memoryMb": 2048.0,
            "architecture": "arm64",
            "vpc": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
            "cors": {"allowOrigins": ["https://a.example"], "allowMethods": ["POST"], "maxAgeSeconds": 60.0},
            "environment": {"TOKEN": secret("hidden"), "MODE": "test"},
            "kmsKeyArn": output(KEY, KEY_URN),
            "canaryPercent": 10.0,
            "batch": {},
        }
    )


@pytest.fixture(scope="module")
def recorded(constructed: tuple[Recorded, dict[str, Any]]) -> Recorded:
    return constructed[0]


def test_it_registers_the_same_resources_as_the_class_does(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plugin.folder)

    def program() -> None:
        MLInferenceFunction("wine", {"model_path": MODEL, "dashboard": True, "alarms": {}})

    in_python = fake_engine.run(program, golden_answer=GOLDEN["predictions"])
    packaged, _ = plugin.construct({"modelPath": MODEL, "dashboard": True, "alarms": {}})

    def comparable(deployment: fake_engine.Deployment) -> dict[str, Any]:
        return {resource.name: (resource.type, bare(resource.inputs)) for resource in deployment.resources}

    assert comparable(packaged) == comparable(in_python)


def test_every_output_reaches_the_program(constructed: tuple[Recorded, dict[str, Any]]) -> None:
    _, outputs = constructed
    (component,) = SCHEMA["resources"].values()
    assert outputs.keys() == component["properties"].keys()
    assert outputs["modelVersion"] == GOLDEN["model_sha256"][:12]
    assert outputs["modelSummary"]["sha256"] == GOLDEN["model_sha256"]
    assert outputs["endpoint"].startswith("https://")


def test_paths_start_at_the_project_and_the_context_is_staged_there(running_plugin: Plugin, recorded: Recorded) -> None:
    context = recorded.one("docker:index/image:Image").inputs["build"]["context"]
    assert (running_plugin.folder / context / "model.ubj").read_bytes() == (REPOSITORY / MODEL).read_bytes()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("memorySize", 2048),
        ("architectures", ["arm64"]),
        ("vpcConfig", {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}),
    ],
)
def test_inputs_in_the_names_and_numbers_of_the_schema_reach_the_function(
    recorded: Recorded, argument: str, expected: object
) -> None:
    assert recorded.one(FUNCTION).inputs[argument] == expected


def test_a_switch_reaches_the_function(plugin: Plugin) -> None:
    switched, _ = plugin.construct({"modelPath": MODEL, "snapStart": True})
    assert switched.one(FUNCTION).inputs["snapStart"] == {"applyOn": "PublishedVersions"}


def test_a_nested_mapping_reaches_the_url(recorded: Recorded) -> None:
    expected = {"allowOrigins": ["https://a.example"], "allowMethods": ["POST"], "maxAge": 60}
    assert recorded.one("aws:lambda/functionUrl:FunctionUrl").inputs["cors"] == expected


def test_an_output_of_another_resource_is_waited_for(recorded: Recorded) -> None:
    function = recorded.one(FUNCTION)
    assert function.inputs["kmsKeyArn"] == KEY
    assert KEY_URN in function.depends_on


def test_a_preview_works_with_an_output_that_is_unknown(plugin: Plugin) -> None:
    topic = {"topicArn": output()}
    recorded, _ = plugin.construct({"modelPath": MODEL, "kmsKeyArn": output(), "alarms": topic}, preview=True)
    assert recorded.one(FUNCTION).inputs["kmsKeyArn"] == UNKNOWN
    assert recorded.one("aws:cloudwatch/metricAlarm:MetricAlarm", "errors").inputs["alarmActions"] == [UNKNOWN]


def test_a_share_of_the_traffic_goes_to_the_new_version_beside_the_one_that_serves(recorded: Recorded) -> None:
    alias = recorded.one("aws:lambda/alias:Alias").inputs
    assert alias["functionVersion"] == LIVE_VERSION
    assert alias["routingConfig"] == {"additionalVersionWeights": {"1": 0.1}}


def test_the_registry_password_is_a_secret(recorded: Recorded) -> None:
    registry = recorded.one("docker:index/image:Image").inputs["registry"]
    assert registry["password"] == {"secret": "registry-password"}


def test_a_secret_in_the_environment_stays_one(recorded: Recorded) -> None:
    environment = recorded.one(FUNCTION).inputs["environment"]
    assert environment == {"variables": {"TOKEN": {"secret": "hidden"}, "MODE": "test"}}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"memoryMB": 512}, "memoryMB is not an argument: did you mean 'memoryMb'?"),
        ({"cors": {"allowOrigin": ["*"]}}, "cors.allowOrigin is not an argument: did you mean 'allowOrigins'?"),
        (
            {"alarms": {"zzz": 1}},
            "alarms.zzz is not an argument: allowed are outOfRangePercent, p99DurationMs, topicArn",
        ),
        ({"architecture": "x86"}, "architecture must be one of x86_64, arm64, got 'x86'"),
        (
            {"alarms": True},
            "alarms must be a mapping of alarms.topicArn, alarms.outOfRangePercent, alarms.p99DurationMs, got True",
        ),
        ({"memoryMb": 512.5}, "memoryMb must be a whole number of MB from 128 to 10240, got 512.5"),
        ({"memoryMb": output(512)}, "memoryMb must be known in plain text before anything is deployed"),
        ({"alarms": output({})}, "alarms must be known in plain text before anything is deployed"),
        ({"timeoutSeconds": "30"}, "timeoutSeconds must be a whole number of seconds from 1 to 900, got '30'"),
        ({"modelPath": "nowhere.ubj"}, "modelPath nowhere.ubj must be an XGBoost .ubj or .json file"),
    ],
)
def test_what_is_not_possible_is_refused_in_plain_words(
    refusal: Refused, inputs: dict[str, object], message: str
) -> None:
    said = refusal({"modelPath": MODEL, **inputs})
    assert message in said
    assert "Traceback" not in said
    assert 'File "' not in said


def test_a_model_that_answers_otherwise_than_its_golden_file_is_not_served(plugin: Plugin) -> None:
    plugin.engine.golden_answer = [0.0] * len(GOLDEN["predictions"])
    with pytest.raises(grpc.RpcError) as caught:
        plugin.construct({"modelPath": MODEL})
    assert "golden check failed: record 0" in str(caught.value.details())
    assert "<class" not in str(caught.value.details())
    assert not plugin.engine.recorded.all("aws:lambda/alias:Alias")


def test_a_model_without_a_golden_file_says_so_in_the_engines_log(plugin: Plugin) -> None:
    (plugin.folder / "alone").mkdir(exist_ok=True)
    (plugin.folder / "alone" / "model.ubj").write_bytes((REPOSITORY / MODEL).read_bytes())
    plugin.engine.golden_answer = [0.5]
    recorded, _ = plugin.construct({"modelPath": "alone/model.ubj"})
    assert any("without its predictions being proved" in line for line in recorded.log)


def test_providers_and_protection_reach_the_children(plugin: Plugin) -> None:
    reference = "urn:pulumi:test::foreign::pulumi:providers:aws::other-account::provider-id"
    recorded, _ = plugin.construct({"modelPath": MODEL}, providers={"aws": reference}, protect=True)
    (component, *children) = recorded.resources
    assert component.type == "ml-inference:index:MLInferenceFunction"
    assert component.protect
    unprotected = {child.name for child in children if not child.protect}
    assert unprotected == {"wine-build", "wine-golden-check", "wine-lifecycle"}
    assert {child.provider for child in children if child.type.startswith("aws:")} == {reference}
