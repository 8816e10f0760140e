"""What can be asked of `MLInferenceFunction`? Its arguments: types, meaning, limits, defaults and checks, each once.

A new argument is a field with its docstring here, its rule further down, and its use in the component. The docstrings
become the schema of the component package and docs/reference.md. A type can only use what the schema analyser of
Pulumi's SDK knows: no union but `Input`, no `Literal`, no tuple.

Everything is checked before anything is registered: an error here costs a second, the same one from AWS a deployment.
Leaves out what the files themselves contain: see `staging.py` and `golden.py`.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import pulumi

from . import batch_definition, handler_settings, policies
from .checks import (
    InvalidArgumentError,
    Name,
    Rule,
    any_number,
    described,
    flag,
    list_of,
    mapping_by,
    mapping_of,
    number_up_to,
    one_of,
    or_output,
    path,
    path_of,
    text,
    text_like,
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
ENVIRONMENT_BYTES = 4096
RESOURCE_POLICY_BYTES = 20_480
#: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
#: Lambda keeps 100 of an account's concurrent executions unreserved; the account's own limit is not known here.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
RESERVED_CONCURRENCY = (0, 100_000)
#: 0 and 100 are one version alone, which is what there is without the argument.
CANARY_PERCENT = (1, 99)
PROVISIONED_CONCURRENCY = (1, 100_000)
#: https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html: an entry of the methods has at most 6 letters, which
#: leaves OPTIONS out; Lambda answers that itself.
CORS_MAX_AGE_SECONDS = (0, 86_400)
CORS_METHODS = ("*", "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
CORS_MOST_METHODS = 6
CORS_MOST_ENTRIES = 100
#: SnapStart restores /tmp as well, so it takes no larger one.
#: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
SNAP_START_STORAGE_MB = 512
#: Keys that Lambda sets itself and lets nobody set. Others that begin with AWS_ are allowed, as extensions need some.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED_ENVIRONMENT = frozenset(
    [
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY"),
        *("AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN"),
    ]
)
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html, the strictest of the services that are tagged.
MOST_TAGS = 50
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_MANAGED_POLICIES = 10
#: Fewer would let the image of the live version, or of the one to roll back to, expire after a few deployments.
IMAGE_RETENTION = (10, 1_000)
BATCH_CONCURRENCY = (1, batch_definition.MOST_CONCURRENT)
ROWS_PER_BATCH = (1, 10_000)
RETENTION_DAYS = (1, 3650)
#: Names of roles and functions end at 64 characters; Pulumi adds eight random ones to `{name}-execution-role`.
MAX_NAME_LENGTH = 40
#: Regions whose Lambda has no Function URLs: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
REGIONS_WITHOUT_URLS = frozenset(
    [
        *("ap-south-2", "ap-southeast-4", "ap-southeast-5", "ca-west-1", "eu-central-2", "eu-south-2", "il-central-1"),
        "me-central-1",
    ]
)

#: What the repository and the function, both called after the component, may be called:
#: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
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


# Type checkers take what the checks take; the schema analyser knows no unions.
if TYPE_CHECKING:
    Path_: TypeAlias = str | os.PathLike[str]
    Architecture_: TypeAlias = Architecture | str
    Authorization_: TypeAlias = Authorization | str
else:
    Path_, Architecture_, Authorization_ = str, Architecture, Authorization


class CorsArgs(TypedDict, total=False):
    """Which web pages may call the endpoint from a browser."""

    allow_origins: Sequence[str]
    """Origins, such as `https://example.com`, at most 100; required. `*` for all, which excludes credentials."""

    allow_methods: Sequence[str] | None
    """HTTP methods: DELETE, GET, HEAD, PATCH, POST and PUT, or `*`. Default: what browsers always allow."""

    allow_headers: Sequence[str] | None
    """Request headers. A signed request needs authorization, content-type, x-amz-date and x-amz-security-token."""

    expose_headers: Sequence[str] | None
    """Response headers that the page may read."""

    allow_credentials: bool | None
    """Whether the browser may send cookies and the like. Default: false."""

    max_age_seconds: int | None
    """Seconds for which a browser may keep the answer, 0 to 86400."""


class VpcArgs(TypedDict, total=False):
    """Where in a VPC the function runs. The bundled handler needs no network; an image of your own may."""

    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Subnets, preferably in two availability zones; required."""

    security_group_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Security groups; required."""


class AlarmsArgs(TypedDict, total=False):
    """Alarms on errors, throttles, slow requests and requests near the timeout. An empty mapping makes them all."""

    topic_arn: pulumi.Input[str] | None
    """SNS topic that is told when an alarm goes on or off. Default: nobody is told. A topic encrypted with your own key
    gets nothing until the key's policy lets `cloudwatch.amazonaws.com` use kms:Decrypt and kms:GenerateDataKey*; one
    encrypted with the key `alias/aws/sns` never does."""

    out_of_range_percent: float | None
    """Percentage of the rows, above 0 and at most 100, that may hold a value that training did not see; more than that
    for a quarter of an hour raises an alarm. Needs `training_ranges_path`. Default: no such alarm."""

    p99_duration_ms: int
    """Duration in milliseconds that 99 of 100 requests should keep, 1 to 900000. Default: 1000."""


class BatchArgs(TypedDict, total=False):
    """Batch scoring of files in S3 by Step Functions. An empty mapping creates the buckets too."""

    input_bucket: pulumi.Input[str] | None
    """Name of your bucket with rows, encrypted by S3 itself or by `kms_key_arn`. Default: one is created."""

    output_bucket: pulumi.Input[str] | None
    """Name of your bucket for answers, encrypted likewise. Default: one is created."""

    retention_days: int | None
    """Days after which created buckets delete an object, 1 to 3650. Default: 30."""

    rows_per_batch: int | None
    """Most rows that one invocation gets, 1 to 10000. Default: 500, or fewer if the answers would not fit into the
    256 KiB that Step Functions carries."""

    max_concurrency: int | None
    """Most batches that are predicted at the same time, 1 to 10000; they share the account's concurrency with the
    endpoint's requests. Default: 100, or what `reserved_concurrency` allows."""

    tolerated_failure_percent: float | None
    """Percentage of the rows whose batches may fail for good before the run ends, 0 to 100. Default: 0. A row that
    cannot be predicted does not fail its batch."""


