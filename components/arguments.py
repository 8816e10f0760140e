"""What can be asked of `MLInferenceFunction`? Its arguments: types, meaning, limits, defaults and checks, each once.

A new argument is a field with its docstring here, its rule further down, and its use in the component. The docstrings
become the schema of the component package and docs/reference.md. What the schema analyser of Pulumi's SDK does not know
cannot stand in a type: no union but `Input`, no `Literal`, no tuple.

Everything is checked before anything registers: an error here costs a second, the same one from AWS a deployment.
Leaves out what the files themselves contain: see `staging.py` and `golden.py`.
"""

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypedDict, cast

import pulumi

from .checks import (
    InvalidArgumentError,
    Name,
    Rule,
    described,
    flag,
    mapping,
    mapping_by,
    number_up_to,
    one_of,
    or_output,
    path,
    path_of,
    text_like,
    texts,
    texts_each,
    whole,
)
from .spelling import spelling_of

#: AWS's Python base image: the runtime interface client and Amazon Linux 2023. Pin it by digest where it matters.
DEFAULT_BASE_IMAGE = "public.ecr.aws/lambda/python:3.13"

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MEMORY_MB = (128, 10_240)
TIMEOUT_SECONDS = (1, 900)
LONGEST_MS = TIMEOUT_SECONDS[1] * 1000
EPHEMERAL_STORAGE_MB = (512, 10_240)
#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
#: Lambda keeps 100 of an account's concurrent executions unreserved; the account's own limit is not known here.
RESERVED_CONCURRENCY = (0, 100_000)
PROVISIONED_CONCURRENCY = (1, 100_000)
#: https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
CORS_MAX_AGE_SECONDS = (0, 86_400)
CORS_METHODS = ("*", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
#: SnapStart restores /tmp as well, so it takes no larger one.
#: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
SNAP_START_STORAGE_MB = 512
#: Fewer would let the image of the live version, or of the one to roll back to, expire after a few deployments.
IMAGE_RETENTION = (10, 1_000)
#: Names of roles and functions end at 64 characters; Pulumi adds eight random ones to `{name}-execution-role`.
MAX_NAME_LENGTH = 40

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ENVIRONMENT_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")


class Architecture(str, Enum):  # noqa: UP042 - the schema of component packages knows `str, Enum` only
    """The processor that runs the function; the image is built for the same one."""

    X86_64 = "x86_64"
    """Intel and AMD, 64 bits."""

    ARM64 = "arm64"
    """AWS Graviton, which costs less for the same time."""


class Authorization(str, Enum):  # noqa: UP042
    """Who may call the endpoint."""

    AWS_IAM = "AWS_IAM"
    """Invokers that were named, with signed requests."""

    NONE = "NONE"
    """Everybody; needs `allow_public_access` as well."""


class CorsArgs(TypedDict, total=False):
    """Which web pages may call the endpoint from a browser."""

    allow_origins: list[str]
    """Origins, such as `https://example.com`; required. `*` for all, which excludes credentials."""

    allow_methods: list[str]
    """HTTP methods. Default: none but what browsers always allow."""

    allow_headers: list[str]
    """Request headers. A signed request needs authorization, content-type, x-amz-date and x-amz-security-token."""

    expose_headers: list[str]
    """Response headers that the page may read."""

    allow_credentials: bool
    """Whether the browser may send cookies and the like. Default: false."""

    max_age_seconds: int
    """Seconds for which a browser may keep the answer, 0 to 86400."""


class VpcArgs(TypedDict, total=False):
    """Where in a VPC the function runs. The bundled handler needs no network; an image of your own may."""

    subnet_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Subnets, best in two availability zones; required."""

    security_group_ids: pulumi.Input[list[pulumi.Input[str]]]
    """Security groups; required."""


class AlarmsArgs(TypedDict, total=False):
    """Alarms on errors, throttles, slow requests and requests near the timeout. An empty mapping makes them all."""

    topic_arn: pulumi.Input[str]
    """SNS topic that is told when an alarm goes on or off. Default: nobody is told."""

    p99_duration_ms: int
    """Duration in milliseconds that 99 of 100 requests should keep, 1 to 900000. Default: 1000."""


class MLInferenceFunctionArgs(TypedDict, total=False):
    """The arguments of `MLInferenceFunction`. One of `model_path` and `context_path` is required."""

    model_path: str
    """XGBoost model file, `.ubj` or `.json`, as `save_model` writes it; deployed with the bundled handler."""

    context_path: str
    """A Docker build context of your own instead: a folder with a Dockerfile whose image Lambda can run."""

    golden_path: str
    """JSON file of records, the predictions they must give, and a tolerance; proved on every new version before it
    takes traffic. Default: `golden.json` beside the model, if there is one."""

    base_image: str
    """Base image of the bundled Dockerfile. Default: AWS's Python 3.13 for Lambda; pin it by digest to decide
    yourself when it moves."""

    architecture: Architecture
    """Processor of the image and the function. Default: x86_64."""

    memory_mb: int
    """Memory in MB, 128 to 10240; processor time grows with it, a whole core stands at 1769. Default: 1024."""

    timeout_seconds: int
    """Longest time a request may take in seconds, 1 to 900. Default: 30."""

    ephemeral_storage_mb: int
    """Size of /tmp in MB, 512 to 10240. Default: 512; the bundled handler writes nothing."""

    environment: dict[str, pulumi.Input[str]]
    """Environment variables of the function."""

    log_retention_days: int
    """Days until CloudWatch deletes log events; one of the periods it offers. Default: 365."""

    image_retention: int
    """Images that the repository keeps, 10 to 1000. Default: 50; unchanged layers are stored once."""

    force_delete: bool
    """Whether destroying deletes the images as well. Default: true, because every image can be built again; with
    false, `pulumi destroy` fails until the repository has been emptied."""

    authorization: Authorization
    """Who may call the endpoint. Default: AWS_IAM."""

    allow_public_access: bool
    """Says a second time that `NONE` is meant. Default: false."""

    create_invoker_role: bool
    """Whether to create a role that may call the endpoint, for principals of the account to assume. Default: true."""

    invoker_role_names: list[str]
    """Names of existing roles of this account that may call the endpoint."""

    invoker_arns: list[str]
    """ARNs of roles or users, also of other accounts, that may call the endpoint. One of another account needs
    `client_policy_json` attached there as well."""

    cors: CorsArgs
    """For web pages that call the endpoint from a browser. Default: none may."""

    reserved_concurrency: int
    """Requests that are answered at the same time at most; 0 turns all away. Default: what the account has."""

    provisioned_concurrency: int
    """Execution environments that stand ready, at a standing cost, so that no request meets a cold start."""

    snap_start: bool
    """Whether new environments resume from a snapshot of the started one. Default: false."""

    tracing: bool
    """Whether requests are sampled by X-Ray. Default: true."""

    kms_key_arn: pulumi.Input[str]
    """Key that encrypts images, logs and environment variables; its policy must let CloudWatch Logs of the region use
    it. Default: keys that AWS manages. Changing it replaces the repository."""

    vpc: VpcArgs
    """Run inside a VPC. Default: outside; the function needs no network."""

    alarms: AlarmsArgs
    """CloudWatch alarms on the live alias. Default: none."""

    dashboard: bool
    """Whether to create a CloudWatch dashboard. Default: false."""

    expected_duration_ms: float
    """Duration of a request of one record in milliseconds, for the estimate of the cost. Default: 1, which is what
    Lambda bills at least; the dashboard shows the true one."""

    tags: dict[str, pulumi.Input[str]]
    """Tags on every resource that takes some."""


def checked(name: str, args: Mapping[str, Any]) -> MLInferenceFunctionArgs:
    """The arguments with their defaults, or the first thing found that is not possible.

    Args:
        name: The component's name.
        args: What the caller gave; an argument that is None counts as not given. A TypedDict does not refuse a
            misspelt key by itself, and a silently ignored setting would be worse than none: unknown ones are refused.

    Raises:
        InvalidArgumentError: The name, or an argument, is not possible.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise InvalidArgumentError(
            f"name {name!r} cannot name an ECR repository and an IAM role: use at most {MAX_NAME_LENGTH} lower-case "
            "letters, digits and single hyphens, beginning with a letter"
        )
    return cast(MLInferenceFunctionArgs, mapping_by(RULES, _fit_together)(Name(spelt=spelling_of(args)), args))


def _fit_together(all_: Name, args: Mapping[str, Any]) -> None:
    """What AWS would refuse half-way through a deployment, or accept and then do nothing with."""
    sources = args.keys() & {"model_path", "context_path"}
    if len(sources) != 1:
        raise InvalidArgumentError(
            f"give {all_ / 'model_path'} (an XGBoost .ubj or .json file) or {all_ / 'context_path'} (a Docker context "
            f"of your own), got {'both' if sources else 'neither'}"
        )
    public, authorization = args["allow_public_access"], args["authorization"].value
    if (authorization == "NONE") != public:
        raise InvalidArgumentError(
            f"{all_ / 'authorization'} {authorization} with {all_ / 'allow_public_access'} {str(public).lower()}: an "
            "endpoint that anybody may call, at your cost, needs NONE and true; a private one needs neither"
        )
    if public and (args["invoker_arns"] or args["invoker_role_names"]):
        raise InvalidArgumentError(
            f"{all_ / 'authorization'} NONE lets everybody in, so {all_ / 'invoker_arns'} and "
            f"{all_ / 'invoker_role_names'} would mean nothing; leave them out, or keep AWS_IAM"
        )
    reserved, provisioned = args.get("reserved_concurrency"), args.get("provisioned_concurrency")
    if args["snap_start"] and provisioned:
        raise InvalidArgumentError(
            f"{all_ / 'snap_start'} and {all_ / 'provisioned_concurrency'} exclude each other in Lambda: choose the "
            "first for a short cold start without environments that stand ready, the second for no cold start at all"
        )
    if args["snap_start"] and args["ephemeral_storage_mb"] > SNAP_START_STORAGE_MB:
        raise InvalidArgumentError(
            f"{all_ / 'snap_start'} takes at most {SNAP_START_STORAGE_MB} MB of /tmp, got "
            f"{all_ / 'ephemeral_storage_mb'} {args['ephemeral_storage_mb']}; leave one of them out"
        )
    if reserved is not None and provisioned is not None and provisioned > reserved:
        raise InvalidArgumentError(
            f"{all_ / 'provisioned_concurrency'} {provisioned} does not fit into {all_ / 'reserved_concurrency'} "
            f"{reserved}; reserve at least as many"
        )


def _retention(name: Name, value: Any) -> int:
    days: int = whole(LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1], "days")(name, value)
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise InvalidArgumentError(
            f"{name} must be one of {', '.join(map(str, LOG_RETENTION_DAYS))}, got {days}; the nearest is {nearest}"
        )
    return days


