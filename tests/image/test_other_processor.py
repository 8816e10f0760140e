"""Does the image hold on the processor that this machine does not have? Under emulation, where the engine has it."""

import contextlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from image import build, checks
from local.docker import command
from local.docker.command import NoEmulationError
from local.docker.platforms import PLATFORMS, docker_platform

pytestmark = pytest.mark.docker


def test_the_image_for_the_other_processor_is_what_lambda_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (other,) = (name for name, docker in PLATFORMS.items() if docker != docker_platform())
    builder = next((each for each in command.builders() if each.name == "BuildKit"), None)
    if builder is None:
        pytest.skip("no docker command here builds with BuildKit, which another processor needs")
    wanted = replace(build.wanted(architecture=other), name=f"image-test-{other.replace('_', '-')}-{os.getpid()}")
    monkeypatch.chdir(tmp_path)
    with contextlib.ExitStack() as afterwards:
        afterwards.callback(lambda: command.remove(*command.tags(wanted.name)))
        try:
            image = checks.make(wanted, builder)
            checks.run_as_lambda(image, wanted)
            checks.push(image)
        except NoEmulationError as error:
            pytest.skip(str(error))
    printed = capsys.readouterr().out
    assert f"for {PLATFORMS[other]} with BuildKit" in printed
    assert "no index, no attestations" in printed
