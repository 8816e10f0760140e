"""Without a Docker engine the staged folder is the code, known by the digest of its content."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.images import Build
from local.staged_images import StagedImages


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "Dockerfile").write_text('CMD ["old.handler"]\nCMD ["handler.handler"]\n')
    (tmp_path / "handler.py").write_text("handler = None")
    return Build("registry.test:5000/repository:tag", tmp_path, tmp_path / "Dockerfile")


def test_equal_content_has_an_equal_digest(build: Build) -> None:
    digest = StagedImages().build(build)
    (build.context / "handler.py").touch()
    assert StagedImages().build(build) == digest
    assert digest.startswith("sha256:")
    assert len(digest) == len("sha256:") + 64


def test_other_content_has_another_digest(build: Build) -> None:
    images = StagedImages()
    before = images.build(build)
    (build.context / "handler.py").write_text("handler = 1")
    assert images.build(build) != before


def test_the_code_is_found_by_its_digest_with_the_last_commands_handler(build: Build) -> None:
    images = StagedImages()
    code = images.code(f"{build.repository}@{images.build(build)}")
    assert code.settings["Handler"] == "handler.handler"


def test_an_image_from_elsewhere_is_refused() -> None:
    with pytest.raises(LocalError, match="was not built by this program"):
        StagedImages().code("registry.test/other@sha256:00")


def test_a_dockerfile_without_handler_is_refused(build: Build) -> None:
    build.dockerfile.write_text("FROM scratch\n")
    with pytest.raises(LocalError, match="has no line CMD"):
        StagedImages().build(build)


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("registry.test:5000/repository:tag", "registry.test:5000/repository"),
        ("registry.test:5000/repository", "registry.test:5000/repository"),
        ("repository:tag", "repository"),
        ("repository", "repository"),
    ],
)
def test_a_repository_is_the_name_without_its_tag(tmp_path: Path, name: str, repository: str) -> None:
    assert Build(name, tmp_path, tmp_path).repository == repository
