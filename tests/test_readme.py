"""Is README true? Its commands, settings, files and outputs are those of the project."""

import html
import json
import re
from pathlib import Path

import pytest

from components import arguments
from components.spelling import camel_case
from docs import generate_terminal

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_make_command_of_readme_is_a_target() -> None:
    named = set(re.findall(r"`make ([a-z-]+)|^make ([a-z-]+)", README, re.MULTILINE))
    commands = {first or second for first, second in named}
    assert {"local", "serve", "test", "check"} <= commands
    assert commands <= TARGETS, f"README names {commands - TARGETS}, which the Makefile does not have"


def test_every_target_that_help_lists_has_a_recipe() -> None:
    listed = re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE)
    assert len(listed) > 5
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(listed) <= set(phony[1].split())


@pytest.mark.parametrize("module", sorted(set(re.findall(r"-m ([a-z_.]+)", MAKEFILE)) - {"pytest"}))
def test_every_module_that_the_makefile_runs_exists(module: str) -> None:
    path = REPOSITORY / module.replace(".", "/")
    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_every_setting_of_readme_is_declared() -> None:
    declared = {camel_case(name) for name in arguments.RULES}
    named = set(re.findall(r"pulumi config set (\w+)", README)) | set(re.findall(r"setting `(\w+)`", README))
    assert named
    assert named <= declared


def test_every_stack_output_of_readme_is_exported() -> None:
    program = (REPOSITORY / "__main__.py").read_text()
    exported = set(re.findall(r'pulumi\.export\("(\w+)"', program))
    named = set(re.findall(r"pulumi stack output (\w+)", README)) | set(re.findall(r"stack output `(\w+)`", README))
    assert named
    assert named <= exported


def test_every_file_that_readme_links_to_exists() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def test_every_folder_of_readmes_table_exists() -> None:
    folders = re.findall(r"^\| `(\w+(?:/\w+)*)/`", README, re.MULTILINE)
    assert len(folders) > 5
    assert [folder for folder in folders if not (REPOSITORY / folder).is_dir()] == []


def test_the_package_that_readme_imports_is_the_one_that_is_built() -> None:
    names = set(re.findall(r"^from (\w+) import MLInferenceFunction", README, re.MULTILINE))
    assert names == {"pulumi_ml_inference"}
    assert "pulumi_ml_inference" in (REPOSITORY / "pyproject.toml").read_text()


def test_its_pictures_of_commands_show_what_the_present_model_predicts() -> None:
    deployed, called = (
        html.unescape(path.read_text(encoding="utf-8")).replace("\xa0", " ")
        for path in (generate_terminal.DEPLOYED, generate_terminal.CALLED)
    )
    first, second = json.loads((REPOSITORY / "model" / "golden.json").read_text())["predictions"][:2]
    again = "draw it again: python -m docs.generate_terminal"
    assert all(f"{value}    {value}" in deployed for value in (first, second)), again
    assert f"[{first}, {second}]" in called, again
    assert "200  signed by the invoker role" in deployed
    assert 'did you mean "fixed acidity"?' in called
