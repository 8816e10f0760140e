"""Does the image hold on the processor that this machine does not have? Under emulation, which takes minutes."""

import contextlib
import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from image import build, engine, trial
from local.stand_in_base.build import docker_platform

WANTED = "TEST_OTHER_PROCESSOR"

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(os.environ.get(WANTED) != "1", reason=f"minutes under emulation; {WANTED}=1 runs it"),
]


def test_the_image_for_the_other_processor_is_what_lambda_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (other,) = (name for name, docker in build.PLATFORMS.items() if docker != docker_platform(platform.machine()))
    wanted = replace(build.wanted(architecture=other), name=f"image-test-{other.replace('_', '-')}-{os.getpid()}")
    monkeypatch.chdir(tmp_path)
    with contextlib.ExitStack() as afterwards:
        afterwards.callback(lambda: engine.remove(*engine.tags(wanted.name)))
        trial.test(wanted, engine.builder("BuildKit"))
    assert f"for {build.PLATFORMS[other]} with BuildKit" in capsys.readouterr().out
