"""Do all pages link to what is there, index what they should, and speak plain English?"""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from benchmarks.report import Results
from docs import generate_benchmarks, generate_decisions

REPOSITORY = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in REPOSITORY.rglob("*.md")
    if not any(part in ("node_modules", "dist") or (part.startswith(".") and part != ".github") for part in path.parts)
)


def text(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"(?s)```.*?```", "", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: str) -> None:
    prose = re.sub(r"(?s)```.*?```|`[^`\n]*`", "", text(page))
    links = re.findall(r"\]\(<?([^)>\s]+)", prose) + re.findall(r'(?:src|srcset|href)="([^"]+)"', prose)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = unquote(link).partition("#")
        found = (REPOSITORY / page).parent / target if target else REPOSITORY / page
        assert found.exists(), link
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found.resolve().relative_to(REPOSITORY).as_posix()), link


@pytest.mark.parametrize("page", PAGES)
def test_no_page_leaves_a_blank_for_the_reader_or_translates_from_another_language(page: str) -> None:
    assert not re.findall(r"(?i)<this repository>|\banew\b|\ban own\b|\bTODO\b", text(page))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_was_left_half_merged(page: str) -> None:
    assert not re.findall(r"(?m)^(?:<<<<<<<|>>>>>>>)", text(page))


def test_the_index_of_decisions_lists_them_all() -> None:
    assert generate_decisions.INDEX.read_text(encoding="utf-8") == generate_decisions.page(), (
        "write it again: python -m docs.generate_decisions"
    )


def test_the_benchmarks_that_are_shown_are_those_of_the_results() -> None:
    results = Results.read()
    readme = generate_benchmarks.README.read_text(encoding="utf-8")
    assert generate_benchmarks.PAGE.read_text(encoding="utf-8") == generate_benchmarks.page(results)
    assert readme == generate_benchmarks.with_figures(readme, results), (
        "write it again: python -m docs.generate_benchmarks"
    )
