"""Do the workflows and forms for GitHub pass real checkers? Nothing here reaches the network."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from components.version import VERSION

REPOSITORY = Path(__file__).parents[1]
GITHUB = REPOSITORY / ".github"

SCHEMAS = {
    ".github/workflows/*.yml": "vendor.github-workflows",
    ".github/ISSUE_TEMPLATE/[!c]*.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/dependabot.yml": "vendor.dependabot",
}


@pytest.mark.parametrize("files", SCHEMAS)
def test_every_file_has_the_form_that_github_reads(files: str) -> None:
    from check_jsonschema.cli import main as check_jsonschema  # here, where it is needed: a fifth of a second

    found = [str(path) for path in REPOSITORY.glob(files)]
    assert found
    checked = CliRunner().invoke(check_jsonschema, ["--builtin-schema", SCHEMAS[files], *found])
    assert checked.exit_code == 0, checked.output


def test_no_workflow_has_a_known_weakness() -> None:
    tool = Path(sys.executable).with_name("zizmor")
    ended = subprocess.run([tool, "--offline", "--no-progress", GITHUB], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "No findings" in ended.stdout + ended.stderr


def test_the_job_that_checks_runs_what_ci_runs_anywhere() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())
    assert ".ci/run" in workflow["jobs"]["check"]["steps"][-1]["run"]


def test_every_hook_before_a_commit_runs_a_tool_that_set_up_brings() -> None:
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    programs = {hook["entry"].split()[0] for hook in repository["hooks"]}
    assert programs <= {".venv/bin/ruff", ".venv/bin/zizmor"}
    assert all((Path(sys.executable).parent / Path(program).name).exists() for program in programs)


@pytest.mark.parametrize("tag", ["v9.9.9", VERSION, f"release-{VERSION}"])
def test_a_release_whose_tag_is_not_its_version_is_not_built(tag: str) -> None:
    ended = release(REPOSITORY, tag)
    assert ended.returncode != 0
    assert f"the tag must be v{VERSION}" in ended.stderr


@pytest.mark.slow
def test_a_release_is_a_wheel_a_source_distribution_and_a_list_of_what_they_need(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", REPOSITORY, tmp_path], check=True)
    changelog, heading = tmp_path / "CHANGELOG.md", re.compile(rf"^## {re.escape(VERSION)} .*$", re.MULTILINE)
    text = changelog.read_text()
    changelog.write_text(heading.sub(f"## {VERSION} (unreleased)", text))
    refused = release(tmp_path)
    assert refused.returncode != 0
    assert f"must have the heading '## {VERSION} (YYYY-MM-DD)'" in refused.stderr

    changelog.write_text(heading.sub(f"## {VERSION} (2026-12-01)", text))
    built = release(tmp_path)
    assert built.returncode == 0, built.stderr
    wheel, source = f"pulumi_ml_inference-{VERSION}-py3-none-any.whl", f"pulumi_ml_inference-{VERSION}.tar.gz"
    assert {path.name for path in (tmp_path / "dist").iterdir()} == {wheel, source, "sbom.cdx.json"}
    listed = json.loads((tmp_path / "dist" / "sbom.cdx.json").read_text())["components"]
    assert {"pulumi", "pulumi-aws", "pulumi-docker"} <= {component["name"] for component in listed}


def release(folder: Path, tag: str = f"v{VERSION}") -> subprocess.CompletedProcess[str]:
    return subprocess.run([folder / "scripts" / "release", tag], capture_output=True, text=True, check=False)
