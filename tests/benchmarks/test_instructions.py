"""No commit makes the handler dearer without saying so: its instructions are those of record."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from benchmarks.instructions import Change

pytestmark = pytest.mark.together("benchmarks")  # all stage the handler into one build folder


@pytest.mark.slow  # some twenty processes under valgrind
def test_the_handler_needs_the_instructions_of_record() -> None:
    try:
        found = instructions.changes()
    except instructions.NoCallgrindError as reason:
        pytest.skip(f"instructions are not counted: {reason}")
    dearer = [str(change) for change in found if abs(change.growth) > instructions.TOLERANCE]
    assert not dearer, "if this is meant: python -m benchmarks.instructions --record\n" + "\n".join(dearer)


def test_a_change_says_what_grew_and_by_how_much() -> None:
    change = Change("warm: 2 rows", 1_000_000, 1_050_000)
    assert change.growth == pytest.approx(0.05)
    assert str(change).split() == ["warm:", "2", "rows", "1,000,000", "1,050,000", "+5.0%"]


def test_what_was_never_recorded_is_a_change() -> None:
    change = Change("warm: 3 rows", 0, 1_000_000)
    assert change.growth > instructions.TOLERANCE
    assert str(change).split() == ["warm:", "3", "rows", "0", "1,000,000", "+inf%"]
