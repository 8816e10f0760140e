"""Is what goes wrong in a command said in one line, and told by its exit status?"""

from collections.abc import Callable

import pytest

from local.errors import LocalError, exit_status


def failing(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


def test_a_command_that_ends_well_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(lambda: "whatever it returns", debug=True) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (LocalError("port 4566 is taken: choose another"), "error: port 4566 is taken: choose another"),
        (ValueError("two\n   lines"), "error: ValueError: two lines"),
    ],
)
def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str], error: Exception, line: str) -> None:
    assert exit_status(failing(error), debug=False) == 1
    assert capsys.readouterr() == ("", f"{line}\n")


def test_whoever_asks_gets_the_traceback_before_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(failing(LocalError("no model")), debug=True) == 1
    first, *_, last = capsys.readouterr().err.splitlines()
    assert (first, last) == ("Traceback (most recent call last):", "error: no model")


def test_an_interruption_is_left_to_the_command() -> None:
    with pytest.raises(KeyboardInterrupt):
        exit_status(failing(KeyboardInterrupt()), debug=False)
