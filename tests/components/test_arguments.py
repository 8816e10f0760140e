"""Which arguments are possible, and what does an error tell?"""

import json
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import (
    AlarmsArgs,
    Architecture,
    CorsArgs,
    MissingValuesArgs,
    MLInferenceFunctionArgs,
    VpcArgs,
    arguments,
    component_package,
)
from components.checks import InvalidArgumentError, Rule
from components.spelling import camel_case

CLIENT = "arn:aws:iam::123456789012:role/client"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/wine@sha256:" + "0a" * 32
KMS_KEY = "arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000"
(COMPONENT,) = json.loads(component_package.schema())["resources"].values()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("model.ubj").write_bytes(b"{}")
    return "model.ubj"


def checked(model: str, **args: Any) -> dict[str, Any]:
    return arguments.checked("wine", {"model_path": model, **args})


def refusal(name: str, **args: Any) -> str:
    with pytest.raises(InvalidArgumentError) as refused:
        arguments.checked(name, args)
    return str(refused.value)


@pytest.mark.parametrize(
    ("declared", "rules"),
    [
        (MLInferenceFunctionArgs, arguments.RULES),
        (CorsArgs, arguments.CORS),
        (VpcArgs, arguments.VPC),
        (AlarmsArgs, arguments.ALARMS),
        (MissingValuesArgs, arguments.MISSING_VALUES),
    ],
)
def test_every_declared_argument_has_a_rule_in_the_same_order(declared: type, rules: dict[str, Rule]) -> None:
    assert list(rules) == list(declared.__annotations__)


@pytest.mark.parametrize("name", [name for name, rule in arguments.RULES.items() if rule.default not in ([], {}, None)])
def test_the_documentation_names_the_default_that_counts(name: str) -> None:
    default = arguments.RULES[name].default
    said = default.value if isinstance(default, Enum) else json.dumps(default)
    description = COMPONENT["inputProperties"][camel_case(name)]["description"]
    assert f"Default: {said}" in description or "Default: AWS's Python 3.13 for Lambda" in description


