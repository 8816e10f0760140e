"""Does Checkov see what it is given, and does its absence read as one plain line?"""

from pathlib import Path

import pytest

from tests.fake_engine import Deployment
from tests.security import checkov, terraform_plan
from tests.security import deployments as d
from tests.security.checkov import CheckovUnavailableError
from tests.security.deployments import Deployer


@pytest.fixture(scope="session")
def everything(deploy: Deployer) -> Deployment:
    return deploy(
        {
            "invoker_arns": [d.CLIENT_ARN],
            "provisioned_concurrency": 1,
            "alarms": {"topic_arn": d.TOPIC_ARN},
            "dashboard": True,
            "kms_key_arn": d.KMS_KEY_ARN,
            "vpc": d.VPC,
            "cors": {"allow_origins": ["https://a.example"]},
            "batch": {},
        }
    )


@pytest.mark.parametrize(
    ("pulumi_type", "terraform_type"),
    [
        (d.URL, "aws_lambda_function_url"),
        (d.LOG_GROUP, "aws_cloudwatch_log_group"),
        (d.REPOSITORY, "aws_ecr_repository"),
        (d.ROLE_POLICY, "aws_iam_role_policy"),
        (d.PROVISIONED, "aws_lambda_provisioned_concurrency_config"),
        (d.ENCRYPTION, "aws_s3_bucket_server_side_encryption_configuration"),
        (d.STATE_MACHINE, "aws_sfn_state_machine"),
    ],
)
def test_a_type_has_its_name_in_terraform(pulumi_type: str, terraform_type: str) -> None:
    assert terraform_plan.terraform_type(pulumi_type) == terraform_type


def test_a_plan_has_terraforms_names_blocks_and_numbers(everything: Deployment) -> None:
    planned = terraform_plan.plan({"a": everything})["planned_values"]["root_module"]["resources"]
    values = {resource["address"]: resource["values"] for resource in planned}
    function = values["aws_lambda_function.a__wine-function"]
    assert function["vpc_config"] == [
        {"subnet_ids": d.VPC["subnet_ids"], "security_group_ids": ["sg-0a1b2c3d4e5f60718"]}
    ]
    assert repr(values["aws_cloudwatch_log_group.a__wine-logs"]["retention_in_days"]) == "365"
    assert "FunctionName" in values["aws_cloudwatch_metric_alarm.a__wine-errors"]["dimensions"]
    repository = values["aws_ecr_repository.a__wine-repository"]
    assert repository["encryption_configuration"] == [{"encryption_type": "KMS", "kms_key": d.KMS_KEY_ARN}]


def test_no_resource_is_lost_in_translation(everything: Deployment) -> None:
    translated = terraform_plan.plan({"a": everything})["planned_values"]["root_module"]["resources"]
    assert len(translated) == sum(resource.type.startswith("aws:") for resource in everything.resources)


def test_without_an_index_in_reach_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "uv"
    broken.write_text("#!/bin/sh\necho 'error: one' >&2\necho '  caused by: dns error' >&2\nexit 2\n")
    broken.chmod(0o755)
    monkeypatch.setattr(checkov, "PROJECT", tmp_path)
    monkeypatch.setattr(checkov, "find_uv", lambda: str(broken))
    with pytest.raises(CheckovUnavailableError) as refusal:
        checkov.install()
    assert str(refusal.value) == (
        "Checkov cannot be installed: is the Python package index in reach? `uv venv` says: caused by: dns error"
    )
    assert list((tmp_path / ".cache" / "checkov").iterdir()) == []


def test_without_uv_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkov, "PROJECT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CheckovUnavailableError, match="run `make setup`"):
        checkov.find_uv()
