"""With a Docker engine a real image is built, pushed to the emulator's registry, and run by digest."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from local import demo, stack_config
from local.caller import Endpoint, assume, create_user
from local.cloud import Cloud
from local.deployment import Deployment
from local.docker.images import KEPT, DockerImages
from local.docker.stand_in import StandInBaseError
from local.emulator import Emulator
from local.errors import LocalError
from local.expectation import expectation
from local.images import Build
from local.resources import Target
from local.staged_images import StagedImages


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Build("000000000000.dkr.ecr.eu-central-1.amazonaws.com/repository:tag", tmp_path, tmp_path / "Dockerfile")


@pytest.fixture
def fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that writes down what it is asked, and answers with the text of a file."""
    if sys.platform == "win32":
        pytest.skip("the fake is a shell script")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(
        f'#!/bin/sh\ncase "$2" in --help | --format=*) exit ;; esac\ncd {folder}\necho "$@" >> asked\n'
        "cat answer\ncat error >&2\nexit $(cat status)\n"
    )
    (folder / "docker").chmod(0o755)
    for name, content in (("answer", ""), ("error", ""), ("status", "0")):
        (folder / name).write_text(content)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.chdir(tmp_path)
    return folder


def test_an_image_is_pushed_to_the_emulators_registry_and_known_by_digest(build: Build, fake_docker: Path) -> None:
    (fake_docker / "answer").write_text("elsewhere/repository@sha256:00\nlocalhost:4566/repository@sha256:11\n")
    images = DockerImages(4566, note=print)
    assert images.build(build) == "sha256:11"
    assert "push localhost:4566/repository:tag" in (fake_docker / "asked").read_text()


def test_a_function_runs_the_image_of_the_emulators_registry() -> None:
    code = DockerImages(4566, note=print).code("000000000000.dkr.ecr.eu-central-1.amazonaws.com/a/b@sha256:11")
    assert code.location == {"ImageUri": "localhost:4566/a/b@sha256:11"}


def test_a_failed_build_is_one_line_with_the_engines_own_words(build: Build, fake_docker: Path) -> None:
    (fake_docker / "status").write_text("1")
    (fake_docker / "error").write_text("Step 3/9\ngolden check: record 3 is off\n")
    with pytest.raises(
        LocalError, match=r"^the image cannot be built: golden check: record 3 is off \(all that was printed: "
    ) as caught:
        DockerImages(4566, note=print).build(build)
    assert "\n" not in str(caught.value)


def test_where_no_base_image_can_be_had_the_staged_code_runs_instead(build: Build, fake_docker: Path) -> None:
    (fake_docker / "status").write_text("1")
    build.dockerfile.write_text('ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCMD ["handler.handler"]\n')
    wanted = replace(build, arguments={"BASE_IMAGE": "nowhere.example/base:1"})
    said: list[str] = []
    images = DockerImages(4566, note=said.append, otherwise=StagedImages())
    uri = f"000000000000.dkr.ecr.eu-central-1.amazonaws.com/repository@{images.build(wanted)}"
    assert images.code(uri).settings["Handler"] == "handler.handler"
    assert "the staged code runs in the emulator's Python worker" in said[-1]


def test_who_asked_for_docker_is_told_that_no_base_image_can_be_had(build: Build, fake_docker: Path) -> None:
    (fake_docker / "status").write_text("1")
    with pytest.raises(StandInBaseError):
        DockerImages(4566, note=print).build(replace(build, arguments={"BASE_IMAGE": "nowhere.example/base:1"}))


@pytest.mark.docker
def test_the_program_is_deployed_from_a_real_image() -> None:
    stack = stack_config.load(demo.PROJECT)
    expected = expectation(demo.PROJECT / stack.config["wine-quality:modelPath"])
    with Emulator(region=stack.region) as emulator:
        cloud, images = Cloud(emulator.url, stack.region), DockerImages(emulator.port, note=print)
        outputs = Deployment(Target(cloud, images)).deploy(stack)
        function = cloud.lambda_.get_function(FunctionName=outputs["function_name"])
        user = create_user(cloud, outputs["invoker_role_arn"])
        invoker = assume(cloud, user, outputs["invoker_role_arn"])
        endpoint = Endpoint(outputs["endpoint"], emulator.port, stack.region)
        answer = endpoint.post(expected.payload().encode(), invoker)
    images.close()

    assert function["Configuration"]["PackageType"] == "Image"
    assert function["Code"]["ImageUri"].partition("@")[2] == outputs["image_uri"].partition("@")[2]
    assert answer.json() == expected.predictions
    assert f"localhost:{emulator.port}/" not in docker_output("image", "ls")
    assert KEPT in docker_output("image", "ls")
    assert f":{emulator.port}/" not in docker_output("ps", "--all")


def docker_output(*arguments: str) -> str:
    docker = shutil.which("docker")
    assert docker
    return subprocess.run([docker, *arguments], capture_output=True, text=True, check=True).stdout
