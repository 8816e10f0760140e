"""What does the caller want, and is it possible? Arguments with defaults applied, checked before anything registers.

An error here costs a second; the same error from AWS costs a deployment. Each says what was got, what is allowed, and
what to do. A value that another resource has yet to give (an `Output`) passes: there is nothing to look at.
Leaves out what the files themselves contain: see `staging.py` and `golden.py`.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: AWS's Python base image: the runtime interface client and Amazon Linux 2023. Pin it by digest where it matters.
DEFAULT_BASE_IMAGE = "public.ecr.aws/lambda/python:3.13"

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MEMORY_MB = (128, 10_240)
TIMEOUT_SECONDS = (1, 900)
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
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
#: Exactly one IAM role or user: no wildcard, no account root, no service.
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")
_KMS_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+")
_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?")
#: A name without tag or digest means "latest", which is another image on another day.
_IMAGE = re.compile(r"[\w./:-]+(:[\w.-]+|@sha256:[0-9a-f]{64})")
_ENVIRONMENT_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")


class InvalidArgumentError(ValueError):
    """An argument of the component is not possible. The message is one line, for people."""


@dataclass(frozen=True)
class Settings:
    """The component's arguments, complete and checked. Meaning and units stand at `MLInferenceFunctionArgs`.

    `source` is the model file, or the caller's own build context, which is a folder.
    """

    source: Path
    golden_path: Path | None
    base_image: str
    architecture: str
    memory_mb: int
    timeout_seconds: int
    ephemeral_storage_mb: int
    log_retention_days: int
    image_retention: int
    force_delete: bool
    create_invoker_role: bool
    invoker_arns: list[str]
    invoker_role_names: list[str]
    authorization: str
    reserved_concurrency: int | None
    provisioned_concurrency: int | None
    snap_start: bool
    tracing: bool
    dashboard: bool
    expected_duration_ms: float
    kms_key_arn: Any
    cors: Mapping[str, Any] | None
    vpc: Mapping[str, Any] | None
    alarms: Mapping[str, Any] | None
    environment: Mapping[str, Any]
    tags: Mapping[str, Any]

    @property
    def platform(self) -> str:
        """The Docker platform of the Lambda architecture."""
        return {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[self.architecture]


def from_args(name: str, args: Mapping[str, Any], known: Mapping[str, set[str]]) -> Settings:
    """Applies defaults and checks everything that can be known before deploying.

    Args:
        name: The component's name.
        args: What the caller gave; an argument that is None counts as not given.
        known: All argument names there are, under the empty name, and those of each nested mapping under its own.

    Raises:
        InvalidArgumentError: The first thing found that is not possible.
    """
    _check_name(name)
    _refuse_unknown("", args, known)
    given = {key: value for key, value in args.items() if value is not None}
    settings = Settings(
        source=_source(given),
        golden_path=_path(given, "golden_path") if "golden_path" in given else None,
        base_image=_base_image(given),
        architecture=_one_of(given, "architecture", ("x86_64", "arm64"), "x86_64"),
        memory_mb=_whole(given, "memory_mb", MEMORY_MB, 1024, "MB"),
        timeout_seconds=_whole(given, "timeout_seconds", TIMEOUT_SECONDS, 30, "seconds"),
        ephemeral_storage_mb=_whole(given, "ephemeral_storage_mb", EPHEMERAL_STORAGE_MB, 512, "MB"),
        log_retention_days=_retention(given),
        image_retention=_whole(given, "image_retention", IMAGE_RETENTION, 50, "images"),
        force_delete=_flag(given, "force_delete", True),
        create_invoker_role=_flag(given, "create_invoker_role", True),
        invoker_arns=[_principal(arn) for arn in _texts(given, "invoker_arns")],
        invoker_role_names=[_role_name(role) for role in _texts(given, "invoker_role_names")],
        authorization=_authorization(given),
        reserved_concurrency=_optional_whole(given, "reserved_concurrency", RESERVED_CONCURRENCY, "executions"),
        provisioned_concurrency=_optional_whole(
            given, "provisioned_concurrency", PROVISIONED_CONCURRENCY, "executions"
        ),
        snap_start=_flag(given, "snap_start", False),
        tracing=_flag(given, "tracing", True),
        dashboard=_flag(given, "dashboard", False),
        expected_duration_ms=_duration(given),
        kms_key_arn=_kms_key(given),
        cors=_cors(given, known),
        vpc=_vpc(given, known),
        alarms=_alarms(given, known),
        environment=_environment(given),
        tags=_mapping(given, "tags"),
    )
    _refuse_contradictions(settings)
    return settings


def _refuse_contradictions(settings: Settings) -> None:
    """What AWS would refuse half-way through a deployment, or accept and then do nothing with."""
    if settings.snap_start and settings.provisioned_concurrency:
        raise InvalidArgumentError(
            "snap_start and provisioned_concurrency exclude each other in Lambda: choose snap_start for a short cold "
            "start without standing cost, provisioned_concurrency for none at all"
        )
    if settings.snap_start and settings.ephemeral_storage_mb > SNAP_START_STORAGE_MB:
        raise InvalidArgumentError(
            f"snap_start takes at most {SNAP_START_STORAGE_MB} MB of /tmp, got ephemeral_storage_mb="
            f"{settings.ephemeral_storage_mb}; leave one of them out"
        )
    reserved, provisioned = settings.reserved_concurrency, settings.provisioned_concurrency
    if reserved is not None and provisioned is not None and provisioned > reserved:
        raise InvalidArgumentError(
            f"provisioned_concurrency={provisioned} does not fit into reserved_concurrency={reserved}; "
            "reserve at least as many"
        )
    if settings.authorization == "NONE" and (settings.invoker_arns or settings.invoker_role_names):
        raise InvalidArgumentError(
            "authorization NONE lets everybody in, so invoker_arns and invoker_role_names would mean nothing; "
            "leave them out, or keep AWS_IAM"
        )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise InvalidArgumentError(
            f"name {name!r} cannot name an ECR repository and an IAM role: use at most {MAX_NAME_LENGTH} lower-case "
            "letters, digits and single hyphens, beginning with a letter"
        )


def _refuse_unknown(where: str, args: Mapping[str, Any], known: Mapping[str, set[str]]) -> None:
    """A TypedDict does not refuse a misspelt key by itself; a silently ignored setting would be worse than none."""
    for key in args:
        if key not in known[where]:
            near = difflib.get_close_matches(str(key), known[where], n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed are {', '.join(sorted(known[where]))}"
            raise InvalidArgumentError(f"unknown argument {key!r}{where and f' in {where}'}: {hint}")


def _nested(given: Mapping[str, Any], key: str, known: Mapping[str, set[str]]) -> Mapping[str, Any] | None:
    if key not in given:
        return None
    nested = _mapping(given, key)
    _refuse_unknown(key, nested, known)
    return {inner: value for inner, value in nested.items() if value is not None}


def _source(given: Mapping[str, Any]) -> Path:
    sources = [key for key in ("model_path", "context_path") if key in given]
    if len(sources) != 1:
        got = "both" if sources else "neither"
        raise InvalidArgumentError(
            f"give model_path (an XGBoost .ubj or .json file) or context_path (an own Docker context), got {got}"
        )
    path = _path(given, sources[0])
    is_model = sources[0] == "model_path"
    if not (path.is_file() if is_model else path.is_dir()):
        wanted = "an XGBoost .ubj or .json file" if is_model else "a folder with a Dockerfile"
        got = "a folder" if path.is_dir() else "a file" if path.exists() else "nothing there"
        raise InvalidArgumentError(f"{sources[0]} {path} must be {wanted}, got {got}")
    return path


def _path(given: Mapping[str, Any], key: str) -> Path:
    if not isinstance(given[key], str | Path) or not str(given[key]):
        raise InvalidArgumentError(f"{key} must be a path, got {_described(given[key])}")
    return Path(given[key])


def _whole(given: Mapping[str, Any], key: str, limits: tuple[int, int], default: int, unit: str) -> int:
    """A whole number within limits. Packaged components are handed whole numbers as floats, so 1024.0 is 1024."""
    value = given.get(key, default)
    low, high = limits
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and low <= value <= high and value == int(value)):
        raise InvalidArgumentError(
            f"{key} must be a whole number of {unit} from {low} to {high}, got {_described(value)}"
        )
    return int(value)


def _optional_whole(given: Mapping[str, Any], key: str, limits: tuple[int, int], unit: str) -> int | None:
    return _whole(given, key, limits, 0, unit) if key in given else None


def _duration(given: Mapping[str, Any]) -> float:
    value = given.get("expected_duration_ms", 1)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    longest = TIMEOUT_SECONDS[1] * 1000
    if not (number and 0 < value <= longest):
        raise InvalidArgumentError(
            f"expected_duration_ms must be milliseconds above 0 and at most {longest}, got {_described(value)}"
        )
    return float(value)


def _base_image(given: Mapping[str, Any]) -> str:
    image = given.get("base_image", DEFAULT_BASE_IMAGE)
    if not isinstance(image, str) or not _IMAGE.fullmatch(image) or image.endswith(":latest"):
        raise InvalidArgumentError(
            f"base_image must be an image's name with a digest or a tag other than latest, such as "
            f"{DEFAULT_BASE_IMAGE}, got {_described(image)}"
        )
    return image


def _authorization(given: Mapping[str, Any]) -> str:
    authorization = _one_of(given, "authorization", ("AWS_IAM", "NONE"), "AWS_IAM")
    public = _flag(given, "allow_public_access", False)
    if (authorization == "NONE") != public:
        raise InvalidArgumentError(
            f"authorization {authorization} with allow_public_access={public}: an endpoint that anybody may call, at "
            "your cost, needs both authorization NONE and allow_public_access=True; a private one needs neither"
        )
    return authorization


def _kms_key(given: Mapping[str, Any]) -> Any:
    key = given.get("kms_key_arn")
    if isinstance(key, str) and not _KMS_KEY_ARN.fullmatch(key):
        raise InvalidArgumentError(
            f"kms_key_arn must be the ARN of a key (arn:aws:kms:region:123456789012:key/…), got {_described(key)}; "
            "an alias or a bare key id is not enough for log groups"
        )
    return key


def _cors(given: Mapping[str, Any], known: Mapping[str, set[str]]) -> Mapping[str, Any] | None:
    cors = _nested(given, "cors", known)
    if cors is None:
        return None
    origins = _texts(cors, "allow_origins")
    if not origins:
        raise InvalidArgumentError("cors needs allow_origins: the web pages' origins, such as https://example.com")
    if "*" in origins and _flag(cors, "allow_credentials", False):
        raise InvalidArgumentError(
            "cors: allow_origins '*' with allow_credentials would let every web page call in the name of its visitor; "
            "name the origins, or leave credentials out"
        )
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise InvalidArgumentError(
                f"cors: {origin!r} is no origin: scheme and host without a path, such as https://example.com"
            )
    for method in _texts(cors, "allow_methods"):
        if method not in CORS_METHODS:
            raise InvalidArgumentError(f"cors: allow_methods takes {', '.join(CORS_METHODS)}, got {method!r}")
    for key in ("allow_headers", "expose_headers"):
        _texts(cors, key)
    max_age = _optional_whole(cors, "max_age_seconds", CORS_MAX_AGE_SECONDS, "seconds")
    return {**cors, "max_age_seconds": max_age}


def _vpc(given: Mapping[str, Any], known: Mapping[str, set[str]]) -> Mapping[str, Any] | None:
    vpc = _nested(given, "vpc", known)
    if vpc is None:
        return None
    for key, prefix in (("subnet_ids", "subnet-"), ("security_group_ids", "sg-")):
        ids = vpc.get(key)
        if isinstance(ids, list):
            for item in ids:
                if isinstance(item, str) and not item.startswith(prefix):
                    raise InvalidArgumentError(f"vpc: {key} must begin with {prefix!r}, got {_described(item)}")
        if not ids or isinstance(ids, str):
            raise InvalidArgumentError(f"vpc needs {key}: a list of at least one id that begins with {prefix!r}")
    return vpc


def _alarms(given: Mapping[str, Any], known: Mapping[str, set[str]]) -> Mapping[str, Any] | None:
    alarms = _nested(given, "alarms", known)
    if alarms is None:
        return None
    topic = alarms.get("topic_arn")
    if isinstance(topic, str) and not _TOPIC_ARN.fullmatch(topic):
        raise InvalidArgumentError(
            f"alarms: topic_arn must be the ARN of an SNS topic (arn:aws:sns:region:123456789012:name), "
            f"got {_described(topic)}"
        )
    p99 = _whole(alarms, "p99_duration_ms", (1, TIMEOUT_SECONDS[1] * 1000), 1000, "milliseconds")
    return {**alarms, "p99_duration_ms": p99}


def _retention(given: Mapping[str, Any]) -> int:
    days = _whole(given, "log_retention_days", (LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1]), 365, "days")
    if days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        raise InvalidArgumentError(
            f"log_retention_days must be one of {', '.join(map(str, LOG_RETENTION_DAYS))}, got {days}; "
            f"the nearest is {nearest}"
        )
    return days


def _flag(given: Mapping[str, Any], key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise InvalidArgumentError(f"{key} must be true or false, got {_described(value)}")
    return value


def _one_of(given: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str) -> str:
    value = given.get(key, default)
    text = getattr(value, "value", value)
    if text not in allowed:
        raise InvalidArgumentError(f"{key} must be one of {', '.join(allowed)}, got {_described(text)}")
    return str(text)


def _texts(given: Mapping[str, Any], key: str) -> list[str]:
    value = given.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidArgumentError(f"{key} must be a list of strings, got {_described(value)}")
    return value


def _mapping(given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, Mapping) or not all(isinstance(item, str) for item in value):
        raise InvalidArgumentError(f"{key} must be a mapping of strings, got {_described(value)}")
    return value


def _environment(given: Mapping[str, Any]) -> Mapping[str, Any]:
    environment = _mapping(given, "environment")
    for key in environment:
        if not _ENVIRONMENT_KEY.fullmatch(key) or key.startswith("AWS_"):
            raise InvalidArgumentError(
                f"environment key {key!r} is refused by Lambda: begin with a letter, use at least two letters, "
                "digits or underscores, and not the reserved prefix AWS_"
            )
    return environment


def _principal(arn: str) -> str:
    if not _PRINCIPAL_ARN.fullmatch(arn):
        raise InvalidArgumentError(
            f"invoker_arns: {arn!r} is not the ARN of one IAM role or user (arn:aws:iam::123456789012:role/name); "
            "wildcards and whole accounts are refused because they let more callers in than were named"
        )
    return arn


def _role_name(role: str) -> str:
    if not _ROLE_NAME.fullmatch(role):
        raise InvalidArgumentError(
            f"invoker_role_names: {role!r} is not a role's name (1 to 64 letters, digits and +=,.@_-); "
            "an ARN belongs into invoker_arns"
        )
    return role


def _described(value: object) -> str:
    """A value as an error shows it: numbers and short texts as they are, anything else by its type."""
    if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 80):
        return repr(value)
    return f"a {type(value).__name__}"
