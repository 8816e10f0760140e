"""Builds the image that `pulumi up` would push, from the stack's configuration and a model.

Leaves out pushing: a registry is wherever the stack is deployed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components import golden, staging
from components.staging import BuildContext
from local import stack_config
from local.docker.base_image import BaseImage, base_image
from local.docker.build import build as build_image
from local.docker.command import Builder, docker, require_emulator, require_processor
from local.docker.platforms import docker_platform
from local.errors import LocalError

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Wanted:
    """What is to be built.

    Attributes:
        name: The project's name, or the model's if it is another one; it names the image too.
        model: XGBoost model file.
        base: The base image that is asked for.
        platform: What it has to run on, such as `linux/amd64`.
        memory_mb: The memory that the function will have.
        timeout_seconds: The time that a request may take.
    """

    name: str
    model: Path
    base: str
    platform: str
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
        LocalError: The configuration cannot be read, or Lambda does not have the architecture.
    """
    configured = stack_config.load(PROJECT, stack)
    if model is not None:
        configured = configured.named_after(model)
    value = {key.partition(":")[2]: value for key, value in configured.config.items()}
    return Wanted(
        name=configured.project,
        model=configured.model,
        base=value["baseImage"],
        platform=docker_platform(architecture or value["architecture"]),
        memory_mb=int(value["memoryMb"]),
        timeout_seconds=int(value["timeoutSeconds"]),
    )


def choose_base(want: Wanted, say: Callable[[str], None]) -> BaseImage:
    """The base image that is asked for, or its stand-in where it cannot be pulled, which is said.

    Raises:
        StandInBaseError: There is neither.
        NoEmulationError: It is for a processor that the engine neither has nor emulates.
    """
    require_emulator(want.platform)
    base = base_image(want.base, want.platform.rpartition("/")[2], say)
    require_processor(base.name, want.platform)
    return base


def build(want: Wanted, base: BaseImage, builder: Builder, repository: str | None = None) -> Image:
    """Stage the model with the handler and build the image of it.

    Args:
        want: What to build.
        base: What to build it on.
        builder: How.
        repository: The image's name without its tag; by default the project's name.

    Raises:
        LocalError: The model or its golden file cannot be used, or the build failed.
    """
    try:
        context = staging.stage(want.name, want.model)
    except (staging.StagingError, golden.GoldenError) as error:
        raise LocalError(str(error)) from None
    content = staging.content_tag(context, {"args": {"BASE_IMAGE": base.name}, "platform": want.platform})
    name = f"{repository or want.name}:{content}"
    started = time.monotonic()
    build_image(
        name,
        context.path,
        builder,
        platform=want.platform,
        options=base.build_options,
        arguments={"BASE_IMAGE": base.name},
    )
    return Image(name, context, base, want.platform, layers(name), time.monotonic() - started)


def layers(name: str) -> tuple[str, ...]:
    """Digests of an image's unpacked layers, the lowest first."""
    return tuple(docker("image", "inspect", '--format={{join .RootFS.Layers " "}}', name).split())