def test_a_model_alone_gives_every_default_there_is(model: str) -> None:
    defaults = {name: rule.default for name, rule in arguments.RULES.items() if rule.default is not None}
    assert checked(model) == {"model_path": model, **defaults}


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
        {"environment": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper", "AWS_LWA_PORT": "8080", "AB": "x" * 4000}},
        {"tags": {"kostenstelle": "Größe 7", "owner:mail": "a@b.example"}},
        {"cors": {"allow_origins": ("https://a.example",), "allow_methods": ("POST", "GET")}},
        {"vpc": {"subnet_ids": ("subnet-1",), "security_group_ids": ("sg-1",)}},
        {"golden_path": Path("golden.json")},
        {"invoker_arns": ["arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_0a1b"]},
        {"invoker_arns": ["arn:aws:iam::123456789012:user/jane+test@example.com"]},
        {"execution_policies": [json.dumps({"Version": "2012-10-17", "Statement": []})]},
        {"execution_role_arn": CLIENT, "permissions_boundary_arn": "arn:aws:iam::aws:policy/PowerUserAccess"},
        {"base_image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/base@sha256:" + "0" * 64},
        {"model_path": None, "image_uri": IMAGE},
        {"model_path": None, "image_uri": IMAGE.replace(".com", ".com.cn").replace("eu-central-1", "cn-north-1")},
        {
            "model_path": None,
            "image_uri": pulumi.Output.from_input("not known yet"),
            "build_args": {},
            "cache_from": [],
        },
        {
            "model_path": None,
            "context_path": ".",
            "build_args": {"PIP_INDEX": ""},
            "target": "0",
            "cache_from": ["a/b:1"],
        },
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
    assert checked(model, memory_mb=None)["memory_mb"] == 1024


def test_a_whole_number_that_arrives_as_a_float_is_taken(model: str) -> None:
    assert checked(model, memory_mb=2048.0)["memory_mb"] == 2048


@pytest.mark.parametrize("given", ["arm64", Architecture.ARM64])
def test_a_member_of_a_closed_set_may_be_given_by_its_value(model: str, given: Any) -> None:
    assert checked(model, architecture=given)["architecture"] is Architecture.ARM64


ALL_ARGUMENTS = ", ".join(sorted(arguments.RULES))
PERIODS = ", ".join(map(str, arguments.LOG_RETENTION_DAYS))
PUBLIC = "an endpoint that anybody may call, at your cost, needs NONE and true; a private one needs neither"
NO_PRINCIPAL = (
    "is not the ARN of one IAM role or user (arn:aws:iam::123456789012:role/name); wildcards and whole accounts are "
    "refused because they let more callers in than were named"
)
NO_ENVIRONMENT_KEY = (
    "is refused by Lambda: a key has two or more letters, digits and underscores, begins with a letter, and is none "
    "that Lambda sets itself"
)
NO_TAG_KEY = (
    "is refused by AWS: a tag's key has 1 to 128 letters, digits, blanks and _.:/=+-@, and does not begin with aws:"
)
TAG = "must be a text of at most 256 letters, digits, blanks and _.:/=+-@, got"
NO_POLICY = "takes IAM policy documents as JSON texts with Version and Statement, got"
BASE_IMAGE = (
    "base_image must be an image's name with a digest or a tag other than latest, such as "
    "public.ecr.aws/lambda/python:3.13, got"
)
ONE_SOURCE = (
    "give one of model_path (an XGBoost .ubj or .json file), context_path (a Docker context of your own) and image_uri "
    "(an image that is built elsewhere), got"
)
NO_IMAGE = "image_uri must be an image in ECR by its digest (123456789012.dkr.ecr.region.amazonaws.com/name@sha256:…)"
DIGEST_OF_A_TAG = "`aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG` prints it for a tag"
NO_BUILD_ARG = (
    "a build argument has letters, digits and underscores, does not begin with a digit, and is not BASE_IMAGE, which "
    "has an argument of its own"
)
KNOWN_AND_NO_SECRET = (
    "has to be known before anything is deployed, and cannot be a secret: the image shows it to whoever may pull it; "
    "let CI build with the secret, and name its image"
)
OWN: dict[str, Any] = {"model_path": None, "context_path": "."}
NOTHING_THERE = "model_path ./no/../where.ubj must be an XGBoost .ubj or .json file, got nothing there"
ORIGINS: dict[str, Any] = {"allow_origins": ["*"]}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"memory_md": 512}, "memory_md is not an argument: did you mean 'memory_mb'?"),
        ({"zzz": 1}, f"zzz is not an argument: allowed are {ALL_ARGUMENTS}"),
        ({"memory_mb": 127}, "memory_mb must be a whole number of MB from 128 to 10240, got 127"),
        ({"memory_mb": 10_241}, "memory_mb must be a whole number of MB from 128 to 10240, got 10241"),
        ({"memory_mb": 512.5}, "memory_mb must be a whole number of MB from 128 to 10240, got 512.5"),
        ({"memory_mb": True}, "memory_mb must be a whole number of MB from 128 to 10240, got True"),
        ({"memory_mb": "1024"}, "memory_mb must be a whole number of MB from 128 to 10240, got '1024'"),
        ({"memory_mb": float("nan")}, "memory_mb must be a whole number of MB from 128 to 10240, got nan"),
        ({"memory_mb": float("inf")}, "memory_mb must be a whole number of MB from 128 to 10240, got inf"),
        ({"timeout_seconds": 0}, "timeout_seconds must be a whole number of seconds from 1 to 900, got 0"),
        ({"timeout_seconds": 901}, "timeout_seconds must be a whole number of seconds from 1 to 900, got 901"),
        ({"ephemeral_storage_mb": 511}, "ephemeral_storage_mb must be a whole number of MB from 512 to 10240, got 511"),
        ({"log_retention_days": 8}, f"log_retention_days must be one of {PERIODS}, got 8; the nearest is 7"),
        ({"log_retention_days": 0}, "log_retention_days must be a whole number of days from 1 to 3653, got 0"),
        ({"image_retention": 2}, "image_retention must be a whole number of images from 10 to 1000, got 2"),
        ({"architecture": "amd64"}, "architecture must be one of x86_64, arm64, got 'amd64'"),
        ({"force_delete": "yes"}, "force_delete must be true or false, got 'yes'"),
        (
            {"invoker_arns": "arn:aws:iam::123456789012:role/a"},
            "invoker_arns must be a list, got 'arn:aws:iam::123456789012:role/a'",
        ),
        (
            {"invoker_arns": pulumi.Output.from_input([CLIENT])},
            (
                "invoker_arns must be a list, got an output; its items may be outputs, the list itself has to be "
                "known: [role.arn]"
            ),
        ),
        ({"invoker_arns": ["*"]}, f"invoker_arns: '*' {NO_PRINCIPAL}"),
        (
            {"invoker_arns": ["arn:aws:iam::123456789012:root"]},
            f"invoker_arns: 'arn:aws:iam::123456789012:root' {NO_PRINCIPAL}",
        ),
        (
            {"invoker_arns": ["arn:aws:iam::123456789012:role/*"]},
            f"invoker_arns: 'arn:aws:iam::123456789012:role/*' {NO_PRINCIPAL}",
        ),
        ({"invoker_arns": ["123456789012"]}, f"invoker_arns: '123456789012' {NO_PRINCIPAL}"),
        (
            {"invoker_role_names": ["arn:aws:iam::123456789012:role/a"]},
            (
                "invoker_role_names: 'arn:aws:iam::123456789012:role/a' is not a role's name (1 to 64 letters, digits "
                "and +=,.@_-); an ARN goes with the others"
            ),
        ),
        ({"environment": {"AWS_REGION": "x"}}, f"environment['AWS_REGION'] {NO_ENVIRONMENT_KEY}"),
        ({"environment": {"LAMBDA_TASK_ROOT": "x"}}, f"environment['LAMBDA_TASK_ROOT'] {NO_ENVIRONMENT_KEY}"),
        ({"environment": {"_HANDLER": "x"}}, f"environment['_HANDLER'] {NO_ENVIRONMENT_KEY}"),
        ({"environment": {"1ST": "x"}}, f"environment['1ST'] {NO_ENVIRONMENT_KEY}"),
        ({"environment": {"WORKERS": 4}}, "environment['WORKERS'] must be a string, got 4; put it into quotes"),
        ({"environment": {"DEBUG": True}}, "environment['DEBUG'] must be a string, got True; put it into quotes"),
        (
            {"environment": {"AB": "x" * 4095}},
            (
                "environment has 4097 bytes, and Lambda takes 4096; put what is long into the image, or into Parameter "
                "Store"
            ),
        ),
        ({"environment": ["A=b"]}, "environment must be a mapping with strings as keys, got a list"),
        ({"tags": {1: "x"}}, "tags must be a mapping with strings as keys, got a dict"),
        ({"tags": {"aws:team": "x"}}, f"tags['aws:team'] {NO_TAG_KEY}"),
        ({"tags": {"": "x"}}, f"tags[''] {NO_TAG_KEY}"),
        ({"tags": {"t" * 129: "x"}}, f"tags['{'t' * 129}'] {NO_TAG_KEY}"),
        ({"tags": {"team": "a;b"}}, f"tags['team'] {TAG} 'a;b'"),
        ({"tags": {"team": 7}}, f"tags['team'] {TAG} 7"),
        ({"tags": {f"tag-{n}": "x" for n in range(51)}}, "tags takes at most 50, got 51"),
        ({"invoker_principals": ["*"]}, f"invoker_principals: '*' {NO_PRINCIPAL}"),
        (
            {"invoker_principals": [CLIENT], "create_invoker_role": False},
            (
                "invoker_principals may assume the invoker role, but create_invoker_role false makes none; leave one "
                "of them out"
            ),
        ),
        (
            {"invoker_arns": [f"{CLIENT}-{n}" for n in range(33)]},
            (
                "33 invokers by ARN need 20889 bytes of the alias's policy, and Lambda takes 20480: 32 of these fit; "
                "let the others assume the invoker role instead"
            ),
        ),
        (
            {"execution_policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
            (
                f"execution_policies {NO_POLICY} 'arn:aws:iam::aws:policy/ReadOnlyAccess'; the ARN of a managed policy "
                "goes with the ARNs of policies"
            ),
        ),
        (
            {"execution_policies": ["{}"]},
            f"execution_policies {NO_POLICY} '{{}}'; the ARN of a managed policy goes with the ARNs of policies",
        ),
        (
            {"execution_policy_arns": ["ReadOnlyAccess"]},
            (
                "execution_policy_arns: 'ReadOnlyAccess' is not the ARN of a managed policy "
                "(arn:aws:iam::123456789012:policy/name)"
            ),
        ),
        (
            {"execution_policy_arns": [f"arn:aws:iam::aws:policy/P{n}" for n in range(11)]},
            "execution_policy_arns takes at most 10, got 11",
        ),
        (
            {"execution_role_arn": "my-role"},
            "execution_role_arn must be the ARN of a role (arn:aws:iam::123456789012:role/name), got 'my-role'",
        ),
        (
            {"execution_role_arn": CLIENT, "execution_policy_arns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
            (
                "execution_role_arn is a role of your own, which nothing is attached to; attach execution_policies and "
                "execution_policy_arns where the role is made"
            ),
        ),
        (
            {"permissions_boundary_arn": "boundary"},
            (
                "permissions_boundary_arn: 'boundary' is not the ARN of a managed policy "
                "(arn:aws:iam::123456789012:policy/name)"
            ),
        ),
        ({"golden_path": ""}, "golden_path must be a path, got ''"),
        ({"base_image": "python"}, f"{BASE_IMAGE} 'python'"),
        ({"base_image": "python:latest"}, f"{BASE_IMAGE} 'python:latest'"),
        (
            {"reserved_concurrency": -1},
            "reserved_concurrency must be a whole number of executions from 0 to 100000, got -1",
        ),
        (
            {"provisioned_concurrency": 0},
            "provisioned_concurrency must be a whole number of executions from 1 to 100000, got 0",
        ),
        (
            {"provisioned_concurrency": 5, "reserved_concurrency": 4},
            "provisioned_concurrency 5 does not fit into reserved_concurrency 4; reserve at least as many",
        ),
        (
            {"snap_start": True, "provisioned_concurrency": 1},
            (
                "snap_start and provisioned_concurrency exclude each other in Lambda: choose the first for a "
                "short cold start without environments that stand ready, the second for no cold start at all"
            ),
        ),
        (
            {"snap_start": True, "ephemeral_storage_mb": 513},
            "snap_start takes at most 512 MB of /tmp, got ephemeral_storage_mb 513; leave one of them out",
        ),
        ({"authorization": "NONE"}, f"authorization NONE with allow_public_access false: {PUBLIC}"),
        ({"allow_public_access": True}, f"authorization AWS_IAM with allow_public_access true: {PUBLIC}"),
        ({"authorization": "PUBLIC"}, "authorization must be one of AWS_IAM, NONE, got 'PUBLIC'"),
        (
            {"authorization": "NONE", "allow_public_access": True, "invoker_role_names": ["client"]},
            (
                "authorization NONE lets everybody in, so invoker_arns and invoker_role_names would mean nothing; "
                "leave them out, or keep AWS_IAM"
            ),
        ),
        (
            {"kms_key_arn": "alias/mine"},
            (
                "kms_key_arn must be the ARN of a key (arn:aws:kms:region:123456789012:key/…), got 'alias/mine'; "
                "an alias or a bare key id is not enough for log groups"
            ),
        ),
        ({"expected_duration_ms": 0}, "expected_duration_ms must be milliseconds above 0 and at most 900000, got 0"),
        ({"cors": {}}, "cors needs cors.allow_origins: the web pages' origins, such as https://example.com"),
        ({"cors": {"allow_origin": ["*"]}}, "cors.allow_origin is not an argument: did you mean 'allow_origins'?"),
        (
            {"cors": {"allow_origins": ["*"], "allow_credentials": True}},
            (
                "cors.allow_origins '*' with cors.allow_credentials would let every web page call in the name of its "
                "visitor; name the origins, or leave credentials out"
            ),
        ),
        (
            {"cors": {"allow_origins": ["https://a.example/path"]}},
            (
                "cors.allow_origins: 'https://a.example/path' is no origin: scheme and host without a path, such as "
                "https://example.com"
            ),
        ),
        (
            {"cors": {**ORIGINS, "allow_methods": ["SEND"]}},
            "cors.allow_methods takes *, DELETE, GET, HEAD, PATCH, POST, PUT, got 'SEND'",
        ),
        (
            {"cors": {**ORIGINS, "allow_methods": ["OPTIONS"]}},
            "cors.allow_methods takes *, DELETE, GET, HEAD, PATCH, POST, PUT, got 'OPTIONS'",
        ),
        (
            {"cors": {**ORIGINS, "allow_methods": ["*", "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]}},
            "cors.allow_methods takes at most 6, got 7",
        ),
        (
            {"cors": {"allow_origins": [f"https://{n}.example" for n in range(101)]}},
            "cors.allow_origins takes at most 100, got 101",
        ),
        ({"cors": {**ORIGINS, "allow_headers": [1]}}, "cors.allow_headers must be a string, got 1; put it into quotes"),
        (
            {"cors": {**ORIGINS, "max_age_seconds": 86_401}},
            "cors.max_age_seconds must be a whole number of seconds from 0 to 86400, got 86401",
        ),
        (
            {"cors": ["*"]},
            (
                "cors must be a mapping of cors.allow_origins, cors.allow_methods, cors.allow_headers, "
                "cors.expose_headers, cors.allow_credentials, cors.max_age_seconds, got a list"
            ),
        ),
        ({"vpc": {}}, "vpc needs vpc.subnet_ids: a list of at least one id that begins with 'subnet-'"),
        (
            {"vpc": {"subnet_ids": ["subnet-1"]}},
            "vpc needs vpc.security_group_ids: a list of at least one id that begins with 'sg-'",
        ),
        (
            {"vpc": {"subnet_ids": ["sg-1"], "security_group_ids": ["sg-1"]}},
            "vpc.subnet_ids must be a list of ids that begin with 'subnet-', got 'sg-1'",
        ),
        (
            {"vpc": {"subnet_ids": [], "security_group_ids": ["sg-1"]}},
            "vpc.subnet_ids must be a list of ids that begin with 'subnet-', got none",
        ),
        ({"vpc": {"subnets": ["subnet-1"]}}, "vpc.subnets is not an argument: did you mean 'subnet_ids'?"),
        (
            {"alarms": {"topic_arn": "my-topic"}},
            "alarms.topic_arn must be the ARN of an SNS topic (arn:aws:sns:region:123456789012:name), got 'my-topic'",
        ),
        (
            {"alarms": {"p99_duration_ms": 0}},
            "alarms.p99_duration_ms must be a whole number of milliseconds from 1 to 900000, got 0",
        ),
        ({"alarms": {"topic": "x"}}, "alarms.topic is not an argument: did you mean 'topic_arn'?"),
        (
            {"context_path": "."},
            f"{ONE_SOURCE} model_path and context_path",
        ),
        (
            {"model_path": "nowhere.ubj"},
            "model_path nowhere.ubj must be an XGBoost .ubj or .json file, got nothing there",
        ),
        (
            {"model_path": "s3://bucket/model.ubj"},
            (
                "model_path must be a path on this machine, got 's3://bucket/model.ubj'; fetch it before deploying: "
                "aws s3 cp s3://bucket/model.ubj ."
            ),
        ),
        (
            {"model_path": "https://a.example/model.ubj"},
            "model_path must be a path on this machine, got 'https://a.example/model.ubj'; fetch it before deploying",
        ),
        ({"model_path": "./no/../where.ubj"}, NOTHING_THERE),
        ({"model_path": "."}, "model_path . must be an XGBoost .ubj or .json file, got a folder"),
        (
            {"context_path": "model.ubj", "model_path": None},
            "context_path model.ubj must be a folder with a Dockerfile, got a file",
        ),
        (
            {"model_path": None},
            f"{ONE_SOURCE} none",
        ),
        (
            {"image_uri": IMAGE},
            f"{ONE_SOURCE} model_path and image_uri",
        ),
        *(
            ({"model_path": None, "image_uri": image}, f"{NO_IMAGE}, got {image!r}; {DIGEST_OF_A_TAG}")
            for image in (
                IMAGE.partition("@")[0],
                IMAGE.partition("@")[0] + ":v1",
                IMAGE.replace("@", ":v1@"),
                "public.ecr.aws/team/wine@sha256:" + "0" * 64,
                IMAGE[:-1],
                IMAGE + "\n",
            )
        ),
        ({"model_path": None, "image_uri": 5}, f"{NO_IMAGE}, got 5; {DIGEST_OF_A_TAG}"),
        (
            {"target": "serving"},
            "target says how context_path is built, and model_path brings its own Dockerfile; leave one of them out",
        ),
        (
            {"model_path": None, "image_uri": IMAGE, "build_args": {"A": "b"}},
            "build_args says how context_path is built, and image_uri brings a built image; leave one of them out",
        ),
        *(
            ({**OWN, "build_args": {"TOKEN": secret}}, f"build_args['TOKEN'] {KNOWN_AND_NO_SECRET}")
            for secret in (pulumi.Output.from_input("x"), pulumi.Output.secret("hush"))
        ),
        ({"canary_percent": 0}, "canary_percent must be a whole number of percent from 1 to 99, got 0"),
        ({"canary_percent": 100}, "canary_percent must be a whole number of percent from 1 to 99, got 100"),
        (
            {"canary_percent": 10, "provisioned_concurrency": 1},
            (
                "provisioned_concurrency and canary_percent exclude each other in Lambda: leave the first out until "
                "the new version has everything, or let it take everything at once"
            ),
        ),
        ({**OWN, "build_args": {"BASE_IMAGE": "x"}}, f"build_args['BASE_IMAGE']: {NO_BUILD_ARG}"),
        ({**OWN, "build_args": {"1ST": "x"}}, f"build_args['1ST']: {NO_BUILD_ARG}"),
        ({**OWN, "build_args": {"WORKERS": 4}}, "build_args['WORKERS'] must be a string, got 4; put it into quotes"),
        ({**OWN, "target": "a b"}, "target must be the name or number of a stage, got 'a b'"),
        ({**OWN, "cache_from": ["a b"]}, "cache_from: 'a b' is not an image's name, such as registry/name:tag"),
    ],
)
def test_what_is_not_possible_is_refused_in_one_sentence(model: str, args: dict[str, Any], sentence: str) -> None:
    assert refusal("wine", **{"model_path": model, **args}) == sentence


@pytest.mark.parametrize("name", ["wine", "my_model", "1wine", "w" * 40, "a-b_c"])
def test_a_name_that_aws_takes_is_taken(model: str, name: str) -> None:
    assert arguments.checked(name, {"model_path": model})


@pytest.mark.parametrize("name", ["Wine", "-wine", "wine-", "wine--x", "wine-_x", "", "w" * 41, "w.x", "wéin", "a/b"])
def test_a_name_that_aws_does_not_take_is_refused(model: str, name: str) -> None:
    assert refusal(name, model_path=model) == (
        "the component's name must be one that its ECR repository may bear: at most 40 lower-case letters and digits, "
        "and between them single hyphens or underscores"
    )


@pytest.mark.parametrize("region", sorted(arguments.REGIONS_WITHOUT_URLS))
def test_a_region_without_function_urls_is_refused(region: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        arguments.region_with_urls(region)
    assert str(refused.value) == (
        f"Lambda has no Function URLs in {region}; set aws:region to one that has them, such as a neighbour of it"
    )


def test_what_is_named_twice_counts_once(model: str) -> None:
    args = checked(model, invoker_arns=[CLIENT, CLIENT], invoker_role_names=("a", "b", "a"))
    assert (args["invoker_arns"], args["invoker_role_names"]) == ([CLIENT], ["a", "b"])
