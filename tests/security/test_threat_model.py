"""Does docs/security.md name tests that there are, each where a claim asks for it?"""

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.security import deployments as d
from tests.security.deployments import Deployer

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
CLAIMS, _, LIST = PAGE.partition("## Tests\n")
TESTS = dict(re.findall(r"^(\d+)\. `(.+)`$", LIST, re.MULTILINE))


@functools.cache
def functions(file: str) -> set[str]:
    tree = ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("test", TESTS.values())
def test_a_test_that_the_page_names_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert name in functions(file)


def test_every_number_of_the_page_is_a_test_and_every_test_has_its_claim() -> None:
    assert set(re.findall(r"\[(\d+)\](?!\()", CLAIMS)) == TESTS.keys()


def test_every_test_has_one_number() -> None:
    assert len(set(TESTS.values())) == len(TESTS) > 20


def test_every_claim_of_a_table_names_a_test() -> None:
    rows = re.findall(r"^\| (?!what could|---)(.*) \|$", CLAIMS, re.MULTILINE)
    assert len(rows) > 10
    assert [row for row in rows if not re.search(r"\[\d+\]", row)] == []


def test_whatever_is_trusted_with_something_has_its_place_on_the_page(deploy: Deployer) -> None:
    """Every role, bucket and state machine that the component makes, by its name in words."""
    made = deploy({"batch": {}})
    words = [role.name.removeprefix("wine-").replace("-", " ") for role in made.all(d.ROLE)]
    words += [f"{bucket.name.rpartition('-')[2]} bucket" for bucket in made.all(d.BUCKET)]
    words += ["state machine" for _ in made.all(d.STATE_MACHINE)]
    assert {"batch role", "input bucket", "output bucket", "state machine"} <= set(words)
    assert [word for word in words if word not in CLAIMS] == []


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/security.md"])
def test_every_file_that_a_page_links_to_exists(page: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", (REPOSITORY / page).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (REPOSITORY / page).parent.joinpath(link).exists()] == []
