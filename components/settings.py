"""What does the caller want, and is it possible? Arguments with defaults applied, checked before anything registers.

An error here costs a second; the same error from AWS costs a deployment. Each says what was got, what is allowed, and
what to do. Leaves out what the files themselves contain: see `staging.py` and `golden.py`.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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
#: Fewer would let the image of the live version, or of the one to roll back to, expire after a few deployments.
IMAGE_RETENTION = (10, 1_000)
#: Names of roles and functions end at 64 characters; Pulumi adds eight random ones to `{name}-execution-role`.
MAX_NAME_LENGTH = 40

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")
#: Exactly one IAM role or user: no wildcard, no account root, no service.
_PRINCIPAL_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")
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
    environment: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, Any] = field(default_factory=dict)

    @property
    def platform(self) -> str:
        """The Docker platform of the Lambda architecture."""
        return {"x86_64": "linux/amd64", "arm64": "linux/arm64"}[self.architecture]


def from_args(name: str, args: Mapping[str, Any], known: set[str]) -> Settings:
    """Applies defaults and checks everything that can be known before deploying.

    Args:
        name: The component's name.
        args: What the caller gave; an argument that is None counts as not given.
        known: All argument names there are.

    Raises:
        InvalidArgumentError: The first thing found that is not possible.
    """
    _check_name(name)
    _refuse_unknown(args, known)
    given = {key: value for key, value in args.items() if value is not None}
    return Settings(
        source=_source(given),
        golden_path=_path(given, "golden_path") if "golden_path" in given else None,
        base_image=str(given.get("base_image", DEFAULT_BASE_IMAGE)),
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
        environment=_environment(given),
        tags=_mapping(given, "tags"),
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        raise InvalidArgumentError(
            f"name {name!r} cannot name an ECR repository and an IAM role: use at most {MAX_NAME_LENGTH} lower-case "
            "letters, digits and single hyphens, beginning with a letter"
        )


def _refuse_unknown(args: Mapping[str, Any], known: set[str]) -> None:
    """A TypedDict does not refuse a misspelt key by itself; a silently ignored setting would be worse than none."""
    for key in args:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"allowed are {', '.join(sorted(known))}"
            raise InvalidArgumentError(f"unknown argument {key!r}: {hint}")


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


def _retention(given: Mapping[str, Any]) -> int:
    days = _whole(given, "log_retention_days", (LOG_RETENTION_DAYS[0], LOG_RETENTION_DAYS[-1]), 30, "days")
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
