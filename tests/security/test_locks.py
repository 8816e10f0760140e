"""Is everything that is fetched known by its hash, wherever it comes from?"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def committed() -> Iterator[Path]:
    """Every file but those of environments and caches."""
    for folder, folders, names in os.walk(REPOSITORY):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "node_modules"]
        yield from (Path(folder, name) for name in names)


FILES = sorted(committed())
PYTHON = [*REPOSITORY.glob("requirements*.txt"), *(path.with_suffix(".txt") for path in FILES if path.suffix == ".in")]
NODE = [path for path in FILES if path.name == "package-lock.json"]


def shown(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("lock", sorted(PYTHON), ids=shown)
def test_every_locked_package_has_a_hash(lock: Path) -> None:
    requirements = re.split(r"\n(?=\w)", lock.read_text(encoding="utf-8").replace("\\\n", " ").strip())
    assert requirements
    assert [line for line in requirements if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize("lock", sorted(NODE), ids=shown)
def test_every_locked_package_of_node_has_a_hash(lock: Path) -> None:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


@pytest.mark.parametrize("lock", sorted(PYTHON + NODE), ids=shown)
def test_no_lock_says_where_from(lock: Path) -> None:
    """The index is the reader's: a closed network has a mirror."""
    text = lock.read_text(encoding="utf-8")
    assert not re.search(r"https?://|\"resolved\"", re.sub(r'"(funding|url|license)": "[^"]*"', "", text))