class MissingValuesArgs(TypedDict, total=False):
    """How missing values reach the bundled handler. Each list names features; `*` means all of them."""

    value: float | None
    """A number that means a missing value wherever it occurs, such as -999: the `missing` that training was given.
    Default: what the model file says, as those do that estimators of XGBoost 1.6 and 1.7 saved, else none."""

    allow_null: Sequence[str] | None
    """Features that may be null, an empty field in CSV, or NaN in a binary body."""

    allow_absent: Sequence[str] | None
    """Features that may be left out of a record or a header."""

    allow_unseen: Sequence[str] | None
    """Features for which a category that training never saw counts as a missing value."""


class MLInferenceFunctionArgs(TypedDict, total=False):
    """The arguments of `MLInferenceFunction`. One of `model_path`, `context_path` and `image_uri` is required."""

    model_path: Path_ | None
    """XGBoost model file, `.ubj` or `.json`, as `save_model` writes it; deployed with the bundled handler."""

    context_path: Path_ | None
    """A Docker build context of your own instead: a folder with a Dockerfile whose image Lambda can run."""

    image_uri: pulumi.Input[str] | None
    """The digest address of an image in ECR that was built elsewhere, by CI for instance:
    `123456789012.dkr.ecr.eu-central-1.amazonaws.com/name@sha256:…`. Then nothing is built and no repository created:
    keep the image for as long as a version runs it. It must be for `architecture` and in the function's region."""

    golden_path: Path_ | None
    """JSON file of records, the predictions they must give, and a tolerance; proved on every new version before it
    takes traffic. Default: `golden.json` beside the model, if there is one. Its records are in the stack's state, and
    their predictions in errors: choose records that are nobody's personal data."""

    base_image: str | None
    """Base image of the bundled Dockerfile. Default: AWS's Python 3.13 for Lambda; pin it by digest to decide
    yourself when it changes."""

    dockerfile: Path_ | None
    """Dockerfile of your own context, relative to the working directory. Default: the one in the context."""

    build_args: Mapping[str, str] | None
    """Values for the `ARG`s of your own Dockerfile. No secrets: anyone who may pull an image can read them in it.
    `BUILDKIT_INLINE_CACHE` with the value `1` makes an image that `cache_from` can name."""

    target: str | None
    """Stage of your own Dockerfile at which the build ends. Default: the last one."""

    cache_from: Sequence[str] | None
    """Images whose layers a build of your own context reuses: built with `BUILDKIT_INLINE_CACHE`, and in this account's
    registry or in one that Docker is logged in to."""

    architecture: Architecture_ | None
    """Processor of the image and the function. Default: x86_64."""

    memory_mb: int | None
    """Memory in MB, 128 to 10240; processor time grows with it, up to a whole core at 1769. Default: 1024."""

    timeout_seconds: int | None
    """Longest time a request may take in seconds, 1 to 900. Default: 30."""

    ephemeral_storage_mb: int | None
    """Size of /tmp in MB, 512 to 10240. Default: 512; the bundled handler writes nothing."""

    environment: Mapping[str, pulumi.Input[str]] | None
    """Environment variables of the function, at most 4 KB in all; only AWS counts the outputs and secrets among them.
    Names that Lambda sets itself are refused."""

    missing_values: MissingValuesArgs | None
    """What the bundled handler takes for a missing value. Default: nothing; a row must be complete."""

    training_ranges_path: Path_ | None
    """JSON file of what training saw of each feature, as `write_ranges` writes it. The bundled handler then counts rows
    with a value outside it, and shows the spread of its predictions, as CloudWatch metrics. Default: neither."""

    output_names: Sequence[str] | None
    """Names of a classifier's classes in the order of their numbers, or of the model's outputs."""

    log_retention_days: int | None
    """Days until CloudWatch deletes log events; one of the periods it offers. Default: 365."""

    image_retention: int | None
    """Images that the repository keeps, 10 to 1000. Default: 50; unchanged layers are stored once."""

    force_delete: bool | None
    """Whether destroying deletes the images as well. Default: true, because every image can be rebuilt; with false,
    `pulumi destroy` fails until the repository has been emptied."""

    authorization: Authorization_ | None
    """Who may call the endpoint. Default: AWS_IAM."""

    allow_public_access: bool | None
    """Confirms that `NONE` is meant. Default: false."""

    create_invoker_role: bool | None
    """Whether to create a role that may call the endpoint. Default: true."""

    invoker_principals: Sequence[pulumi.Input[str]] | None
    """ARNs of the roles and users, of other accounts too, that may assume the created invoker role. Default: everybody
    in the account who has been given `sts:AssumeRole` on it, or on all roles."""

    invoker_role_names: Sequence[pulumi.Input[str]] | None
    """Names of existing roles of this account that may call the endpoint."""

    invoker_arns: Sequence[pulumi.Input[str]] | None
    """ARNs of roles or users, of other accounts too, that may call the endpoint. One in another account also needs
    `client_policy_json` attached there. The alias's policy takes 23 to 32 of them; beyond that, let them all use one
    role."""

    execution_policies: Sequence[pulumi.Input[str]] | None
    """IAM policy documents in JSON: what the function may do besides writing its log. The bundled handler needs
    nothing more, but your own image may. They are attached before a new version is proved."""

    execution_policy_arns: Sequence[pulumi.Input[str]] | None
    """ARNs of managed policies for the same, at most 10. A policy whose ARN only the deployment will know is missing in
    its preview, and in a plan that `pulumi preview --save-plan` makes: deploy such a policy first."""

    execution_role_arn: pulumi.Input[str] | None
    """A role of your own to run the function with, instead of the one that is created. It must trust Lambda, write into
    the log group, and do what `tracing` and `vpc` need."""

    permissions_boundary_arn: pulumi.Input[str] | None
    """Managed policy that limits what the created roles may do, where an account requires one."""

    cors: CorsArgs | None
    """Which web pages may call the endpoint from a browser. Default: none."""

    reserved_concurrency: int | None
    """Most requests that are answered at the same time; 0 turns them all away. Default: what the account has."""

    canary_percent: int | None
    """Percentage of the requests, 1 to 99, that a new version takes while the previous one keeps serving the others.
    Leaving the argument out again gives the newest version everything. Default: a new version takes everything as soon
    as it is proved."""

    provisioned_concurrency: int | None
    """Execution environments that are kept ready, at a standing cost, so that no request meets a cold start."""

    snap_start: bool | None
    """Whether new environments resume from a snapshot of a started one. Every published version keeps its snapshot, and
    costs money, until it is deleted: run `prune_versions` after deployments. Default: false."""

    tracing: bool | None
    """Whether X-Ray samples requests. Default: true."""

    kms_key_arn: pulumi.Input[str] | None
    """Key that encrypts images, logs and environment variables; its policy must let the region's CloudWatch Logs use
    it. Default: keys that AWS manages. Changing it replaces the repository."""

    vpc: VpcArgs | None
    """Run inside a VPC. Default: outside; the function needs no network."""

    alarms: AlarmsArgs | None
    """CloudWatch alarms on the live alias. Default: none."""

    dashboard: bool | None
    """Whether to create a CloudWatch dashboard. Default: false."""

    batch: BatchArgs | None
    """Batch scoring of CSV, JSON lines and Parquet in S3 by the live model. Default: none. An endpoint `wine` with it
    cannot stand beside one that is called `wine-batch`, whose resources would have the same names."""

    expected_duration_ms: float | None
    """Duration of a request with one record in milliseconds, for the cost estimate. Default: 1, the least that Lambda
    bills; the dashboard shows the true one."""

    tags: Mapping[str, pulumi.Input[str]] | None
    """Tags for every resource that can have tags, at most 50."""


