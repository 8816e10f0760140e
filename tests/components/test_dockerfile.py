"""Is a stage or an argument that a Dockerfile does not have refused, and everything that Docker takes taken?"""

from pathlib import Path

import pytest

from components.dockerfile import DockerfileError, check

DOCKERFILE = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.13
FROM --platform=$BUILDPLATFORM python:${VERSION} AS Build
ARG INDEX \\
    EXTRA="a b"
run true
from scratch
arg COLOUR
FROM build as serving
"""


NO_COLOR = "build_args['COLOR'] is read by nothing: {} has no ARG COLOR; "


def written(folder: Path, text: str = DOCKERFILE) -> Path:
    path = folder / "Dockerfile"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("target", [None, "Build", "build", "serving", "SERVING", "0", "1", "2"])
def test_a_stage_is_known_by_name_and_number(tmp_path: Path, target: str | None) -> None:
    check(written(tmp_path), target, [])


@pytest.mark.parametrize("name", ["VERSION", "INDEX", "EXTRA", "COLOUR", "HTTPS_PROXY", "BUILDKIT_INLINE_CACHE"])
def test_an_argument_is_known_that_some_line_declares_or_every_build_takes(tmp_path: Path, name: str) -> None:
    check(written(tmp_path), None, [name])


@pytest.mark.parametrize(
    ("text", "target", "arguments", "sentence"),
    [
        (DOCKERFILE, "server", [], "target 'server' is no stage of {}: did you mean 'serving'?"),
        (DOCKERFILE, "3", [], "target '3' is no stage of {}: allowed are 1, build, serving"),
        (DOCKERFILE, None, ["COLOR"], f"{NO_COLOR}did you mean 'COLOUR'?"),
        ("FROM a", None, ["COLOR"], f"{NO_COLOR}it has none at all"),
    ],
)
def test_what_docker_would_miss_late_or_never_is_refused(
    tmp_path: Path, text: str, target: str | None, arguments: list[str], sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(DockerfileError) as refused:
        check(path, target, arguments)
    assert str(refused.value) == sentence.format(path)


def test_another_frontends_dockerfile_is_left_to_it(tmp_path: Path) -> None:
    check(written(tmp_path, "# syntax=example.com/frontend:1\nfoo: bar\n"), "anything", ["ANYTHING"])
