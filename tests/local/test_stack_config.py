"""Configuration reads as the Pulumi CLI reads it."""

from pathlib import Path

import pytest

from local.errors import LocalError
from local.stack_config import assignments, load

PROJECT = """
name: wine
runtime: python
config:
  model: {type: string, default: a.ubj}
  memory: {type: integer, default: 128}
  loud: {type: boolean, default: false}
  names: {type: array, items: {type: string}, default: []}
  optional: {type: string}
  aws:region: {value: eu-west-1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


def test_defaults_are_those_of_the_project(folder: Path) -> None:
    assert load(folder).config == {
        "wine:model": "a.ubj",
        "wine:memory": "128",
        "wine:loud": "false",
        "wine:names": "[]",
        "aws:region": "eu-west-1",
    }


def test_the_stack_file_wins_over_the_project(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config: {'wine:memory': 256, 'aws:region': eu-north-1}")
    stack = load(folder)
    assert (stack.config["wine:memory"], stack.region) == ("256", "eu-north-1")


def test_an_override_wins_over_the_stack_file(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config: {'wine:model': b.ubj}")
    assert load(folder, overrides={"model": "c.ubj"}).config["wine:model"] == "c.ubj"


def test_an_override_of_one_key_leaves_the_others_of_a_mapping(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config: {'wine:tags': {team: red, stack: dev}}")
    given = assignments(["tags.team=blue", "memory=256"])
    assert load(folder, overrides=given).config["wine:tags"] == '{"team": "blue", "stack": "dev"}'
    assert load(folder, overrides=given).config["wine:memory"] == "256"


@pytest.mark.parametrize("text", ["memory", "=1", "memory.=1", "memory: 1", "names=[", "a=1 a.b=2"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(LocalError):
        assignments(text.split(" ") if " a." in text else [text])


@pytest.mark.parametrize(
    ("file", "name"),
    [("churn.ubj", "churn"), ("Churn_v2.json", "churn-v2"), ("2024.ubj", "model-2024"), ("ä" * 3 + ".ubj", "model")],
)
def test_another_model_gives_its_name_to_everything(folder: Path, file: str, name: str) -> None:
    stack = load(folder).named_after(folder / file)
    assert stack.project == name
    assert stack.config[f"{name}:memory"] == "128"
    assert stack.model == folder / file
    assert {key.partition(":")[0] for key in stack.config} == {name, "aws"}


def test_another_stack_has_its_own_file(folder: Path) -> None:
    (folder / "Pulumi.prod.yaml").write_text("config: {'wine:model': prod.ubj}")
    assert load(folder, "prod").config["wine:model"] == "prod.ubj"


@pytest.mark.parametrize("value", ["memory: many", "memory: true", "loud: 1", "names: one", "model: 3", "memory: 1.5"])
def test_a_value_of_the_wrong_type_is_refused_by_name(folder: Path, value: str) -> None:
    key, _, _ = value.partition(":")
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  wine:{value}\n")
    with pytest.raises(LocalError, match=f"wine:{key} must be of type"):
        load(folder)


def test_an_encrypted_value_is_refused(folder: Path) -> None:
    (folder / "Pulumi.dev.yaml").write_text("config: {'wine:model': {secure: v1:abc}}")
    with pytest.raises(LocalError, match="wine:model is encrypted"):
        load(folder)


@pytest.mark.parametrize("content", ["config: [", "- a list", None])
def test_an_unreadable_project_is_one_plain_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "Pulumi.yaml").write_text(content)
    with pytest.raises(LocalError, match=r"Pulumi\.yaml") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_stack_that_was_named_must_have_a_file(folder: Path) -> None:
    with pytest.raises(LocalError, match=r"Pulumi\.staging\.yaml cannot be read"):
        load(folder, "staging")