def checked(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with their defaults, or the first thing found that is not possible.

    Args:
        name: The component's name.
        args: What the caller gave; an argument that is None counts as not given. A TypedDict does not refuse a
            misspelt key, and a silently ignored setting would be worse than none, so unknown ones are refused here.

    Raises:
        InvalidArgumentError: The name, or an argument, is not possible.
    """
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise InvalidArgumentError(
            "the component's name must be one that its ECR repository may bear: at most "
            f"{MAX_NAME_LENGTH} lower-case letters and digits, and between them single hyphens or underscores"
        )
    complete: dict[str, Any] = mapping_by(RULES, _fit_together)(Name(spelt=spelling_of(args)), args)
    _fit_into_policy(name, complete["invoker_arns"])
    return complete


def check_that_it_answers(args: Mapping[str, Any], complete: Mapping[str, Any], *, is_asked: bool) -> None:
    """A new version that is asked something before it takes traffic must be able to answer.

    Raises:
        InvalidArgumentError: It may not answer anything.
    """
    if is_asked and complete.get("reserved_concurrency") == 0:
        raise InvalidArgumentError(
            f"{Name(spelt=spelling_of(args)) / 'reserved_concurrency'} 0 turns every request away, and so the check "
            "of a new version; to switch the endpoint off, use `aws lambda put-function-concurrency "
            "--reserved-concurrent-executions 0`"
        )


def region_with_urls(region: str) -> str:
    """The region, if Lambda has Function URLs there.

    Raises:
        InvalidArgumentError: It has none.
    """
    if region in REGIONS_WITHOUT_URLS:
        raise InvalidArgumentError(
            f"Lambda has no Function URLs in {region}; set aws:region to one that has them, such as a neighbour of it"
        )
    return region


def image_in(region: str, image_uri: str) -> str:
    """The image, if a function of the region can run it.

    Raises:
        InvalidArgumentError: It lies in another region.
    """
    found = _IMAGE_URI.fullmatch(image_uri)
    if found and found["region"] != region:
        raise InvalidArgumentError(
            f"Lambda runs images of its own region alone: {image_uri} is in {found['region']}, the function in "
            f"{region}; let ECR replicate it, and name the copy"
        )
    return image_uri


def _fit_into_policy(name: str, invokers: Sequence[object]) -> None:
    """Each invoker takes two statements of the alias's policy, whose size Lambda limits."""
    # One that is not known yet counts like a role with the longest name.
    arns = [arn if isinstance(arn, str) else _LONGEST_ROLE_ARN for arn in invokers]
    needed = policies.alias_policy_bytes(name, arns)
    if needed > RESOURCE_POLICY_BYTES:
        fit = max(n for n in range(len(arns)) if policies.alias_policy_bytes(name, arns[:n]) <= RESOURCE_POLICY_BYTES)
        raise InvalidArgumentError(
            f"{len(arns)} invokers by ARN need {needed} bytes of the alias's policy, and Lambda takes "
            f"{RESOURCE_POLICY_BYTES}: {fit} of these fit; let the others assume the invoker role instead"
        )


def _fit_together(all_: Name, args: Mapping[str, Any]) -> None:
    """What AWS would refuse half-way through a deployment, or accept and then do nothing with."""
    sources = args.keys() & {"model_path", "context_path", "image_uri"}
    if len(sources) != 1:
        got = " and ".join(str(all_ / source) for source in args if source in sources)
        raise InvalidArgumentError(
            f"give one of {all_ / 'model_path'} (an XGBoost .ubj or .json file), {all_ / 'context_path'} (a Docker "
            f"context of your own) and {all_ / 'image_uri'} (an image that is built elsewhere), got {got or 'none'}"
        )
    for key in ("dockerfile", "build_args", "target", "cache_from"):
        if args.get(key) and "context_path" not in args:
            (source,) = sources
            raise InvalidArgumentError(
                f"{all_ / key} says how {all_ / 'context_path'} is built, and {all_ / source} brings "
                f"{'its own Dockerfile' if source == 'model_path' else 'a built image'}; leave one of them out"
            )
    settings = handler_settings.of(args)
    for key in settings.keys() & args["environment"].keys():
        raise InvalidArgumentError(
            f"{(all_ / 'environment').entry(key)} is set by {all_ / 'missing_values'} or {all_ / 'output_names'} as "
            "well; leave one of them out"
        )
    _fit_into_environment(all_ / "environment", settings | args["environment"])
    _fit_for_drift(all_, args)
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
    if args["invoker_principals"] and not args["create_invoker_role"]:
        raise InvalidArgumentError(
            f"{all_ / 'invoker_principals'} may assume the invoker role, but {all_ / 'create_invoker_role'} false "
            "makes none; leave one of them out"
        )
    if "execution_role_arn" in args and (args["execution_policies"] or args["execution_policy_arns"]):
        raise InvalidArgumentError(
            f"{all_ / 'execution_role_arn'} is a role of your own, which nothing is attached to; attach "
            f"{all_ / 'execution_policies'} and {all_ / 'execution_policy_arns'} where the role is made"
        )
    reserved, provisioned = args.get("reserved_concurrency"), args.get("provisioned_concurrency")
    if provisioned and "canary_percent" in args:
        # "Alias with weights can not be used with Provisioned Concurrency"
        raise InvalidArgumentError(
            f"{all_ / 'provisioned_concurrency'} and {all_ / 'canary_percent'} exclude each other in Lambda: leave the "
            "first out until the new version has everything, or let it take everything at once"
        )
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


def _fit_for_drift(all_: Name, args: Mapping[str, Any]) -> None:
    """The bundled handler measures, where it has ranges and a namespace."""
    ranges = all_ / "training_ranges_path"
    if "training_ranges_path" not in args:
        if "out_of_range_percent" in args.get("alarms", {}):
            raise InvalidArgumentError(
                f"{all_ / 'alarms' / 'out_of_range_percent'} needs {ranges}: without it nobody knows what training saw"
            )
        return
    if "model_path" not in args:
        own = "context_path" if "context_path" in args else "image_uri"
        raise InvalidArgumentError(
            f"{ranges} is for the bundled handler; with {all_ / own}, let your own handler measure"
        )
    if args["environment"].get("METRICS_NAMESPACE") == "":
        raise InvalidArgumentError(
            f"{ranges} asks for metrics, and {(all_ / 'environment').entry('METRICS_NAMESPACE')} '' for none; "
            "leave one of them out"
        )


def _retention(name: Name, value: Any) -> int:
    days: int = whole(LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1], "days")(name, value)
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise InvalidArgumentError(
            f"{name} must be one of {', '.join(map(str, LOG_RETENTION_DAYS))}, got {days}; the nearest is {nearest}"
        )
    return days


