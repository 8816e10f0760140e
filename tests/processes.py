"""Shares the tests among copies of the process that imported and collected them: `--processes auto`, or a number.

A pytest plugin (ADR 100). The tests of one file run in one process, since they share what they started, and so do all
that are marked `together("name")`. Only Linux copies processes safely; elsewhere all tests run in the first one.
"""

import itertools
import os
import signal
import sys
import traceback
import warnings
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Literal, NoReturn, cast

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--processes", default="1", help="how many processes share the tests; auto: as many as suits")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "together(name): runs in one process with all other tests so marked")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Literal[True] | None:
    """Takes the place of pytest's own loop, which runs one test after the other."""
    groups = together(session.items)
    number = min(how_many(session.config), len(groups))
    if number < 2 or session.testsfailed or session.config.option.collectonly:
        return None
    # All share one folder of temporary files, and this process frees it at the end, so that later runs delete it.
    cast("Any", session.config)._tmp_path_factory.getbasetemp()
    queue = Queue(len(groups))
    copies: dict[Connection, int] = {}
    try:
        for _ in range(number):
            here, there = Pipe(duplex=False)
            if (process := os.fork()) == 0:
                for connection in (here, *copies):  # or nobody would notice that the first process is gone
                    connection.close()
                run_and_exit(session, (groups[index] for index in queue), there)
            there.close()
            copies[here] = process
        repeat_what_they_tell(session, copies, queue)
    finally:
        queue.empty()
        for connection, process in copies.items():
            connection.close()
            os.waitpid(process, 0)
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    return True


def how_many(config: pytest.Config) -> int:
    """For quick tests one more than there are cores: one in three waits for an emulator or a browser."""
    if sys.platform != "linux" or config.getoption("usepdb"):  # a debugger needs the terminal
        return 1
    asked = config.getoption("--processes")
    if asked == "auto":
        return len(os.sched_getaffinity(0)) + (not config.getoption("--everything", default=False))
    if not asked.isdecimal():
        raise pytest.UsageError(f"--processes takes a number or auto, not {asked!r}")
    return int(asked)


def together(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """The tests by what one process has to run."""
    groups = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        mark = item.get_closest_marker("together")
        groups[mark.args[0] if mark else str(item.path)].append(item)
    # What several files share takes long, and begins first.
    return sorted(groups.values(), key=lambda tests: tests[0].get_closest_marker("together") is None)


class Queue:
    """The numbers of the groups that nobody has begun, in a pipe from which all processes take."""

    SIZE = 2  # bytes of a number: so few are never read in part

    def __init__(self, length: int) -> None:
        self.reader, writer = os.pipe()
        os.write(writer, b"".join(number.to_bytes(self.SIZE, "big") for number in range(length)))
        os.close(writer)

    def __iter__(self) -> Iterator[int]:
        while number := os.read(self.reader, self.SIZE):
            yield int.from_bytes(number, "big")

    def empty(self) -> None:
        """So that nobody begins another group."""
        for _ in self:
            pass


def repeat_what_they_tell(session: pytest.Session, copies: dict[Connection, int], queue: Queue) -> None:
    """Until all have ended. What does not end well is a failure of the test that it ran."""
    hook = session.config.hook
    running = dict.fromkeys(copies, "before its first test")
    while copies:
        for connection in wait(list(copies)):
            assert isinstance(connection, Connection)
            try:
                told = connection.recv()
            except (EOFError, OSError):
                code = os.waitstatus_to_exitcode(os.waitpid(copies.pop(connection), 0)[1])
                if code:
                    reason = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                    hook.pytest_runtest_logreport(report=failure(running[connection], f"its process ended: {reason}"))
                continue
            match told:
                case str():
                    running[connection] = told
                case dict():
                    hook.pytest_warning_recorded.call_historic(kwargs=told)
                case _:
                    hook.pytest_runtest_logreport(report=told)
        if session.shouldfail:
            queue.empty()


def failure(nodeid: str, text: str) -> pytest.TestReport:
    return pytest.TestReport(nodeid, (nodeid, None, nodeid), {}, "failed", text, "call")


class Teller:
    """The reporter of a copy, which tells the first process what a terminal would be told."""

    DETAIL = 0.005  # seconds from which on `--durations` shows a set-up

    def __init__(self, told: Connection) -> None:
        self.running = "before its first test"
        self.told = told

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.running = nodeid
        self.told.send(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed or report.duration >= self.DETAIL:
            self.told.send(report)

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str, location: tuple[str, int, str] | None
    ) -> None:
        """Leaves out where the object came from that the warning is about: it may be one that cannot be sent."""
        shown = warnings.WarningMessage(
            warning_message.message, warning_message.category, warning_message.filename, warning_message.lineno
        )
        self.told.send({"warning_message": shown, "when": when, "nodeid": nodeid, "location": location})


def run_and_exit(session: pytest.Session, groups: Iterator[list[pytest.Item]], told: Connection) -> NoReturn:
    """Runs tests in a copy of the first process, which has its own capturing and nothing to say to the terminal."""
    plugins: Any = session.config.pluginmanager
    teller = Teller(told)
    code = 1
    try:
        plugins.unregister(name="terminalreporter")
        plugins.register(teller)
        capturing = plugins.getplugin("capturemanager")
        capturing.stop_global_capturing()
        capturing.start_global_capturing()
        try:
            run(session, groups)
        finally:
            plugins.getplugin("runner").pytest_sessionfinish(session)  # ends what tests of several files share
        code = 0
    except (KeyboardInterrupt, BrokenPipeError):
        pass  # the first process is interrupted as well, or gone
    except BaseException:  # noqa: BLE001 - nothing is lost
        told.send(failure(teller.running, traceback.format_exc()))
        code = 0
    finally:
        os._exit(code)


def run(session: pytest.Session, groups: Iterator[list[pytest.Item]]) -> None:
    for tests in groups:
        # Which test follows a group's last one is not known yet. All share pytest's Session, whose fixtures stay.
        for item, following in itertools.pairwise([*tests, cast("pytest.Item", session)]):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail or session.shouldstop:
                return
