"""Is refused, before AWS does it, what Lambda would refuse?"""

from typing import Any

import pytest

from image import manifest
from image.manifest import Pushed
from local.errors import LocalError

DOCKER, OCI = manifest.MANIFESTS
PLATFORM = "linux/amd64"


def pushed(media_type: str = DOCKER, *, config: str = manifest.CONFIGS[0], layer: str = manifest.LAYERS[0]) -> Pushed:
    document: dict[str, Any] = {
        "config": {"mediaType": config},
        "layers": [{"mediaType": manifest.LAYERS[0], "size": 7}, {"mediaType": layer, "size": 5}],
    }
    return Pushed(media_type, document, {"os": "linux", "architecture": "amd64"})


@pytest.mark.parametrize(
    "image",
    [pushed(), pushed(OCI, config=manifest.CONFIGS[1], layer=manifest.LAYERS[1])],
    ids=["Docker", "OCI"],
)
def test_one_image_for_one_platform_is_taken(image: Pushed) -> None:
    manifest.check(image, PLATFORM)
    assert image.size == 12


@pytest.mark.parametrize("media_type", manifest.INDEXES)
def test_an_index_is_refused_with_the_way_out(media_type: str) -> None:
    with pytest.raises(LocalError, match=r"is an image index .*--provenance=false"):
        manifest.check(Pushed(media_type, {"manifests": []}, {}), PLATFORM)


def test_an_index_under_another_name_is_refused() -> None:
    with pytest.raises(LocalError, match="is an image index"):
        manifest.check(Pushed(DOCKER, {"manifests": []}, {}), PLATFORM)


@pytest.mark.parametrize(
    "image",
    [
        pushed("application/vnd.docker.distribution.manifest.v1+prettyjws"),
        pushed(config="application/vnd.cncf.helm.config.v1+json"),
        pushed(layer="application/vnd.oci.image.layer.v1.tar+zstd"),
        pushed(layer="application/vnd.in-toto+json"),
    ],
    ids=["old manifest", "no image", "zstd", "attestation"],
)
def test_a_media_type_that_lambda_does_not_know_is_refused(image: Pushed) -> None:
    with pytest.raises(LocalError, match="media type is not supported"):
        manifest.check(image, PLATFORM)


def test_an_image_for_another_processor_is_refused() -> None:
    with pytest.raises(LocalError, match="runs on linux/amd64, the function on linux/arm64"):
        manifest.check(pushed(), "linux/arm64")
