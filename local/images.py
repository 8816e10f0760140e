"""What the deployment needs from whoever makes container images, with a Docker engine or without one."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Build:
    """One image to be made.

    Attributes:
        name: Repository and tag it is pushed to, as the program knows them (`<registry>/<repository>:<tag>`).
        context: Folder with everything the build may read.
        dockerfile: The recipe.
        platform: What it has to run on, such as `linux/amd64`; the engine's own if not given.
        arguments: Values for the Dockerfile's `ARG`s.
    """

    name: str
    context: Path
    dockerfile: Path
    platform: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> str:
        """The name without its tag."""
        head, _, tail = self.name.rpartition(":")
        return head if head and "/" not in tail else self.name


@dataclass(frozen=True)
class FunctionCode:
    """How the emulator's Lambda is told what to run for an image.

    Attributes:
        location: Where the code is: arguments that CreateFunction's `Code` and UpdateFunctionCode take alike.
        settings: The arguments of CreateFunction that go with it.
    """

    location: Any
    settings: dict[str, Any]


class Images(Protocol):
    """Makes images and knows them again by their digest."""

    def build(self, build: Build) -> str:
        """Make the image and push it where the emulator finds it.

        Returns:
            The digest, `sha256:<64 hex digits>`.
        """

    def code(self, uri: str) -> FunctionCode:
        """What the emulator has to run for an image that was made here.

        Args:
            uri: `<repository>@sha256:…`, as a function's `image_uri` gives it.
        """