def _environment(name: Name, value: Any) -> dict[str, Any]:
    environment: dict[str, Any] = mapping_of(or_output(text))(name, value)
    for key in environment:
        if not _ENVIRONMENT_KEY.fullmatch(key) or key in RESERVED_ENVIRONMENT:
            raise InvalidArgumentError(
                f"{name.entry(key)} is refused by Lambda: a key has two or more letters, digits and underscores, "
                "begins with a letter, and is none that Lambda sets itself"
            )
    _fit_into_environment(name, environment)
    return environment


def _fit_into_environment(name: Name, environment: Mapping[str, Any]) -> None:
    size = sum(len((key + item).encode()) for key, item in environment.items() if isinstance(item, str))
    if size > ENVIRONMENT_BYTES:
        raise InvalidArgumentError(
            f"{name} has {size} bytes, and Lambda takes {ENVIRONMENT_BYTES}; put what is long into the image, or into "
            "Parameter Store"
        )


def _image(name: Name, value: Any) -> str:
    """By its digest: a tag can come to mean another image, and Pulumi would see no change."""
    if not isinstance(value, str) or not _IMAGE_URI.fullmatch(value):
        got = repr(value) if isinstance(value, str) and len(value) < 300 else described(value)
        raise InvalidArgumentError(
            f"{name} must be an image in ECR by its digest (123456789012.dkr.ecr.region.amazonaws.com/name@sha256:…), "
            f"got {got}; `aws ecr describe-images --repository-name NAME --image-ids imageTag=TAG` prints it for a tag"
        )
    return value


