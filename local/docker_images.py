"""Images with a Docker engine: really built, pushed to the emulator's own registry, and run from there by digest.

The program goes on seeing AWS's name of the repository; only the engine and the emulator use the local one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from local.errors import LocalError
from local.images import Build, FunctionCode, Images
from local.stand_in_base import StandInBaseError, base_image

SECONDS_TO_ANSWER = 20
LAST_LINES = 15
BASE_IMAGE_ARGUMENT = "BASE_IMAGE"

KEPT = "ml-inference-local"
"""The one tag that stays behind: it keeps the layers of the last build, so that the next one is quick."""


def why_not() -> str | None:
    """Why no Docker engine can be used here; none if one can."""
    if not sys.platform.startswith("linux"):
        # Docker Desktop's engine lives in a machine of its own, whose localhost has no emulator.
        return "the local registry is reached from a Linux Docker engine only"
    if shutil.which("docker") is None:
        return "no Docker here"
    try:
        subprocess.run(["docker", "info"], capture_output=True, check=True, timeout=SECONDS_TO_ANSWER)
    except (OSError, subprocess.SubprocessError):
        return "no Docker engine answers"
    return None


class DockerImages:
    """Builds with the `docker` command."""

    def __init__(self, port: int, note: Callable[[str], None], otherwise: Images | None = None) -> None:
        """Prepare to build.

        Args:
            port: The emulator's port on this machine, where its registry answers too.
            note: Told what a reader should know, in lines such as `image: building`.
            otherwise: Who takes over when no base image can be had; none for an error instead.
        """
        self._registry = f"localhost:{port}"
        self._note = note
        self._otherwise = otherwise
        self._taken_over: set[str] = set()
        self._built: list[str] = []

    def build(self, build: Build) -> str:
        """See `local.images.Images`.

        Raises:
            LocalError: Building or pushing failed; the message has the last lines of the engine's output.
        """
        name = self._local(build.name)
        platform = [f"--platform={build.platform}"] if build.platform else []
        recipe = [f"--file={build.dockerfile}", f"--tag={name}", str(build.context)]
        try:
            arguments = self._arguments(build)
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
        docker("build", *platform, *arguments, *recipe)
        self._built.append(name)
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
        """Take the emulator's names off the engine again; to be called when the emulator is gone."""
        for name in self._built:
            superseded = quiet("image", "inspect", "--format={{.Id}}", KEPT)
            quiet("tag", name, KEPT)
            quiet("image", "rm", name)
            if superseded != quiet("image", "inspect", "--format={{.Id}}", KEPT):
                quiet("image", "rm", superseded)
        self._built.clear()

    def _local(self, name: str) -> str:
        """An image's name with the emulator's registry in place of AWS's, which does not resolve."""
        return f"{self._registry}/{name.partition('/')[2]}"

    def _arguments(self, build: Build) -> list[str]:
        """The options of `docker build` for the Dockerfile's arguments, with a base image that can be had here."""
        arguments, options = dict(build.arguments), list[str]()
        if BASE_IMAGE_ARGUMENT in arguments:
            architecture = build.platform.rpartition("/")[2] if build.platform else None
            base = base_image(arguments[BASE_IMAGE_ARGUMENT], architecture, self._note)
            arguments[BASE_IMAGE_ARGUMENT] = base.name
            options.extend(base.build_options)
        return [*options, *(f"--build-arg={key}={value}" for key, value in arguments.items())]


def docker(*arguments: str) -> str:
    """Run one `docker` command; returns what it printed.

    Raises:
        LocalError: It failed.
    """
    # Lambda refuses image indexes, which BuildKit makes as soon as it attaches provenance.
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        # Docker's older builder says on standard error that a step failed, and on standard output why.
        tail = " | ".join((done.stdout + done.stderr).strip().splitlines()[-LAST_LINES:])
        raise LocalError(f"docker {arguments[0]} failed: {tail}")
    return done.stdout


def quiet(*arguments: str) -> str:
    """Run one `docker` command that may fail; returns what it printed, stripped."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False).stdout.strip()
