"""What the deployment needs from whoever makes container images, with a Docker engine or without one."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from local.errors import LocalError


@dataclass(frozen=True)
class Build:
    """One image to be made.

    Attributes:
        name: Repository and tag it is pushed to, as the program knows them (`<registry>/<repository>:<tag>`).
        context: Folder with everything the build may read.
        dockerfile: The recipe.
        platform: What it has to run on, such as `linux/amd64`; the engine's own if not given.
        arguments: Values for the Dockerfile's `ARG`s.
        target: The stage at which it ends; the last one if not given.
        cache_from: Images from which it may take layers over.
    """

    name: str
    context: Path
    dockerfile: Path
    platform: str | None = None
    arguments: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    cache_from: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The name without its tag."""
        head, _, tail = self.name.rpartition(":")
        return head if head and "/" not in tail else self.name

    def files(self) -> list[Path]:
        """Every file of the context, sorted.

        Raises:
            LocalError: There is none.
        """
        files = sorted(path for path in self.context.rglob("*") if path.is_file())
        if not files:
            raise LocalError(f"the build context {self.context} is empty or missing")
        return files

    def content_digest(self) -> str:
        """SHA-256 of all that the image is made from, 64 hexadecimal digits."""
        digest = hashlib.sha256(json.dumps([self.platform, self.arguments, self.target]).encode())
        for path in (self.dockerfile, *self.files()):
            digest.update(f"\0{os.path.relpath(path, self.context)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


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

    def close(self) -> None:
        """Remove what must not stay on this machine; called when the emulator is gone."""
