"""A model file that is whole but wrong is refused in preview and handler alike, or predicts what XGBoost predicts.

XGBoost's library reads what an index names whether it is there or not, so that one wrong number can end its process.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import booster
import pytest

from tests.function import mutants, saved_models

REPOSITORY = Path(__file__).parents[2]
VERSIONS = [
    version
    for version in saved_models.VERSIONS
    if version not in ("3.0", "3.1") and tuple(map(int, version.split("."))) <= booster.library_version()
]
"""The versions whose files differ in their structure, as far as this Python's library reads them."""

MUTATIONS = 1_000
"""Of each version and format."""


@functools.cache
def judge(version: str, first: int, last: int) -> dict[str, Counter[str]]:
    """Judge mutations of each format in a process of their own; a crash is one of the outcomes."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.function.mutants", version, str(first), str(last)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=2400,
    )
    lines = list(map(json.loads, told.stdout.splitlines()))
    changes, outcomes = lines[::2], lines[1::2]
    assert told.returncode == 0 or len(outcomes) < len(changes), told.stderr
    if told.returncode:
        outcomes.append(f"the process ended with {told.returncode} {told.stderr[-300:]}")
    wrong = [
        f"{change}: {outcome}"
        for (_, change), outcome in zip(changes, outcomes, strict=True)
        if outcome not in (mutants.REFUSED, mutants.PREDICTED)
    ]
    assert not wrong, "\n".join(wrong)
    found: dict[str, Counter[str]] = {form: Counter() for form in mutants.FORMS}
    for (form, _), outcome in zip(changes, outcomes, strict=True):
        found[form][outcome] += 1
    return found


def assert_a_share_of_each(outcomes: Counter[str], mutations: int) -> None:
    """Mutations that all are refused, or none of them, would show nothing."""
    assert sum(outcomes.values()) == mutations
    assert min(outcomes[mutants.REFUSED], outcomes[mutants.PREDICTED]) >= mutations // 20, outcomes


@pytest.mark.parametrize("form", mutants.FORMS)
def test_a_wrong_model_is_refused_everywhere_or_predicts_as_in_xgboost(form: str) -> None:
    assert_a_share_of_each(judge(VERSIONS[-1], 0, 200)[form], 200)


@pytest.mark.slow
@pytest.mark.parametrize("form", mutants.FORMS)
@pytest.mark.parametrize("version", VERSIONS)
def test_thousands_of_wrong_models_are_refused_everywhere_or_predict_as_in_xgboost(version: str, form: str) -> None:
    assert_a_share_of_each(judge(version, 0, MUTATIONS)[form], MUTATIONS)


@pytest.mark.parametrize("version", saved_models.VERSIONS)
def test_a_file_without_a_mutation_comes_out_as_it_was(version: str) -> None:
    for name, content in saved_models.archive(version).items():
        if name.endswith(".ubj"):
            assert mutants.encoded(mutants.decoded(content)) == content, name
