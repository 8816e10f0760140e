"""Is every argument a setting of the stack, and what does a wrong setting say?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import MLInferenceFunction, arguments, stack_settings
from components.spelling import camel_case
from tests import fake_engine
from tests.components.conftest import small_model

KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
FUNCTION = "aws:lambda/function:Function"

#: A value other than the default for every argument, as a stack file holds it, and as the component takes it.
VALUES: dict[str, tuple[Any, Any]] = {
    "model_path": ("model.ubj", "model.ubj"),
    "context_path": ("image", "image"),
    "image_uri": ("an image by digest", "an image by digest"),
    "golden_path": ("golden.json", "golden.json"),
    "base_image": ("python:3.13", "python:3.13"),
    "dockerfile": ("serving/Dockerfile", "serving/Dockerfile"),
    "build_args": ({"PIP_INDEX": "local"}, {"PIP_INDEX": "local"}),
    "target": ("serving", "serving"),
    "cache_from": (["base:1"], ["base:1"]),
    "architecture": ("arm64", "arm64"),
    "memory_mb": (2048, 2048),
    "timeout_seconds": (5, 5),
    "ephemeral_storage_mb": (600, 600),
    "environment": ({"MODE_OF_DAY": "test"}, {"MODE_OF_DAY": "test"}),
    "missing_values": (
        {"value": -999, "allowNull": ["*"], "allowUnseen": ["colour"]},
        {"value": -999, "allow_null": ["*"], "allow_unseen": ["colour"]},
    ),
    "training_ranges_path": ("ranges.json", "ranges.json"),
    "output_names": (["old", "new"], ["old", "new"]),
    "log_retention_days": (7, 7),
    "image_retention": (20, 20),
    "force_delete": (False, False),
    "authorization": ("NONE", "NONE"),
    "allow_public_access": (True, True),
    "create_invoker_role": (False, False),
    "invoker_principals": (["arn:aws:iam::123456789012:role/a"], ["arn:aws:iam::123456789012:role/a"]),
    "invoker_role_names": (["client"], ["client"]),
    "execution_policies": (["{}"], ["{}"]),
    "execution_policy_arns": (["arn:aws:iam::aws:policy/A"], ["arn:aws:iam::aws:policy/A"]),
    "execution_role_arn": ("arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/a"),
    "permissions_boundary_arn": ("arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/A"),
    "invoker_arns": (["arn:aws:iam::123456789012:role/a"], ["arn:aws:iam::123456789012:role/a"]),
    "cors": (
        {"allowOrigins": ["https://a.example"], "maxAgeSeconds": 60},
        {"allow_origins": ["https://a.example"], "max_age_seconds": 60},
    ),
    "reserved_concurrency": (7, 7),
    "canary_percent": (10, 10),
    "provisioned_concurrency": (3, 3),
    "snap_start": (True, True),
    "tracing": (False, False),
    "kms_key_arn": (KMS_KEY, KMS_KEY),
    "vpc": (
        {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
    ),
    "alarms": ({"p99DurationMs": 250}, {"p99_duration_ms": 250}),
    "dashboard": (True, True),
    "expected_duration_ms": (2.5, 2.5),
    "batch": ({"retentionDays": 7, "inputBucket": "rows"}, {"retention_days": 7, "input_bucket": "rows"}),
    "tags": ({"team-name": "wine"}, {"team-name": "wine"}),
}


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pulumi, "get_project", lambda: "wine")
    yield
    pulumi.runtime.set_all_config({}, [])


def configure(settings: dict[str, Any], secret: tuple[str, ...] = ()) -> None:
    """Hands settings to the program as the CLI does: texts as they are, everything else as JSON."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    pulumi.runtime.set_all_config({f"wine:{key}": text for key, text in texts.items()}, [f"wine:{k}" for k in secret])


def refusal(settings: dict[str, Any], secret: tuple[str, ...] = ()) -> str:
    configure(settings, secret)
    with pytest.raises(pulumi.RunError) as refused:
        MLInferenceFunction("wine", stack_settings())
    return str(refused.value)


@pytest.mark.parametrize("argument", arguments.RULES)
def test_every_argument_is_a_setting(argument: str) -> None:
    setting, taken = VALUES[argument]
    configure({camel_case(argument): setting})
    assert stack_settings() == {argument: taken}


