"""Writes docs/reference.md from the component's docstrings: `python -m docs.generate_reference`.

The docstrings become the schema's descriptions, and the schema becomes this page, so that an editor, a program in
another language and the page say the same. Nothing is written here that the code does not say.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components import MLInferenceFunction, MLInferenceFunctionArgs, arguments, component_package
from components.spelling import camel_case

PAGE = Path(__file__).with_name("reference.md")

INTRODUCTION = """\
# Reference

<!-- Written by `python -m docs.generate_reference` from the docstrings in components/. Change those, not this page. -->

Everything that `MLInferenceFunction` takes and returns. Python spells names as here; every other language, and YAML,
uses camel case: `memory_mb` is `memoryMb`. What is marked *input* may be an output of another resource; all other
values have to be known before anything is deployed, because they are checked then. An argument that is left out, or
`None`, has its default; one that is not listed here is refused by name.
"""


def page() -> str:
    """The page as it has to be."""
    schema = json.loads(component_package.schema())
    (component,) = schema["resources"].values()
    summary, _, tree = component["description"].partition("\n\n")
    kinds = {token.rpartition(":")[2]: kind for token, kind in schema["types"].items()}
    parts = [
        INTRODUCTION,
        f"## Resources\n\n{summary}\n\n```text\n{tree}\n```\n",
        f"## Arguments\n\n{_paragraph(MLInferenceFunctionArgs.__doc__ or '')}\n",
        _table("Argument", MLInferenceFunctionArgs.__annotations__, component["inputProperties"]),
    ]
    for name, kind in kinds.items():
        parts.append(f"### {name}\n\n{_paragraph(kind['description'])}\n")
        parts.append(_values(kind) if "enum" in kind else _table("Argument", _python_names(name), kind["properties"]))
    outputs = [name for name in MLInferenceFunction.__annotations__ if not name.startswith("_")]
    parts.append("## Outputs\n\nAll are known after a deployment; those that may be none say so.\n")
    parts.append(_table("Output", outputs, component["properties"], is_output=True))
    return "\n".join(parts)


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


def _python_names(kind: str) -> Mapping[str, Any]:
    """The names of a nested mapping's arguments, in the order of their declaration."""
    return dict(getattr(arguments, kind).__annotations__)


def _table(heading: str, names: Any, described: Mapping[str, Any], *, is_output: bool = False) -> str:
    rows = [
        f"| `{name}` | {_type(prop, mark=not is_output)} | {_paragraph(prop['description'])} |"
        for name in names
        for prop in [described[camel_case(name)]]
    ]
    return "\n".join([f"| {heading} | Type | Meaning |", "| --- | --- | --- |", *rows]) + "\n"


def _values(kind: Mapping[str, Any]) -> str:
    rows = [f"| `{value['value']}` | {_paragraph(value['description'])} |" for value in kind["enum"]]
    return "\n".join(["| Value | Meaning |", "| --- | --- |", *rows]) + "\n"


def _type(prop: Mapping[str, Any], *, mark: bool) -> str:
    """A property's type in words; what may be an output is marked."""
    inner = prop.get("additionalProperties") or prop.get("items")
    marked = mark and not prop.get("plain")
    if "$ref" in prop:
        name = prop["$ref"].rpartition(":")[2]
        words = f"[{name}](#{name.lower()})" if prop["$ref"].startswith("#/types/") else "any"
    elif inner:
        # A whole that may be an output has parts that may: once is enough.
        form = "list of" if prop["type"] == "array" else "mapping of string to"
        words = f"{form} {_type(inner, mark=mark and not marked)}"
    else:
        words = str(prop["type"])
    return f"{words} (*input*)" if marked else words


def _paragraph(description: str) -> str:
    """A description on one line, as a cell of a table needs it."""
    return " ".join(_lines(description)).replace("|", "\\|")


def _lines(description: str) -> Iterator[str]:
    return (line.strip() for line in description.strip().splitlines())


if __name__ == "__main__":
    main()
