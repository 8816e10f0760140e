"""Images with a Docker engine: really built, pushed to the emulator's own registry, and run from there by digest.

The program goes on seeing AWS's name of the repository; only the engine and the emulator use the local one.
"""

import sys
from collections.abc import Callable

from local.docker import command
from local.docker.base_image import BaseImage, base_image
from local.docker.build import build as build_image
from local.docker.command import builder, docker
from local.docker.leftovers import LABEL, release
from local.docker.stand_in import StandInBaseError
from local.errors import LocalError
from local.images import Build, FunctionCode, Images

BASE_IMAGE_ARGUMENT = "BASE_IMAGE"


def why_not() -> str | None:
    """Why the emulator cannot use a Docker engine here; none if it can."""
    if not sys.platform.startswith("linux"):
        # Docker Desktop's engine lives in a machine of its own, whose localhost has no emulator.
        return "the local registry is reached from a Linux Docker engine only"
    return command.why_not()


class DockerImages:
    """Builds with the `docker` command."""

    def __init__(self, port: int, note: Callable[[str], None], otherwise: Images | None = None) -> None:
        """Prepare to build.

        Args:
            port: The emulator's port on this machine, where its registry answers too.
            note: Told what a reader should know, in lines such as `image: building`.
            otherwise: Who takes over when no base image can be had; none for an error instead.
        """
        self._port = port
        self._note = note
        self._otherwise = otherwise
        self._taken_over: set[str] = set()

    def build(self, build: Build) -> str:
        """See `local.images.Images`.

        Raises:
            LocalError: Building or pushing failed; the message says why in one sentence.
        """
        name = self._local(build.name)
        try:
            base = self._base(build)
        except StandInBaseError as error:
            if self._otherwise is None:
                raise
            self._note(
                f"image: none is built after all ({error}); the staged code runs in the emulator's Python worker"
            )
            digest = self._otherwise.build(build)
            self._taken_over.add(digest)
            return digest
        self._note("image: building, which takes a minute or two the first time")
        build_image(
            name,
            build.context,
            builder(),
            platform=build.platform,
            options=(
                f"--label={LABEL}",
                *([f"--target={build.target}"] if build.target else []),
                *(f"--cache-from={image}" for image in build.cache_from),
                *(base.build_options if base else ()),
            ),
            arguments=build.arguments | ({BASE_IMAGE_ARGUMENT: base.name} if base else {}),
            dockerfile=build.dockerfile,
        )
        docker("push", name)
        repository = self._local(build.repository)
        for reference in docker("image", "inspect", '--format={{join .RepoDigests "\\n"}}', name).split():
            if reference.startswith(f"{repository}@"):
                return reference.rpartition("@")[2]
        raise LocalError(f"the Docker engine pushed {name} but knows no digest of it")

    def code(self, uri: str) -> FunctionCode:
        """See `local.images.Images`."""
        if self._otherwise is not None and uri.rpartition("@")[2] in self._taken_over:
            return self._otherwise.code(uri)
        return FunctionCode(location={"ImageUri": self._local(uri)}, settings={"PackageType": "Image"})

    def close(self) -> None:
        """See `local.images.Images`."""
        release(self._port)

    def _local(self, name: str) -> str:
        """An image's name with the emulator's registry in place of AWS's, which does not resolve."""
        return f"localhost:{self._port}/{name.partition('/')[2]}"

    def _base(self, build: Build) -> BaseImage | None:
        """A base image that can be had here; none for a Dockerfile that does not ask for one."""
        wanted = build.arguments.get(BASE_IMAGE_ARGUMENT)
        if wanted is None:
            return None
        return base_image(wanted, build.platform.rpartition("/")[2] if build.platform else None, self._note)
