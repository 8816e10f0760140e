"""Does a run in several processes say what one process would, even when one of them fails, dies or is interrupted?"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import processes

REPOSITORY = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="all tests run in one process there")

CONFTEST = """
import os
import pytest
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # which whoever is started in the background ignores

@pytest.fixture(scope="session", autouse=True)
def shared():
    yield
    open(f"ended-{os.getpid()}", "w").close()

@pytest.fixture(autouse=True)
def told(request, tmp_path_factory):
    assert not list(tmp_path_factory.mktemp("empty").iterdir())
    with open(f"ran-{request.node.name}", "x") as file:
        file.write(str(os.getpid()))
"""

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Starts pytest in two processes on files of tests."""

    def started(*arguments: str, **files: str) -> subprocess.Popen[str]:
        (tmp_path / "pytest.ini").touch()
        (tmp_path / "conftest.py").write_text(CONFTEST)
        for name, text in files.items():
            (tmp_path / f"test_{name}.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-p", "tests.processes", "--processes", "2", *arguments]
        (tmp_path / "temporary").mkdir()
        environment = {
            **os.environ,
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_DEBUG_TEMPROOT": str(tmp_path / "temporary"),
            "PYTHONPATH": str(REPOSITORY),
        }
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    return started


def ran_in(folder: Path) -> dict[str, str]:
    """The process of each test that ran."""
    return {path.name.removeprefix("ran-test_"): path.read_text() for path in folder.glob("ran-*")}


# Two tests wait for each other, so that neither process can run everything.
MEETS = """
import pathlib, time
def test_{me}():
    while not pathlib.Path("ran-test_{other}").exists():
        time.sleep(0.01)
def test_{me}_too(): pass
"""
MARKED = """
import pytest
pytestmark = pytest.mark.together("what they share")
def test_{me}(): pass
"""
SPEAKS = """
import pytest, warnings
async def never(): pass
def test_fails():
    print("said before")
    assert 1 == 2
def test_warns():
    warnings.warn_explicit(UserWarning("a warning"), None, "file.py", 1, source=never())
@pytest.mark.skip(reason="a reason")
def test_skipped(): pass
@pytest.mark.xfail(strict=True)
def test_passes(): pass
"""


def test_every_test_runs_once_and_all_that_it_says_is_said(run: Run, tmp_path: Path) -> None:
    files = {
        "a": MEETS.format(me="a", other="b"),
        "b": MEETS.format(me="b", other="a"),
        "c": MARKED.format(me="c"),
        "d": SPEAKS,
        "e": MARKED.format(me="e"),
    }
    running = run("-rs", **files)
    said, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.TESTS_FAILED
    ran = ran_in(tmp_path)
    assert set(ran) == {"a", "a_too", "b", "b_too", "c", "e", "fails", "warns", "passes"}
    assert ran["a"] == ran["a_too"] != ran["b"] == ran["b_too"], "a file's tests run in one process"
    assert ran["c"] == ran["e"], "and so do files that are marked so"
    assert {path.name for path in tmp_path.glob("ended-*")} == {f"ended-{ran['a']}", f"ended-{ran['b']}"}
    for text in ("said before", "assert 1 == 2", "UserWarning: a warning", "a reason", "XPASS(strict)"):
        assert text in said
    assert "2 failed, 7 passed, 1 skipped" in said
    (temporary,) = tmp_path.glob("temporary/*/pytest-0")
    assert not (temporary / ".lock").exists(), "or no later run would delete it"


def test_a_process_that_dies_is_a_failure_of_the_test_that_it_ran(run: Run, tmp_path: Path) -> None:
    dies = "import os\ndef test_dies(): os.kill(os.getpid(), 9)\n"
    running = run(a=dies, b="def test_b(): pass\n", c="def test_c(): pass\n")
    said, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.TESTS_FAILED
    assert "test_a.py::test_dies" in said
    assert "its process ended: SIGKILL" in said
    assert set(ran_in(tmp_path)) == {"dies", "b", "c"}


def test_what_fails_after_the_last_test_is_a_failure_too(run: Run) -> None:
    shares = """
import pytest
@pytest.fixture(scope="session")
def broken():
    yield
    raise ValueError("it does not end")
def test_a(broken): pass
"""
    running = run(a=shares, b="def test_b(): pass\n")
    said, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.TESTS_FAILED
    assert "ValueError: it does not end" in said


def test_after_the_first_failure_nobody_begins_another_file(run: Run, tmp_path: Path) -> None:
    fails = (
        "import pathlib\ndef test_a():\n    while not pathlib.Path('ran-test_b').exists(): pass\n    assert 1 == 2\n"
    )
    waits = """
import pathlib, time
def test_b():
    while not (ran := pathlib.Path("ran-test_a")).exists():
        time.sleep(0.01)
    while pathlib.Path("/proc", ran.read_text()).exists():
        time.sleep(0.01)
"""
    running = run("-x", a=fails, b=waits, c="def test_c(): pass\n")
    said, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.TESTS_FAILED
    assert "stopping after 1 failures" in said
    assert set(ran_in(tmp_path)) == {"a", "b"}


def test_whoever_is_interrupted_ends_what_it_started(run: Run, tmp_path: Path) -> None:
    files = {name: f"import time\ndef test_{name}(): time.sleep(60)\n" for name in "ab"}
    running = run(**files)
    while len(ran_in(tmp_path)) < len(files):
        assert running.poll() is None
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate()
    assert running.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in said
    assert len(list(tmp_path.glob("ended-*"))) == 2


def test_elsewhere_one_process_runs_all(monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert processes.how_many(pytestconfig) == 1


def test_a_number_that_is_none_is_refused(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytestconfig.option, "processes", "many")
    with pytest.raises(pytest.UsageError, match="--processes takes a number or auto, not 'many'"):
        processes.how_many(pytestconfig)
