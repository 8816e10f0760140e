"""Is docs/image.md true? Its budgets, statuses, options and links are those of the code."""

import re
from pathlib import Path

from image import checks, contents
from image.behaviour import statuses
from image.events import cases

DOCUMENT = Path(__file__).parents[2] / "docs" / "image.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_the_budgets_are_those_that_are_enforced() -> None:
    found = re.search(r"at most (\d+) MB unpacked, (\d+) files, (\d+) layers", TEXT)
    assert found
    assert tuple(map(int, found.groups())) == (contents.BYTES // 1_000_000, contents.FILES, contents.LAYERS)


def test_the_requests_and_statuses_are_those_that_are_sent() -> None:
    found = re.search(r"(\d+) requests that reach ([\d, and]+), and a good one", TEXT)
    assert found
    assert int(found[1]) == len(cases({"a": 1.0}))
    assert " ".join(re.findall(r"\d+", found[2])) == statuses(cases({"a": 1.0}))


def test_the_list_of_packages_is_where_it_says() -> None:
    assert f"`{checks.BILL_OF_MATERIALS.as_posix()}`" in TEXT


def test_every_file_that_is_linked_to_exists() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    assert [link for link in links if not (DOCUMENT.parent / link).exists()] == []
