"""The leak check stays quiet on honest parts and speaks up for every leak that is planted."""

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from model.leakage import TELLTALE_R2, LeakError, check_for_leaks, explained_alone
from model.splits import Part

Parts = tuple[Part, Part]


def row_in_both(train: Part, test: Part) -> Parts:
    return Part(
        pd.concat([train.features, test.features.tail(1)]), pd.concat([train.target, test.target.tail(1)])
    ), test


def twin_in_both(train: Part, test: Part) -> Parts:
    """A duplicate that preparation should have dropped: same measurements, another row number, another score."""
    twin = test.features.tail(1).set_axis([99_999])
    score = pd.Series([9], index=[99_999], name="quality")
    return Part(pd.concat([train.features, twin]), pd.concat([train.target, score])), test


def with_column(make: Callable[[pd.Series], "pd.Series[float]"]) -> Callable[[Part, Part], Parts]:
    def plant(train: Part, test: Part) -> Parts:
        planted = [Part(part.features.assign(rating=make(part.target)), part.target) for part in (train, test)]
        return planted[0], planted[1]

    return plant


def noisy(target: pd.Series) -> "pd.Series[float]":
    return target + np.random.default_rng(0).normal(0, 0.3, len(target))


def not_monotone(target: pd.Series) -> "pd.Series[float]":
    """No correlation coefficient sees this one."""
    return target.map(lambda score: float((score * 7) % 11)) + np.random.default_rng(0).normal(0, 0.01, len(target))


def test_the_real_parts_have_no_leak(parts: Parts) -> None:
    check_for_leaks(*parts)


@pytest.mark.parametrize(
    ("plant", "complaint"),
    [
        (row_in_both, "1 rows stand in both parts"),
        (twin_in_both, "1 test rows have the measurements of a training row"),
        (with_column(noisy), "column 'rating' alone explains"),
        (with_column(not_monotone), "column 'rating' alone explains"),
    ],
)
def test_a_planted_leak_is_found(parts: Parts, plant: Callable[[Part, Part], Parts], complaint: str) -> None:
    with pytest.raises(LeakError, match=re.escape(complaint)):
        check_for_leaks(*plant(*parts))


def test_no_honest_column_comes_near_the_limit(parts: Parts) -> None:
    train, _ = parts
    explained = {name: explained_alone(train.features[[name]], train.target) for name in train.features}
    assert max(explained, key=lambda name: explained[name]) == "alcohol"
    assert max(explained.values()) < TELLTALE_R2 / 2
