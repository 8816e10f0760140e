"""The handler's tests pass in the image too: its Python, its XGBoost and its copy of the handler."""

import json
import shutil
import subprocess
from pathlib import Path

import model_reader
import pytest

from image.build import Wanted
from local.docker.command import docker
from local.docker.platforms import KERNEL
from local.docker.stand_in.build import PYTHON
from tests.image.conftest import Trial

REPOSITORY = Path(__file__).parents[2]
UV = shutil.which("uv") or REPOSITORY / ".cache" / "uv" / "bin" / "uv"

OF_THE_REPOSITORY = (
    "test_a_cold_prediction_imports_nothing_that_it_does_not_need",
    "test_snapstart_without_the_runtimes_hooks_warms_at_the_start",
    "test_the_library_is_found_beside_the_code_or_in_site_packages",
)
"""Tests of `test_operations.py` that take the code from the repository and the library from elsewhere."""

RUN = """
import json, platform, sys

sys.dont_write_bytecode = True
import booster, pytest, xgboost


class Passed:
    number = 0

    def pytest_runtest_logreport(self, report):
        self.number += report.when == "call" and report.passed


passed = Passed()
status = pytest.main(sys.argv[1:], plugins=[passed])
print(json.dumps({
    "status": status,
    "passed": passed.number,
    "python": platform.python_version(),
    "handler": booster.__file__,
    "library": booster.library_version(),
    "package": xgboost.__version__,
}))
"""


@pytest.fixture(scope="session")
def packages(wanted: Wanted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tests import, from the project's lock, for the image's Python and processor."""
    target = tmp_path_factory.mktemp("packages")
    of_the_image = [f"--python-version={PYTHON}", f"--python-platform={KERNEL[wanted.platform]}-manylinux_2_28"]
    locked = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--requirement=requirements-dev.txt"]
    subprocess.run(
        [UV, "pip", "install", "--quiet", f"--target={target}", *of_the_image, *locked], cwd=REPOSITORY, check=True
    )
    return target


@pytest.mark.docker
def test_the_handlers_tests_pass_in_the_images_own_python(tried: Trial, wanted: Wanted, packages: Path) -> None:
    told = docker(  # without the confinement of a function, which is no place for two copies of every library
        "run",
        "--rm",
        "--network=none",
        f"--platform={wanted.platform}",
        f"--mount=type=bind,source={REPOSITORY},target=/repository,readonly",
        f"--mount=type=bind,source={packages},target=/packages,readonly",
        "--env=PYTHONPATH=/var/task:/repository:/packages",
        "--workdir=/repository",
        "--entrypoint=python",
        tried.name,
        "-c",
        RUN,
        "-qq",
        "-pno:cacheprovider",
        "--override-ini=pythonpath=. /var/task clients/python",
        *(f"--deselect=tests/function/test_operations.py::{name}" for name in OF_THE_REPOSITORY),
        "tests/function",
    )
    found = json.loads(told.splitlines()[-1])
    newest = model_reader.dotted(model_reader.NEWEST)
    assert found["status"] == 0, told[-3000:]
    assert found["passed"] >= 1_000
    assert found["python"].startswith(f"{PYTHON}.")
    assert found["handler"] == "/var/task/booster.py"
    assert (model_reader.dotted(found["library"]), found["package"]) == (newest, newest)