def _environment(name: Name, value: Any) -> Mapping[str, Any]:
    environment = mapping(name, value)
    for key in environment:
        if not _ENVIRONMENT_KEY.fullmatch(key) or key.startswith("AWS_"):
            raise InvalidArgumentError(
                f"{name} key {key!r} is refused by Lambda: begin with a letter, use at least two letters, "
                "digits or underscores, and not the reserved prefix AWS_"
            )
    return environment


def _methods(name: Name, value: Any) -> list[str]:
    methods = texts(name, value)
    for method in methods:
        if method not in CORS_METHODS:
            raise InvalidArgumentError(f"{name} takes {', '.join(CORS_METHODS)}, got {method!r}")
    return methods


def _no_stranger_with_credentials(name: Name, cors: Mapping[str, Any]) -> None:
    if "*" in cors["allow_origins"] and cors.get("allow_credentials"):
        raise InvalidArgumentError(
            f"{name / 'allow_origins'} '*' with {name / 'allow_credentials'} would let every web page call in the name "
            "of its visitor; name the origins, or leave credentials out"
        )


def _ids(prefix: str) -> Rule:
    def check(name: Name, value: Any) -> Any:
        ids = value if isinstance(value, list) else []
        wrong = [item for item in ids if isinstance(item, str) and not item.startswith(prefix)]
        if wrong or not ids:
            got = described(wrong[0] if wrong else value)
            raise InvalidArgumentError(f"{name} must be a list of ids that begin with {prefix!r}, got {got}")
        return value

    return Rule(or_output(check), required=f"a list of at least one id that begins with {prefix!r}")


