"""Is everything that is installed locked to a version and its hashes, whatever index it comes from?"""

import json
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
LOCKS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in (".", ".ci", "function", "image", "local", "scripts", "tests")
    for path in (REPOSITORY / folder).glob("*.txt" if folder == "." else "**/*.txt")
)

NODE_LOCKS = [f"{folder}/package-lock.json" for folder in ("clients/node", "clients/postman", "tests/reuse")]


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


@pytest.mark.parametrize("lock", NODE_LOCKS)
def test_every_package_of_node_has_a_hash_and_no_address(lock: str) -> None:
    packages = {name: entry for name, entry in json.loads((REPOSITORY / lock).read_text())["packages"].items() if name}
    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if "integrity" not in entry]
