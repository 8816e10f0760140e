"""Which arguments are possible, and what does an error tell?"""

from pathlib import Path
from typing import Any

import pytest

from components import MLInferenceFunctionArgs, settings
from components.settings import InvalidArgumentError

KNOWN = set(MLInferenceFunctionArgs.__annotations__)


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.ubj"
    path.write_bytes(b"{}")
    return str(path)


def checked(model: str, name: str = "wine", **args: Any) -> settings.Settings:
    return settings.from_args(name, {"model_path": model, **args}, KNOWN)


def test_a_model_alone_gives_the_documented_defaults(model: str) -> None:
    defaults = checked(model)
    assert (defaults.memory_mb, defaults.timeout_seconds, defaults.ephemeral_storage_mb) == (1024, 30, 512)
    assert (defaults.architecture, defaults.log_retention_days, defaults.image_retention) == ("x86_64", 30, 50)
    assert defaults.create_invoker_role
    assert defaults.base_image == settings.DEFAULT_BASE_IMAGE


def test_an_argument_that_is_none_counts_as_not_given(model: str) -> None:
    assert checked(model, memory_mb=None).memory_mb == 1024


def test_a_whole_number_that_arrives_as_a_float_is_taken(model: str) -> None:
    assert checked(model, memory_mb=2048.0).memory_mb == 2048


def test_a_misspelt_argument_is_refused_with_the_nearest_known_one(model: str) -> None:
    with pytest.raises(InvalidArgumentError, match="unknown argument 'memory_md': did you mean 'memory_mb'"):
        checked(model, memory_md=512)


def test_an_argument_like_no_other_is_refused_with_all_known_ones(model: str) -> None:
    with pytest.raises(InvalidArgumentError, match="'zzz': allowed are architecture, base_image"):
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
        settings.from_args("wine", {}, KNOWN)
    with pytest.raises(InvalidArgumentError, match="got both"):
        checked(model, context_path=".")


def test_a_model_that_is_not_there_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"model_path .*nowhere.ubj must be an XGBoost .* got nothing there"):
        checked(str(tmp_path / "nowhere.ubj"))


def test_a_folder_is_no_model_and_a_file_no_context(model: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"must be an XGBoost \.ubj or \.json file, got a folder"):
        checked(str(tmp_path))
    with pytest.raises(InvalidArgumentError, match="must be a folder with a Dockerfile, got a file"):
        settings.from_args("wine", {"context_path": model}, KNOWN)
