"""Which builders are found, and what is said when the engine's command fails or is missing?"""

import os
import sys
from pathlib import Path

import pytest

from components.ml_inference_function import _DOCKER_PLATFORMS
from local.docker import command
from local.docker.command import NoEmulationError
from local.docker.platforms import KERNEL, PLATFORMS, docker_platform
from local.errors import LocalError

posix_only = pytest.mark.skipif(os.name == "nt", reason="fakes programs by shell scripts")


def client(folder: Path, script: str) -> Path:
    """A folder with a `docker` command."""
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "docker").chmod(0o755)
    return folder


LEGACY_ONLY = '[ "$DOCKER_BUILDKIT" = 0 ]'
BOTH = "true"
NEITHER = "false"


@posix_only
def test_buildkit_comes_first_because_pulumis_provider_uses_it(tmp_path: Path) -> None:
    found = command.builders(str(client(tmp_path / "bin", BOTH)))
    assert [builder.name for builder in found] == ["BuildKit", "legacy"]


@posix_only
def test_a_command_that_lacks_a_builder_is_passed_over_for_one_that_has_it(tmp_path: Path) -> None:
    old, new = client(tmp_path / "old", LEGACY_ONLY), client(tmp_path / "new", BOTH)
    buildkit, legacy = command.builders(os.pathsep.join(map(str, (old, new))))
    assert buildkit.environment["PATH"].startswith(f"{new}{os.pathsep}")
    assert legacy.environment["PATH"].startswith(f"{old}{os.pathsep}")


@posix_only
def test_no_builder_attaches_what_lambda_refuses(tmp_path: Path) -> None:
    for builder in command.builders(str(client(tmp_path / "bin", BOTH))):
        assert builder.environment["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"


@posix_only
def test_a_builder_that_is_not_here_is_refused_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(client(tmp_path / "bin", LEGACY_ONLY)))
    assert command.builder().name == "legacy"
    with pytest.raises(LocalError, match=r"can build with BuildKit; found: legacy\. BuildKit needs the buildx plugin"):
        command.builder("BuildKit")


@posix_only
def test_a_machine_without_a_builder_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(client(tmp_path / "bin", NEITHER)))
    with pytest.raises(LocalError, match="no `docker` command that can build is on the PATH"):
        command.builder()


def test_a_missing_command_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="docker is not installed"):
        command.docker("info")


@posix_only
def test_a_failed_command_says_what_the_engine_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = client(tmp_path / "bin", "echo 'Preparing'; echo; echo 'no basic auth credentials' >&2; exit 1")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with pytest.raises(LocalError, match=r"^docker push failed: no basic auth credentials$"):
        command.docker("push", "name")


def test_platforms_are_those_of_the_component() -> None:
    assert {architecture.value: name for architecture, name in _DOCKER_PLATFORMS.items()} == PLATFORMS


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux knows of emulators")
def test_a_missing_emulator_is_known_before_anything_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(command, "BINFMT", tmp_path)
    (other,) = set(KERNEL) - {docker_platform()}
    command.require_emulator(docker_platform())
    with pytest.raises(NoEmulationError, match="qemu-user-static"):
        command.require_emulator(other)
    (tmp_path / f"qemu-{KERNEL[other]}").touch()
    command.require_emulator(other)


@posix_only
def test_a_processor_that_the_engine_does_not_emulate_gets_one_line_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = client(tmp_path / "bin", "echo 'exec /var/lang/bin/python: exec format error' >&2; exit 1")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with pytest.raises(NoEmulationError, match=r"^this engine runs nothing for linux/arm64, .*qemu-user-static"):
        command.require_processor("base", "linux/arm64")


@posix_only
def test_a_base_that_cannot_be_run_for_another_reason_is_not_called_a_foreign_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = client(tmp_path / "bin", "echo 'exec: python: executable file not found' >&2; exit 127")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with pytest.raises(LocalError, match="executable file not found") as refused:
        command.require_processor("base", "linux/arm64")
    assert not isinstance(refused.value, NoEmulationError)


@posix_only
def test_a_processor_that_the_engine_runs_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = client(tmp_path / "bin", f'echo "$@" >{tmp_path / "asked"}')
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    command.require_processor("base", "linux/arm64")
    assert "--platform=linux/arm64" in (tmp_path / "asked").read_text().split()
