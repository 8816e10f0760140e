"""Does the distribution, installed somewhere else, hold all that a foreign program needs?"""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components import staging
from tests.reuse.conftest import MODEL, REPOSITORY, SCHEMA, Program

pytestmark = pytest.mark.together("installed component")

PACKAGE = "pulumi_ml_inference"


def test_the_wheel_takes_no_name_but_its_own(wheel: Path) -> None:
    names = {Path(name).parts[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {PACKAGE}


def test_the_wheel_has_the_version_of_the_package(wheel: Path) -> None:
    assert wheel.name.split("-")[1] == SCHEMA["version"]


def test_the_wheel_holds_the_handler_and_the_types(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    handler = {file.name for file in (REPOSITORY / "function").glob("*.py")} | {"Dockerfile", "requirements.txt"}
    assert {f"{PACKAGE}/function/{name}" for name in handler} <= names
    assert f"{PACKAGE}/py.typed" in names


def test_the_engine_is_told_that_no_plugin_belongs_to_the_distribution(wheel: Path) -> None:
    declared = json.loads(zipfile.ZipFile(wheel).read(f"{PACKAGE}/pulumi-plugin.json"))
    assert declared == {"resource": False}, "else `pulumi up` looks for a plugin of the distribution's name"


def test_the_installed_handler_is_staged_as_the_one_of_the_repository(
    examples: dict[str, Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = examples["python"]
    context = program.up().one("docker:index/image:Image").inputs["build"]["context"]
    monkeypatch.chdir(program.folder.parents[1])
    ours = staging.stage("wine", REPOSITORY / MODEL).path

    def contents(folder: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in folder.iterdir()}

    assert contents(program.folder / context) == contents(ours)
    assert Path(context) == ours, "the content decides the name"


@pytest.fixture(scope="module")
def told_by_an_editable_install(python_with_editable_component: tuple[Path, Path], project: Path) -> list[str]:
    """The folder of what it deploys, and its version, which was changed in the sources after they were installed."""
    python, sources = python_with_editable_component
    (sources / "components" / "version.py").write_text('VERSION = "99"\n')
    program = (
        "import gc\ngc.disable()\n"
        "from pulumi_ml_inference import MLInferenceFunction, version\n"
        "from pulumi_ml_inference.testing import AwsMocks, deploy\n"
        f"program = lambda: MLInferenceFunction('wine', {{'model_path': {MODEL!r}}})\n"
        "image = deploy(program, AwsMocks('model/golden.json')).one('docker:index/image:Image')\n"
        "print(image.inputs['build']['context'], version.VERSION)\n"
        "gc.freeze()"  # at its end Python would look through all that was imported, for a fifth of the whole
    )
    return subprocess.check_output([python, "-c", program], cwd=project, text=True).split()


def test_an_editable_install_has_the_same_name_and_deploys_the_same(
    told_by_an_editable_install: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(told_by_an_editable_install[0]) == staging.stage("wine", REPOSITORY / MODEL).path


def test_what_is_changed_in_the_sources_is_seen_by_an_editable_install(told_by_an_editable_install: list[str]) -> None:
    assert told_by_an_editable_install[1] == "99"


def test_the_engine_is_told_that_no_plugin_belongs_to_an_editable_install(
    python_with_editable_component: tuple[Path, Path],
) -> None:
    """Pulumi's language host looks where the distribution's metadata lie."""
    python, _ = python_with_editable_component
    (metadata,) = python.parents[1].rglob("pulumi_ml_inference-*.dist-info")
    declared = json.loads((metadata.parent / PACKAGE / "pulumi-plugin.json").read_text())
    assert declared == {"resource": False}


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path / "dist"), "--target"]
    subprocess.run([*build, "sdist"], cwd=REPOSITORY, check=True, capture_output=True)
    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path, filter="data")
    (sources,) = tmp_path.glob("pulumi_ml_inference-*")
    subprocess.run([*build, "wheel"], cwd=sources, check=True, capture_output=True)
    (rebuilt,) = (tmp_path / "dist").glob("*.whl")
    assert rebuilt.read_bytes() == wheel.read_bytes()