def _build_args(name: Name, value: Any) -> dict[str, str]:
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if isinstance(item, pulumi.Output):
            raise InvalidArgumentError(
                f"{name.entry(str(key))} has to be known before anything is deployed, and cannot be a secret: the "
                "image shows it to whoever may pull it; let CI build with the secret, and name its image"
            )
        if not re.fullmatch(r"[A-Za-z_]\w*", str(key)) or key == "BASE_IMAGE":
            raise InvalidArgumentError(
                f"{name.entry(str(key))}: a build argument has letters, digits and underscores, does not begin with a "
                "digit, and is not BASE_IMAGE, which has an argument of its own"
            )
    return dict(mapping_of(text)(name, value))


def _tags(name: Name, value: Any) -> dict[str, Any]:
    tags: dict[str, Any] = mapping_of(or_output(text_like(r"[\w\s.:/=+@-]{0,256}", _TAG)))(name, value)
    for key in tags:
        if not re.fullmatch(r"(?!(?i:aws):)[\w\s.:/=+@-]{1,128}", key):
            raise InvalidArgumentError(
                f"{name.entry(key)} is refused by AWS: a tag's key has 1 to 128 letters, digits, blanks and _.:/=+-@, "
                "and does not begin with aws:"
            )
    if len(tags) > MOST_TAGS:
        raise InvalidArgumentError(f"{name} takes at most {MOST_TAGS}, got {len(tags)}")
    return tags


