"""Which arguments are possible, and what does an error tell?"""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import settings
from components.ml_inference_function import KNOWN_ARGUMENTS
from components.settings import InvalidArgumentError

KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.ubj"
    path.write_bytes(b"{}")
    return str(path)


def checked(model: str, name: str = "wine", **args: Any) -> settings.Settings:
    return settings.from_args(name, {"model_path": model, **args}, KNOWN_ARGUMENTS)


def test_a_model_alone_gives_the_documented_defaults(model: str) -> None:
    defaults = checked(model)
    assert (defaults.memory_mb, defaults.timeout_seconds, defaults.ephemeral_storage_mb) == (1024, 30, 512)
    assert (defaults.architecture, defaults.log_retention_days, defaults.image_retention) == ("x86_64", 365, 50)
    assert defaults.create_invoker_role
    assert defaults.base_image == settings.DEFAULT_BASE_IMAGE


@pytest.mark.parametrize(
    "args",
    [
        {"authorization": "NONE", "allow_public_access": True},
        {"cors": {"allow_origins": ["https://a.example:8443"], "allow_credentials": True, "max_age_seconds": 60}},
        {"kms_key_arn": KMS_KEY},
        {"vpc": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}},
        {"alarms": {}},
        {"alarms": {"topic_arn": "arn:aws:sns:eu-central-1:123456789012:on-call"}},
        {"provisioned_concurrency": 5, "reserved_concurrency": 5},
        {"reserved_concurrency": 0},
        {"snap_start": True, "ephemeral_storage_mb": 512},
        {"base_image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/base@sha256:" + "0" * 64},
    ],
)
def test_what_is_possible_is_taken(model: str, args: dict[str, Any]) -> None:
    assert checked(model, **args)


@pytest.mark.parametrize("key", ["kms_key_arn", "vpc", "alarms"])
def test_a_value_that_another_resource_has_yet_to_give_is_taken(model: str, key: str) -> None:
    later: pulumi.Output[Any] = pulumi.Output.from_input("not known yet")
    nested: dict[str, Any] = {
        "kms_key_arn": later,
        "vpc": {"subnet_ids": later, "security_group_ids": [later]},
        "alarms": {"topic_arn": later},
    }
    assert checked(model, **{key: nested[key]})


def test_an_argument_that_is_none_counts_as_not_given(model: str) -> None:
    assert checked(model, memory_mb=None).memory_mb == 1024


def test_a_whole_number_that_arrives_as_a_float_is_taken(model: str) -> None:
    assert checked(model, memory_mb=2048.0).memory_mb == 2048


def test_a_misspelt_argument_is_refused_with_the_nearest_known_one(model: str) -> None:
    with pytest.raises(InvalidArgumentError, match="unknown argument 'memory_md': did you mean 'memory_mb'"):
        checked(model, memory_md=512)


