"""Programs that are right, in every way in which people write them: type checkers take them, and so does the component.

Each function declares resources. Nothing in here may need an ignore, a cast or an annotation that only a checker wants.
Imports the installed distribution's name, as a program elsewhere does. `python valid_programs.py`, beside `model/`,
deploys all of them on the shipped mocks and prints their names.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import pulumi
import pulumi_aws as aws
from pulumi_ml_inference import (
    AlarmsArgs,
    Architecture,
    Authorization,
    CorsArgs,
    MissingValuesArgs,
    MLInferenceFunction,
    MLInferenceFunctionArgs,
    RefusedError,
    VpcArgs,
    stack_settings,
)
from pulumi_ml_inference.testing import AwsMocks, Deployment, deploy

MODEL = "model/wine_quality.ubj"


def variables_of_plain_types() -> MLInferenceFunction:
    environment = {"LOG_LEVEL": "info"}
    tags: dict[str, str] = {"team": "cellar"}
    names = ["batch", "nightly"]
    origins = ["https://example.com"]
    subnets = ["subnet-1", "subnet-2"]
    groups: list[str] = ["sg-1"]
    retention = 30
    return MLInferenceFunction(
        "variables",
        {
            "model_path": MODEL,
            "environment": environment,
            "tags": tags,
            "invoker_role_names": names,
            "cors": {"allow_origins": origins, "allow_methods": ["POST"]},
            "vpc": {"subnet_ids": subnets, "security_group_ids": groups},
            "log_retention_days": retention,
        },
    )


def outputs_everywhere() -> MLInferenceFunction:
    client = aws.iam.Role("client", assume_role_policy="{}")
    key = aws.kms.Key("key")
    topic = aws.sns.Topic("topic")
    subnets = [pulumi.Output.from_input(f"subnet-{zone}") for zone in "ab"]
    group = pulumi.Output.from_input("sg-1")
    password = pulumi.Output.secret("hunter2")
    return MLInferenceFunction(
        "outputs",
        {
            "model_path": MODEL,
            "environment": {"PASSWORD": password, "PLAIN": "text", "CLIENT": client.name},
            "invoker_role_names": [client.name, "batch"],
            "invoker_principals": [client.arn.apply(str)],
            "kms_key_arn": key.arn,
            "alarms": {"topic_arn": topic.arn},
            "vpc": {
                "subnet_ids": [*subnets, "subnet-1"],
                "security_group_ids": [group],
            },
            "tags": {"role": client.name},
        },
    )


def lists_that_are_outputs() -> MLInferenceFunction:
    subnets: pulumi.Output[Sequence[str]] = pulumi.Output.from_input(["subnet-1", "subnet-2"])
    groups: pulumi.Output[list[str]] = pulumi.Output.from_input(["sg-1"])
    place: VpcArgs = {"subnet_ids": subnets, "security_group_ids": groups}
    return MLInferenceFunction("lists", {"model_path": MODEL, "vpc": place})


def what_another_stack_exports() -> MLInferenceFunction:
    network = pulumi.StackReference("organization/network/production")
    return MLInferenceFunction(
        "elsewhere",
        {
            "model_path": MODEL,
            "vpc": {
                "subnet_ids": network.require_output("subnets"),
                "security_group_ids": [network.require_output("group")],
            },
            "kms_key_arn": network.require_output("key"),
        },
    )


def paths_and_texts_for_enumerations() -> MLInferenceFunction:
    folder = Path("model")
    return MLInferenceFunction(
        "paths",
        {
            "model_path": folder / "wine_quality.ubj",
            "golden_path": folder / "golden.json",
            "architecture": "arm64",
            "authorization": "AWS_IAM",
        },
    )


def members_of_enumerations() -> MLInferenceFunction:
    public = True
    return MLInferenceFunction(
        "members",
        {
            "model_path": MODEL,
            "architecture": Architecture.ARM64 if public else Architecture.X86_64,
            "authorization": Authorization.NONE if public else Authorization.AWS_IAM,
            "allow_public_access": public,
        },
    )


def tuples_and_whole_numbers() -> MLInferenceFunction:
    return MLInferenceFunction(
        "tuples",
        {
            "model_path": MODEL,
            "invoker_role_names": ("batch", "nightly"),
            "cors": {"allow_origins": ("https://example.com",), "max_age_seconds": 600},
            "vpc": {"subnet_ids": ("subnet-1",), "security_group_ids": ("sg-1",)},
            "missing_values": {"value": -999, "allow_null": ("*",)},
            "expected_duration_ms": 2,
        },
    )


def typed_mappings() -> MLInferenceFunction:
    cors: CorsArgs = {"allow_origins": ["*"], "allow_methods": ["POST"]}
    missing = MissingValuesArgs(allow_null=["*"])
    alarms = AlarmsArgs()
    alarms["p99_duration_ms"] = 250
    args = MLInferenceFunctionArgs(model_path=MODEL, cors=cors, missing_values=missing, alarms=alarms)
    args["memory_mb"] = 512
    return MLInferenceFunction("typed", args, pulumi.ResourceOptions(protect=True))


def arguments_in_common() -> list[MLInferenceFunction]:
    common: MLInferenceFunctionArgs = {"model_path": MODEL, "memory_mb": 512, "tags": {"team": "cellar"}}
    large: MLInferenceFunctionArgs = {**common, "memory_mb": 2048}
    return [MLInferenceFunction("common", common), MLInferenceFunction("large", large)]


def keywords_of_ones_own(**args: Unpack[MLInferenceFunctionArgs]) -> MLInferenceFunction:
    ours: MLInferenceFunctionArgs = {"model_path": MODEL, "tracing": False, **args}
    return MLInferenceFunction("keywords", ours)


def settings_that_may_be_missing() -> MLInferenceFunction:
    config = pulumi.Config()
    tags: Mapping[str, str] = config.get_object("tags") or {}
    return MLInferenceFunction(
        "settings",
        {
            "model_path": config.get("modelPath") or MODEL,
            "memory_mb": config.get_int("memoryMb"),
            "timeout_seconds": config.get_int("timeoutSeconds", 10),
            "dashboard": config.get_bool("dashboard"),
            "kms_key_arn": config.get("kmsKeyArn"),
            "invoker_arns": config.get_object("invokerArns"),
            "alarms": {"topic_arn": config.get_secret("topicArn"), "out_of_range_percent": None},
            "vpc": VpcArgs(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]) if config.get("network") else None,
            "tags": tags,
            "environment": {"PASSWORD": config.require_secret("password")},
        },
    )


def documents_of_policies() -> MLInferenceFunction:
    topic = aws.sns.Topic("features")
    document = aws.iam.get_policy_document_output(statements=[{"actions": ["s3:GetObject"], "resources": ["*"]}])
    written = topic.arn.apply(
        lambda arn: json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": arn}]}
        )
    )
    return MLInferenceFunction(
        "documents",
        {
            "model_path": MODEL,
            "execution_policies": [document.json, written],
            "execution_policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        },
    )


class Platform(pulumi.ComponentResource):
    """A component around the component, with its outputs as its own."""

    endpoint: pulumi.Output[str]
    trees: pulumi.Output[int]

    def __init__(self, name: str, args: MLInferenceFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("platform:index:Platform", name, {}, opts)
        model = MLInferenceFunction(name, args, pulumi.ResourceOptions(parent=self))
        self.endpoint = model.endpoint
        self.trees = model.model_summary.apply(_trees)
        self.register_outputs({"endpoint": self.endpoint})


def _trees(summary: dict[str, Any] | None) -> int:
    return int(summary["trees"]) if summary else 0


def component_around_it() -> Platform:
    return Platform("around", {"model_path": MODEL})


class Sides(TypedDict):
    """Arguments by side."""

    blue: MLInferenceFunctionArgs
    green: MLInferenceFunctionArgs


def what_the_outputs_are() -> pulumi.Output[str]:
    sides: Sides = {"blue": {"model_path": MODEL}, "green": {"model_path": MODEL, "create_invoker_role": False}}
    blue, green = (MLInferenceFunction(side, args) for side, args in (("bl", sides["blue"]), ("gr", sides["green"])))
    role: pulumi.Output[str] = blue.invoker_role_arn.apply(lambda arn: arn or "none")
    cents: pulumi.Output[float] = green.cost_per_1000_predictions_usd.apply(lambda usd: 100 * (usd or 0))
    return pulumi.Output.format("{0} {1} {2}", green.endpoint, role, cents)


def refusal_that_is_caught() -> MLInferenceFunction:
    try:
        return MLInferenceFunction("fallback", {"model_path": "no-such-model.ubj"})
    except RefusedError as refusal:
        pulumi.log.warn(str(refusal))
        return MLInferenceFunction("fallback", {"model_path": MODEL})


def settings_of_the_stack() -> MLInferenceFunction:
    args = stack_settings(besides=["memoryMb", "dashboard", "password"])
    return MLInferenceFunction("stack", {"memory_mb": 512, **args, "dashboard": True})


PROGRAMS: list[Callable[[], object]] = [
    variables_of_plain_types,
    outputs_everywhere,
    lists_that_are_outputs,
    what_another_stack_exports,
    paths_and_texts_for_enumerations,
    members_of_enumerations,
    tuples_and_whole_numbers,
    typed_mappings,
    arguments_in_common,
    keywords_of_ones_own,
    settings_that_may_be_missing,
    documents_of_policies,
    component_around_it,
    what_the_outputs_are,
    refusal_that_is_caught,
    settings_of_the_stack,
]


class Elsewhere(AwsMocks):
    """Knows what these programs ask for besides the component's own."""

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == "aws:iam/getPolicyDocument:getPolicyDocument":
            return {"json": json.dumps({"Version": "2012-10-17", "Statement": []})}, []
        return super().call(args)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        key = "arn:aws:kms:eu-central-1:123456789012:key/1"
        if args.typ == "aws:kms/key:Key":
            return "key", {"arn": key}
        if args.typ == "pulumi:pulumi:StackReference":
            return "stack", {"outputs": {"subnets": ["subnet-1"], "group": "sg-1", "key": key}}
        return super().new_resource(args)


def deployed(program: Callable[[], object]) -> Deployment:
    config = {"project:password": "hunter2", "project:modelPath": MODEL}
    return deploy(program, Elsewhere("model/golden.json"), config=config)


if __name__ == "__main__":
    for program in PROGRAMS:
        assert deployed(program).all("docker:index/image:Image")
        print(program.__name__)