_TAG = " must be a text of at most 256 letters, digits, blanks and _.:/=+-@, got {got}"


def _percent(name: Name, value: Any) -> float:
    share: float = any_number(name, value)
    if not 0 <= share <= 100:
        raise InvalidArgumentError(f"{name} must be from 0 to 100, got {described(value)}")
    return share


def _method(name: Name, value: Any) -> str:
    if value not in CORS_METHODS:
        raise InvalidArgumentError(f"{name} takes {', '.join(CORS_METHODS)}, got {described(value)}")
    return str(value)


def _policy_document(name: Name, value: Any) -> str:
    try:
        document = json.loads(value)
    except (TypeError, ValueError):
        document = None
    if not isinstance(document, dict) or not {"Version", "Statement"} <= document.keys():
        raise InvalidArgumentError(
            f"{name} takes IAM policy documents as JSON texts with Version and Statement, got {described(value)}; "
            "the ARN of a managed policy goes with the ARNs of policies"
        )
    return str(value)


def _no_stranger_with_credentials(name: Name, cors: Mapping[str, Any]) -> None:
    if "*" in cors["allow_origins"] and cors.get("allow_credentials"):
        raise InvalidArgumentError(
            f"{name / 'allow_origins'} '*' with {name / 'allow_credentials'} would let every web page call in the name "
            "of its visitor; name the origins, or leave credentials out"
        )