def test_an_argument_like_no_other_is_refused_with_all_known_ones(model: str) -> None:
    with pytest.raises(InvalidArgumentError, match="'zzz': allowed are alarms, allow_public_access, architecture"):
        checked(model, zzz=1)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"memory_mb": 127}, "memory_mb must be a whole number of MB from 128 to 10240, got 127"),
        ({"memory_mb": 10_241}, "from 128 to 10240, got 10241"),
        ({"memory_mb": 512.5}, "got 512.5"),
        ({"memory_mb": True}, "got True"),
        ({"memory_mb": "1024"}, "got '1024'"),
        ({"memory_mb": float("nan")}, "got nan"),
        ({"memory_mb": float("inf")}, "got inf"),
        ({"timeout_seconds": 0}, "timeout_seconds must be a whole number of seconds from 1 to 900, got 0"),
        ({"timeout_seconds": 901}, "got 901"),
        ({"ephemeral_storage_mb": 511}, "from 512 to 10240, got 511"),
        ({"log_retention_days": 8}, "must be one of 1, 3, 5, 7, 14, .* got 8; the nearest is 7"),
        ({"log_retention_days": 0}, "from 1 to 3653, got 0"),
        ({"image_retention": 2}, "image_retention must be a whole number of images from 10 to 1000, got 2"),
        ({"architecture": "amd64"}, "architecture must be one of x86_64, arm64, got 'amd64'"),
        ({"force_delete": "yes"}, "force_delete must be true or false, got 'yes'"),
        ({"invoker_arns": "arn:aws:iam::123456789012:role/a"}, "invoker_arns must be a list of strings"),
        ({"invoker_arns": ["*"]}, "'\\*' is not the ARN of one IAM role or user .* wildcards and whole accounts"),
        ({"invoker_arns": ["arn:aws:iam::123456789012:root"]}, "is not the ARN of one IAM role or user"),
        ({"invoker_arns": ["arn:aws:iam::123456789012:role/*"]}, "is not the ARN of one IAM role or user"),
        ({"invoker_arns": ["123456789012"]}, "is not the ARN of one IAM role or user"),
        ({"invoker_role_names": ["arn:aws:iam::123456789012:role/a"]}, "an ARN belongs into invoker_arns"),
        ({"environment": {"AWS_REGION": "x"}}, "'AWS_REGION' is refused by Lambda"),
        ({"environment": {"1ST": "x"}}, "'1ST' is refused by Lambda"),
        ({"environment": ["A=b"]}, "environment must be a mapping of strings, got a list"),
        ({"tags": {1: "x"}}, "tags must be a mapping of strings"),
        ({"golden_path": ""}, "golden_path must be a path, got ''"),
        ({"base_image": "python"}, "base_image must be an image's name with a digest or a tag other than latest"),
        ({"base_image": "python:latest"}, "a tag other than latest, .* got 'python:latest'"),
        ({"reserved_concurrency": -1}, "reserved_concurrency must be a whole number of executions from 0"),
        ({"provisioned_concurrency": 0}, "provisioned_concurrency must be a whole number of executions from 1"),
        ({"provisioned_concurrency": 5, "reserved_concurrency": 4}, "reserve at least as many"),
        ({"snap_start": True, "provisioned_concurrency": 1}, "exclude each other in Lambda: choose snap_start"),
        ({"snap_start": True, "ephemeral_storage_mb": 513}, "at most 512 MB of /tmp, got ephemeral_storage_mb=513"),
        ({"authorization": "NONE"}, "needs both authorization NONE and allow_public_access=True"),
        ({"allow_public_access": True}, "needs both authorization NONE and allow_public_access=True"),
        ({"authorization": "PUBLIC"}, "authorization must be one of AWS_IAM, NONE, got 'PUBLIC'"),
        (
            {"authorization": "NONE", "allow_public_access": True, "invoker_role_names": ["client"]},
            "lets everybody in, so invoker_arns and invoker_role_names would mean nothing",
        ),
        ({"kms_key_arn": "alias/mine"}, "kms_key_arn must be the ARN of a key .* got 'alias/mine'"),
        ({"expected_duration_ms": 0}, "expected_duration_ms must be milliseconds above 0"),
        ({"cors": {}}, "cors needs allow_origins"),
        ({"cors": {"allow_origin": ["*"]}}, "unknown argument 'allow_origin' in cors: did you mean 'allow_origins'"),
        ({"cors": {"allow_origins": ["*"], "allow_credentials": True}}, "in the name of its visitor"),
        ({"cors": {"allow_origins": ["https://a.example/path"]}}, "is no origin: scheme and host without a path"),
        ({"cors": {"allow_origins": ["*"], "allow_methods": ["SEND"]}}, "allow_methods takes .* got 'SEND'"),
        ({"cors": {"allow_origins": ["*"], "max_age_seconds": 86_401}}, "from 0 to 86400, got 86401"),
        ({"cors": ["*"]}, "cors must be a mapping of strings, got a list"),
        ({"vpc": {}}, "vpc needs subnet_ids"),
        ({"vpc": {"subnet_ids": ["subnet-1"]}}, "vpc needs security_group_ids"),
        ({"vpc": {"subnet_ids": ["sg-1"], "security_group_ids": ["sg-1"]}}, "subnet_ids must begin with 'subnet-'"),
        ({"vpc": {"subnets": ["subnet-1"]}}, "unknown argument 'subnets' in vpc: did you mean 'subnet_ids'"),
        ({"alarms": {"topic_arn": "my-topic"}}, "topic_arn must be the ARN of an SNS topic"),
        ({"alarms": {"p99_duration_ms": 0}}, "p99_duration_ms must be a whole number of milliseconds from 1"),
        ({"alarms": {"topic": "x"}}, "unknown argument 'topic' in alarms: did you mean 'topic_arn'"),
    ],
)
def test_an_impossible_value_is_refused_with_what_is_allowed(model: str, args: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        checked(model, **args)


@pytest.mark.parametrize("name", ["Wine", "wine_quality", "-wine", "wine-", "wine--x", "", "w" * 41, "1wine"])
def test_a_name_that_cannot_become_the_names_of_aws_resources_is_refused(model: str, name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot name an ECR repository and an IAM role"):
        checked(model, name=name)


def test_a_model_or_a_context_is_required(model: str) -> None:
    with pytest.raises(InvalidArgumentError, match="got neither"):
        settings.from_args("wine", {}, KNOWN_ARGUMENTS)
    with pytest.raises(InvalidArgumentError, match="got both"):
        checked(model, context_path=".")


def test_a_model_that_is_not_there_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"model_path .*nowhere.ubj must be an XGBoost .* got nothing there"):
        checked(str(tmp_path / "nowhere.ubj"))


def test_a_folder_is_no_model_and_a_file_no_context(model: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"must be an XGBoost \.ubj or \.json file, got a folder"):
        checked(str(tmp_path))
    with pytest.raises(InvalidArgumentError, match="must be a folder with a Dockerfile, got a file"):
        settings.from_args("wine", {"context_path": model}, KNOWN_ARGUMENTS)
