"""Does the image hold on the processor that this machine does not have? Under emulation, where the engine has it."""

import contextlib
import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from image import build, engine, trial
from image.engine import NoEmulationError
from local.stand_in_base.build import docker_platform

pytestmark = pytest.mark.docker


def test_the_image_for_the_other_processor_is_what_lambda_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (other,) = (name for name, docker in build.PLATFORMS.items() if docker != docker_platform(platform.machine()))
    builder = next((each for each in engine.builders() if each.name == "BuildKit"), None)
    if builder is None:
        pytest.skip("no docker command here builds with BuildKit, which another processor needs")
    wanted = replace(build.wanted(architecture=other), name=f"image-test-{other.replace('_', '-')}-{os.getpid()}")
    monkeypatch.chdir(tmp_path)
    with contextlib.ExitStack() as afterwards:
        afterwards.callback(lambda: engine.remove(*engine.tags(wanted.name)))
        try:
            trial.test(wanted, builder)
        except NoEmulationError as error:
            pytest.skip(str(error))
    printed = capsys.readouterr().out
    assert f"for {build.PLATFORMS[other]} with BuildKit" in printed
    assert "The image is what Lambda takes" in printed
