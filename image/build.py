"""Builds the image that `pulumi up` would push, from the stack's configuration and a model.

Leaves out pushing: a registry is wherever the stack is deployed.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from components import golden, staging
from components.staging import BuildContext
from image.engine import Builder, ImageError, docker, require_processor
from local import stack_config
from local.stand_in_base import BaseImage, base_image

PROJECT = Path(__file__).resolve().parent.parent
PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
"""Lambda's architectures, and what Docker calls them."""


@dataclass(frozen=True)
class Wanted:
    """What is to be built.

    Attributes:
        name: The project's name, which names the image too.
        model: XGBoost model file.
        base: The base image that is asked for.
        architecture: `x86_64` or `arm64`.
        memory_mb: The memory that the function will have.
        timeout_seconds: The time that a request may take.
    """

    name: str
    model: Path
    base: str
    architecture: str
    memory_mb: int
    timeout_seconds: int


@dataclass(frozen=True)
class Image:
    """An image that the engine has.

    Attributes:
        name: Repository and tag. The tag names the content: `pulumi up` pushes the same under a tag that begins so.
        context: The folder it was built from.
        base: What it was built on.
        platform: What it runs on, such as `linux/amd64`.
        layers: Digests of its unpacked layers, those of the base first.
        seconds: How long the build took.
    """

    name: str
    context: BuildContext
    base: BaseImage
    platform: str
    layers: tuple[str, ...]
    seconds: float


def wanted(model: Path | None = None, architecture: str | None = None, stack: str = "dev") -> Wanted:
    """What the stack's configuration asks for.

    Args:
        model: Another model than the configured one.
        architecture: Another architecture than the configured one.
        stack: Its values are those of `Pulumi.<stack>.yaml`, above the defaults of `Pulumi.yaml`.

    Raises:
        LocalError: The configuration cannot be read.
        ImageError: Lambda does not have the architecture.
    """
    configured = stack_config.load(PROJECT, stack, {} if model is None else {"modelPath": str(model.resolve())})
    value = {key.partition(":")[2]: value for key, value in configured.config.items()}
    chosen = architecture or value["architecture"]
    if chosen not in PLATFORMS:
        raise ImageError(f"the architecture is {chosen!r}; Lambda has {' and '.join(PLATFORMS)}")
    return Wanted(
        name=configured.project,
        model=PROJECT / value["modelPath"],
        base=value["baseImage"],
        architecture=chosen,
        memory_mb=int(value["memoryMb"]),
        timeout_seconds=int(value["timeoutSeconds"]),
    )


def choose_base(want: Wanted, builder: Builder, say: Callable[[str], None]) -> BaseImage:
    """The base image that is asked for, or its stand-in where it cannot be pulled, which is said.

    Raises:
        StandInBaseError: There is neither.
        NoEmulationError: It is for a processor that the engine neither has nor emulates.
    """
    # A stand-in for another architecture than this machine's can be built by BuildKit only.
    with _in_environment(builder.environment):
        base = base_image(want.base, want.architecture, say)
    require_processor(base.name, PLATFORMS[want.architecture])
    return base


def build(want: Wanted, base: BaseImage, builder: Builder, repository: str | None = None) -> Image:
    """Stage the model with the handler and build the image of it.

    Args:
        want: What to build.
        base: What to build it on.
        builder: How.
        repository: The image's name without its tag; by default the project's name.

    Raises:
        ImageError: The model or its golden file cannot be used, or the build failed.
    """
    try:
        context = staging.stage(want.name, want.model)
    except (staging.StagingError, golden.GoldenError) as error:
        raise ImageError(str(error)) from None
    platform = PLATFORMS[want.architecture]
    name = f"{repository or want.name}:{staging.content_tag(context, base.name, platform)}"
    started = time.monotonic()
    docker(
        "build",
        "--force-rm",  # the legacy builder would keep the container of a step that failed
        f"--platform={platform}",
        *base.build_options,
        f"--build-arg=BASE_IMAGE={base.name}",
        f"--tag={name}",
        str(context.path),
        environment=builder.environment,
    )
    return Image(name, context, base, platform, layers(name), time.monotonic() - started)


def layers(name: str) -> tuple[str, ...]:
    """Digests of an image's unpacked layers, the lowest first."""
    return tuple(docker("image", "inspect", '--format={{join .RootFS.Layers " "}}', name).split())


@contextlib.contextmanager
def _in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """These variables for us and whatever we start."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