def _ids(prefix: str) -> Rule:
    refusal = f" must be a list of ids that begin with {prefix!r}, got {{got}}"
    each = or_output(text_like(rf"{prefix}[0-9a-z-]+", refusal))

    def check(name: Name, value: Any) -> Any:
        ids = list_of(each)(name, value)
        if not ids:
            raise InvalidArgumentError(f"{name}{refusal.format(got='none')}")
        return ids

    return Rule(or_output(check), required=f"a list of at least one id that begins with {prefix!r}")


#: Exactly one IAM role or user: no wildcard, no account root, no service.
_PRINCIPAL = text_like(
    r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+",
    ": {got} is not the ARN of one IAM role or user (arn:aws:iam::123456789012:role/name); wildcards and whole "
    "accounts are refused because they let more callers in than were named",
)
#: https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-pull-ecr-image.html
_IMAGE_URI = re.compile(
    r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/[a-z0-9]+([._/-]+[a-z0-9]+)*@sha256:[0-9a-f]{64}"
)
_IMAGE_NAME = text_like(r"[a-z0-9][\w./:@-]*", ": {got} is not an image's name, such as registry/name:tag")
_LONGEST_ROLE_ARN = f"arn:aws:iam::123456789012:role/{'r' * 64}"
_POLICY_ARN = text_like(
    r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+",
    ": {got} is not the ARN of a managed policy (arn:aws:iam::123456789012:policy/name)",
)

CORS = {
    "allow_origins": Rule(
        list_of(
            text_like(
                r"\*|https?://[A-Za-z0-9.-]{1,240}(:\d+)?",
                ": {got} is no origin: scheme and host without a path, such as https://example.com",
            ),
            at_most=CORS_MOST_ENTRIES,
        ),
        required="the web pages' origins, such as https://example.com",
    ),
    "allow_methods": Rule(list_of(_method, at_most=CORS_MOST_METHODS)),
    "allow_headers": Rule(list_of(text, at_most=CORS_MOST_ENTRIES)),
    "expose_headers": Rule(list_of(text, at_most=CORS_MOST_ENTRIES)),
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
    "out_of_range_percent": Rule(number_up_to(100, "percent")),
    "p99_duration_ms": Rule(whole(1, LONGEST_MS, "milliseconds"), default=1000),
}

_BUCKET = or_output(
    text_like(
        r"(?!xn--|sthree-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        " must be the name of a bucket (3 to 63 lower-case letters, digits, hyphens and dots), got {got}",
    )
)

