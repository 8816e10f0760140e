"""With a Docker engine a real image is built, pushed to the emulator's registry, and run by digest."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from local import demo
from local.docker import confinement
from local.docker.command import docker
from local.docker.images import DockerImages
from local.docker.leftovers import KEPT
from local.docker.stand_in import StandInBaseError
from local.emulator import free_port
from local.errors import LocalError
from local.images import Build
from local.staged_images import StagedImages


@pytest.fixture
def build(tmp_path: Path) -> Build:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return Build("000000000000.dkr.ecr.eu-central-1.amazonaws.com/repository:tag", tmp_path, tmp_path / "Dockerfile")


@pytest.fixture
def fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `docker` that writes down what it is asked, and answers with the text of a file; no stand-in can be built.

    Nor does apt know where packages come from.
    """
    if sys.platform == "win32":
        pytest.skip("the fake is a shell script")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(
        f'#!/bin/sh\ncase "$2" in --help | --format=*) exit ;; esac\ncd {folder}\necho "$@" >> asked\n'
        "cat answer\ncat error >&2\nexit $(cat status)\n"
    )
    failing = ("mmdebstrap", "apt-get", "apt-config")
    for program in failing:
        (folder / program).write_text("#!/bin/sh\nexit 1\n")
    for program in ("docker", *failing):
        (folder / program).chmod(0o755)
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
def test_a_served_image_runs_as_lambdas_would_and_kill_9_leaves_nothing_of_it() -> None:
    port = free_port()
    command = [sys.executable, "-u", "-m", "local", "serve", "--docker", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "MODEL"}
    with subprocess.Popen(command, cwd=demo.PROJECT, stdout=subprocess.PIPE, text=True, env=environment) as serving:
        assert serving.stdout is not None
        printed = "".join(iter(serving.stdout.readline, "Requests\n"))
        assert "200  signed by the invoker role" in printed, printed
        (container,) = docker("ps", "--quiet", f"--filter=ancestor={image_of(port)}").split()
        (found,) = json.loads(docker("inspect", container))
        serving.send_signal(signal.SIGKILL)

    allowed = found["HostConfig"]
    assert (allowed["ReadonlyRootfs"], allowed["CapDrop"], allowed["IpcMode"]) == (True, ["ALL"], "none")
    assert allowed["Memory"] == allowed["MemorySwap"] == 1024 * 2**20
    assert found["Config"]["User"] == confinement.USER
    (address,) = found["NetworkSettings"]["Ports"]["8080/tcp"]
    assert f"{address['HostIp']}:{address['HostPort']} is the container's own port" in printed
    assert address["HostIp"] == "127.0.0.1"

    deadline = time.monotonic() + 30
    while image_of(port) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert image_of(port) == ""
    assert container[:12] not in docker("ps", "--all", "--quiet")
    assert KEPT in docker("image", "ls"), "the layers stay, for the next build"


def image_of(port: int) -> str:
    """The name of the image in the registry of the emulator on a port."""
    names = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}").split()
    return next((name for name in names if name.startswith(f"localhost:{port}/")), "")
