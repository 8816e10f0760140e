"""Is everything that is installed locked to a version and its hashes, whatever index it comes from?"""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
LOCKS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in (".", ".ci", "function", "image", "local", "scripts", "tests")
    for path in (REPOSITORY / folder).glob("*.txt" if folder == "." else "**/*.txt")
)


def requirements(lock: str) -> list[str]:
    text = (REPOSITORY / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(r"^[^\s#].*", text, re.MULTILINE)


def test_every_lock_is_found() -> None:
    assert {"requirements.txt", "scripts/uv.txt", "function/requirements.txt", "image/scanners.txt"} <= set(LOCKS)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_has_a_version_and_hashes(lock: str) -> None:
    assert requirements(lock)
    unlocked = [line for line in requirements(lock) if "==" not in line or "--hash=sha256:" not in line]
    assert not unlocked, f"{lock} does not lock {unlocked}"


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index(lock: str) -> None:
    assert "://" not in (REPOSITORY / lock).read_text(encoding="utf-8")