def test_settings_of_other_projects_and_of_the_program_itself_are_left_alone() -> None:
    configure({"memoryMb": 2048, "live": "green"})
    pulumi.runtime.set_config("aws:region", "eu-central-1")
    assert stack_settings(besides={"live"}) == {"memory_mb": 2048}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"memoryMB": 2048}, "wine:memoryMB is not an argument: did you mean 'memoryMb'?"),
        ({"memory_mb": 2048}, "wine:memory_mb is not an argument: did you mean 'memoryMb'?"),
        ({"alarm": {}}, "wine:alarm is not an argument: did you mean 'alarms'?"),
        (
            {"alarms": {"p99": 1}},
            "wine:alarms.p99 is not an argument: allowed are outOfRangePercent, p99DurationMs, topicArn",
        ),
        (
            {"alarms": "yes"},
            (
                "wine: wine:alarms must be a mapping of wine:alarms.topicArn, wine:alarms.outOfRangePercent, "
                "wine:alarms.p99DurationMs, got 'yes'"
            ),
        ),
        ({"architecture": "amd64"}, "wine: wine:architecture must be one of x86_64, arm64, got 'amd64'"),
        (
            {"environment": {"WORKER_COUNT": 4}},
            "wine: wine:environment['WORKER_COUNT'] must be a string, got 4; put it into quotes",
        ),
        ({"memoryMb": 1}, "wine: wine:memoryMb must be a whole number of MB from 128 to 10240, got 1"),
        ({"memoryMb": "much"}, "wine: wine:memoryMb must be a whole number of MB from 128 to 10240, got 'much'"),
        ({"tracing": "True"}, "wine: wine:tracing must be true or false, got 'True'"),
        (
            {"alarms": {"p99DurationMs": 0}},
            "wine: wine:alarms.p99DurationMs must be a whole number of milliseconds from 1 to 900000, got 0",
        ),
        (
            {"vpc": {"subnetIds": ["subnet-1"]}},
            "wine: wine:vpc needs wine:vpc.securityGroupIds: a list of at least one id that begins with 'sg-'",
        ),
        (
            {"modelPath": "nowhere.ubj"},
            "wine: wine:modelPath nowhere.ubj must be an XGBoost .ubj or .json file, got nothing there",
        ),
        (
            {},
            (
                "wine: give one of wine:modelPath (an XGBoost .ubj or .json file), wine:contextPath (a Docker context "
                "of your own) and wine:imageUri (an image that is built elsewhere), got none"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_refused_by_the_key_that_was_written(settings: dict[str, Any], sentence: str) -> None:
    assert refusal(settings) == sentence


def test_what_only_the_file_shows_names_the_setting_too() -> None:
    Path("model.pkl").touch()
    assert "wine:modelPath model.pkl" in refusal({"modelPath": "model.pkl"})


SECRET_ENVIRONMENT: dict[str, Any] = {"environment": {"TOKEN": "hidden"}}


def test_an_encrypted_setting_stays_a_secret(tmp_path: Path) -> None:
    model = small_model(tmp_path / "model.ubj")

    def program() -> None:
        configure({"modelPath": str(model), **SECRET_ENVIRONMENT}, secret=("environment",))
        MLInferenceFunction("wine", stack_settings())

    function = fake_engine.run(program, golden_answer=[0.5]).one(FUNCTION)
    assert function.inputs["environment"] == {"secret": {"variables": {"TOKEN": "hidden"}}}


def test_an_encrypted_build_argument_is_refused_since_the_image_would_show_it() -> None:
    settings = {"contextPath": ".", "buildArgs": {"TOKEN": "hidden"}}
    assert "wine:buildArgs['TOKEN'] has to be known" in refusal(settings, secret=("buildArgs",))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"baseImage": "hidden"}, "baseImage"),
        ({"invokerArns": ["hidden"]}, "invokerArns"),
        ({"cors": {"allowOrigins": ["hidden"]}}, "cors.allowOrigins"),
    ],
)
def test_an_encrypted_setting_that_would_not_stay_secret_is_refused(settings: dict[str, Any], name: str) -> None:
    assert refusal(settings, secret=tuple(settings)) == (
        f"wine:{name} must be known in plain text before anything is deployed, got an output or a secret: give the "
        "value itself"
    )