BATCH = {
    "input_bucket": Rule(_BUCKET),
    "output_bucket": Rule(_BUCKET),
    "retention_days": Rule(whole(*RETENTION_DAYS, "days"), default=30),
    "rows_per_batch": Rule(whole(*ROWS_PER_BATCH, "rows")),
    "max_concurrency": Rule(whole(*BATCH_CONCURRENCY, "batches")),
    "tolerated_failure_percent": Rule(_percent, default=0),
}

MISSING_VALUES = {
    "value": Rule(any_number),
    "allow_null": Rule(list_of(text)),
    "allow_absent": Rule(list_of(text)),
    "allow_unseen": Rule(list_of(text)),
}

#: What holds for each argument, in the order of `MLInferenceFunctionArgs`.
RULES = {
    "model_path": Rule(path_of("an XGBoost .ubj or .json file", Path.is_file)),
    "context_path": Rule(path_of("a folder with a Dockerfile", Path.is_dir)),
    "image_uri": Rule(or_output(_image)),
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
    "dockerfile": Rule(path),
    "build_args": Rule(_build_args, default={}),
    "target": Rule(text_like(r"[A-Za-z0-9][\w.-]*", " must be the name or number of a stage, got {got}")),
    "cache_from": Rule(list_of(_IMAGE_NAME), default=[]),
    "architecture": Rule(one_of(Architecture), default=Architecture.X86_64),
    "memory_mb": Rule(whole(*MEMORY_MB, "MB"), default=1024),
    "timeout_seconds": Rule(whole(*TIMEOUT_SECONDS, "seconds"), default=30),
    "ephemeral_storage_mb": Rule(whole(*EPHEMERAL_STORAGE_MB, "MB"), default=512),
    "environment": Rule(_environment, default={}),
    "missing_values": Rule(mapping_by(MISSING_VALUES), default={}),
    "training_ranges_path": Rule(path_of("the JSON file that write_ranges wrote", Path.is_file)),
    "output_names": Rule(list_of(text), default=[]),
    "log_retention_days": Rule(_retention, default=365),
    "image_retention": Rule(whole(*IMAGE_RETENTION, "images"), default=50),
    "force_delete": Rule(flag, default=True),
    "authorization": Rule(one_of(Authorization), default=Authorization.AWS_IAM),
    "allow_public_access": Rule(flag, default=False),
    "create_invoker_role": Rule(flag, default=True),
    "invoker_principals": Rule(list_of(or_output(_PRINCIPAL)), default=[]),
    "invoker_role_names": Rule(
        list_of(
            or_output(
                text_like(
                    r"[\w+=,.@-]{1,64}",
                    ": {got} is not a role's name (1 to 64 letters, digits and +=,.@_-); an ARN goes with the others",
                )
            )
        ),
        default=[],
    ),
    "invoker_arns": Rule(list_of(or_output(_PRINCIPAL)), default=[]),
    "execution_policies": Rule(list_of(or_output(_policy_document)), default=[]),
    "execution_policy_arns": Rule(list_of(or_output(_POLICY_ARN), at_most=MOST_MANAGED_POLICIES), default=[]),
    "execution_role_arn": Rule(
        or_output(
            text_like(
                r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
                " must be the ARN of a role (arn:aws:iam::123456789012:role/name), got {got}",
            )
        )
    ),
    "permissions_boundary_arn": Rule(or_output(_POLICY_ARN)),
    "cors": Rule(mapping_by(CORS, _no_stranger_with_credentials)),
    "reserved_concurrency": Rule(whole(*RESERVED_CONCURRENCY, "executions")),
    "canary_percent": Rule(whole(*CANARY_PERCENT, "percent")),
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
    "batch": Rule(mapping_by(BATCH)),
    "expected_duration_ms": Rule(number_up_to(LONGEST_MS, "milliseconds"), default=1),
    "tags": Rule(_tags, default={}),
}
