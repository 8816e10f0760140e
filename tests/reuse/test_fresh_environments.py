"""Does the distribution work where nothing else is, with each Python and both ends of what its metadata allow?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reuse.conftest import REPOSITORY, copy_of_the_model

UV = shutil.which("uv", path=os.pathsep.join([str(REPOSITORY / ".cache" / "uv" / "bin"), os.environ["PATH"]]))
#: The Pythons that the metadata allow, as far as there are any.
VERSIONS = ["3.11", "3.12", "3.13", "3.14"]


def python_of(version: str) -> str | None:
    """A Python of this version: the one that runs the tests, among pyenv's, or on the PATH.

    Whoever collects tests waits for this: none is started whose place tells its version.
    """
    if version == "{}.{}".format(*sys.version_info):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    if found := next(pyenv.glob(f"{version}.*/bin/python"), None):
        return str(found)
    if (candidate := shutil.which(f"python{version}")) is None:
        return None
    # It may be a placeholder that says how to install one.
    works = subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
    return candidate if works else None


PYTHONS = {version: python for version in VERSIONS if (python := python_of(version))}
#: Both ends with the oldest and the newest Python, the upper one with those between.
ENVIRONMENTS = sorted(
    {(version, "lowest-direct") for version in (min(PYTHONS), max(PYTHONS))}
    | {(version, "highest") for version in PYTHONS}
)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(UV is None, reason="no uv: `make setup` installs it")]


def uv(*arguments: str | Path) -> None:
    done = subprocess.run([str(UV), *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built from this repository."""
    folder = tmp_path_factory.mktemp("sdist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.mark.parametrize(("version", "ends"), ENVIRONMENTS)
def test_every_valid_program_deploys_in_a_fresh_environment(
    version: str, ends: str, wheel: Path, sdist: Path, tmp_path: Path
) -> None:
    python = tmp_path / "environment" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    distribution = wheel if ends == "highest" else sdist
    uv("venv", "--quiet", "--python", PYTHONS[version], tmp_path / "environment")
    # Of a file of requirements those in the project's metadata are the direct ones; of a wheel they would not be.
    install: list[str | Path] = ["pip", "install", "--quiet", "--python", python]
    uv(*install, "--resolution", ends, "-r", REPOSITORY / "pyproject.toml")
    uv(*install, "--no-deps", distribution)
    uv("pip", "check", "--quiet", "--python", python)
    uv(*install, "pytest")

    copy_of_the_model(tmp_path)
    shutil.copyfile(Path(__file__).with_name("valid_programs.py"), tmp_path / "valid_programs.py")
    example = shutil.copytree(REPOSITORY / "examples" / "python", tmp_path / "examples" / "python")
    schema = "from pulumi_ml_inference import component_package; print(component_package.schema())"

    def ran(*arguments: str, folder: Path = tmp_path) -> str:
        done = subprocess.run([python, *arguments], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert "refusal_that_is_caught" in ran("valid_programs.py")
    assert json.loads(ran("-c", schema)) == json.loads((REPOSITORY / "components" / "schema.json").read_text("utf-8"))
    assert "4 passed" in ran("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_program.py", folder=example)


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_is_required_has_a_wheel_for_each_python(version: str, tmp_path: Path) -> None:
    """Nobody needs a compiler, also with a Python that is not here to be run."""
    requirements: list[str | Path] = ["-r", REPOSITORY / "pyproject.toml", "--target", tmp_path / "packages"]
    platform = ["--python-version", version, "--python-platform", "x86_64-manylinux_2_28"]
    uv("pip", "install", "--quiet", "--dry-run", "--only-binary", ":all:", *platform, *requirements)
