"""Is what arrives in a registry something that Lambda takes?

Lambda refuses image indexes, which builders make for several platforms or to attach attestations, and media types that
it does not know. An engine does not show what it will push, so the image is pushed, to the emulator's own registry, and
read back as Lambda would read it.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.cloud import Cloud
from local.docker.command import docker, remove
from local.emulator import Emulator
from local.errors import LocalError

MANIFESTS = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
CONFIGS = ("application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json")
LAYERS = ("application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip")

REFUSED = "the image manifest, config or layer media type is not supported"
"""Lambda's own words, in part, by which people search for the cause."""


@dataclass(frozen=True)
class Pushed:
    """An image as a registry has it.

    Attributes:
        media_type: The manifest's, as the registry names it.
        manifest: The manifest.
        config: The image's configuration; empty for an index, which has none.
    """

    media_type: str
    manifest: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Packed bytes of all layers, as they are downloaded."""
        return sum(layer["size"] for layer in self.manifest["layers"])


def check(pushed: Pushed, platform: str) -> None:
    """Refuse what Lambda would refuse.

    https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#images-reqs

    Args:
        pushed: What is in the registry.
        platform: What the function runs on, such as `linux/amd64`.

    Raises:
        LocalError: Lambda would not take it.
    """
    if pushed.media_type in INDEXES or "manifests" in pushed.manifest:
        raise LocalError(
            f"what was pushed is an image index ({pushed.media_type}), and Lambda would refuse it ({REFUSED}): build "
            "for one platform and without attestations (--provenance=false --sbom=false)"
        )
    if pushed.media_type not in MANIFESTS:
        raise LocalError(f"what was pushed has the media type {pushed.media_type}; {REFUSED}")
    if pushed.manifest["config"]["mediaType"] not in CONFIGS:
        raise LocalError(f"the image's configuration is a {pushed.manifest['config']['mediaType']}; {REFUSED}")
    for layer in pushed.manifest["layers"]:
        if layer["mediaType"] not in LAYERS:
            raise LocalError(f"a layer of the image is a {layer['mediaType']}; {REFUSED}: pack layers with gzip")
    got = f"{pushed.config.get('os')}/{pushed.config.get('architecture')}"
    if got != platform:
        raise LocalError(f"what was pushed runs on {got}, the function on {platform}: build with --platform={platform}")


@contextmanager
def registry(name: str) -> Iterator[str]:
    """The emulator's registry with one repository in it, as its address; both are gone afterwards."""
    with Emulator() as emulator:
        Cloud(emulator.url, "us-east-1").ecr.create_repository(repositoryName=name)
        yield f"localhost:{emulator.port}/{name}"


def push(image: str, repository: str) -> Pushed:
    """Push an image and read it back.

    Args:
        image: Name or id.
        repository: A registry's address, without scheme, and a repository in it.

    Raises:
        LocalError: Pushing or reading failed.
    """
    tag = image.rpartition(":")[2]
    remote = f"{repository}:{tag}"
    docker("tag", image, remote)
    try:
        docker("push", remote)
    finally:
        remove(remote)
    host, _, path = repository.partition("/")
    address = f"http://{host}/v2/{path}"
    media_type, manifest = _fetch(f"{address}/manifests/{tag}")
    config: dict[str, Any] = {}
    if "config" in manifest:
        _, config = _fetch(f"{address}/blobs/{manifest['config']['digest']}")
    return Pushed(media_type, manifest, config)


def _fetch(url: str) -> tuple[str, dict[str, Any]]:
    """The media type and the decoded JSON of something in the registry."""
    request = urllib.request.Request(url, headers={"accept": ", ".join((*MANIFESTS, *INDEXES))})  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - ours
            return answer.headers.get_content_type(), json.load(answer)
    except (urllib.error.URLError, ValueError) as error:
        raise LocalError(f"the registry does not give back what was pushed: {error}") from None