CORS = {
    "allow_origins": Rule(
        texts_each(
            text_like(
                r"\*|https?://[A-Za-z0-9.-]+(:\d+)?",
                ": {got} is no origin: scheme and host without a path, such as https://example.com",
            )
        ),
        required="the web pages' origins, such as https://example.com",
    ),
    "allow_methods": Rule(_methods),
    "allow_headers": Rule(texts),
    "expose_headers": Rule(texts),
    "allow_credentials": Rule(flag),
    "max_age_seconds": Rule(whole(*CORS_MAX_AGE_SECONDS, "seconds")),
}

VPC = {"subnet_ids": _ids("subnet-"), "security_group_ids": _ids("sg-")}

ALARMS = {
    "topic_arn": Rule(
        or_output(
            text_like(
                r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?",
                " must be the ARN of an SNS topic (arn:aws:sns:region:123456789012:name), got {got}",
            )
        )
    ),
    "p99_duration_ms": Rule(whole(1, LONGEST_MS, "milliseconds"), default=1000),
}

#: What holds for each argument, in the order of `MLInferenceFunctionArgs`.
RULES = {
    "model_path": Rule(path_of("an XGBoost .ubj or .json file", Path.is_file)),
    "context_path": Rule(path_of("a folder with a Dockerfile", Path.is_dir)),
    "golden_path": Rule(path),
    # A name without tag or digest means "latest", which is another image on another day.
    "base_image": Rule(
        text_like(
            r"[\w./:-]+(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})",
            " must be an image's name with a digest or a tag other than latest, such as "
            f"{DEFAULT_BASE_IMAGE}, got {{got}}",
        ),
        default=DEFAULT_BASE_IMAGE,
    ),
    "architecture": Rule(one_of(Architecture), default=Architecture.X86_64),
    "memory_mb": Rule(whole(*MEMORY_MB, "MB"), default=1024),
    "timeout_seconds": Rule(whole(*TIMEOUT_SECONDS, "seconds"), default=30),
    "ephemeral_storage_mb": Rule(whole(*EPHEMERAL_STORAGE_MB, "MB"), default=512),
    "environment": Rule(_environment, default={}),
    "log_retention_days": Rule(_retention, default=365),
    "image_retention": Rule(whole(*IMAGE_RETENTION, "images"), default=50),
    "force_delete": Rule(flag, default=True),
    "authorization": Rule(one_of(Authorization), default=Authorization.AWS_IAM),
    "allow_public_access": Rule(flag, default=False),
    "create_invoker_role": Rule(flag, default=True),
    "invoker_role_names": Rule(
        texts_each(
            text_like(
                r"[\w+=,.@-]{1,64}",
                ": {got} is not a role's name (1 to 64 letters, digits and +=,.@_-); ARNs go with those of invokers",
            )
        ),
        default=[],
    ),
    # Exactly one IAM role or user: no wildcard, no account root, no service.
    "invoker_arns": Rule(
        texts_each(
            text_like(
                r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+",
                ": {got} is not the ARN of one IAM role or user (arn:aws:iam::123456789012:role/name); "
                "wildcards and whole accounts are refused because they let more callers in than were named",
            )
        ),
        default=[],
    ),
    "cors": Rule(mapping_by(CORS, _no_stranger_with_credentials)),
    "reserved_concurrency": Rule(whole(*RESERVED_CONCURRENCY, "executions")),
    "provisioned_concurrency": Rule(whole(*PROVISIONED_CONCURRENCY, "executions")),
    "snap_start": Rule(flag, default=False),
    "tracing": Rule(flag, default=True),
    "kms_key_arn": Rule(
        or_output(
            text_like(
                r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+",
                " must be the ARN of a key (arn:aws:kms:region:123456789012:key/…), got {got}; "
                "an alias or a bare key id is not enough for log groups",
            )
        )
    ),
    "vpc": Rule(mapping_by(VPC)),
    "alarms": Rule(mapping_by(ALARMS)),
    "dashboard": Rule(flag, default=False),
    "expected_duration_ms": Rule(number_up_to(LONGEST_MS, "milliseconds"), default=1),
    "tags": Rule(mapping, default={}),
}
