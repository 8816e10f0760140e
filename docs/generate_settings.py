"""Writes the settings into Pulumi.yaml: `python -m docs.generate_settings`.

Type, default and meaning of a setting are those of the component's argument. Pulumi asks every stack for a setting that
is declared without a default, so those that may be left out are listed as comments.
"""

import json
import re
import textwrap
from enum import Enum
from pathlib import Path
from typing import Any

from components import arguments, component_package
from components.spelling import camel_case

PROJECT = Path(__file__).resolve().parents[1] / "Pulumi.yaml"

ABOUT = """\
# Every argument of the component is a setting. Written by `python -m docs.generate_settings` from the docstrings in
# components/arguments.py: change those, not this. What a stack sets differently is in Pulumi.<stack>.yaml.
config:
"""

LEFT_OUT = """\
  # Settings without a default, of which modelPath or another source of the image is required:
"""


def page() -> str:
    """Pulumi.yaml as it has to be: what is above the settings is kept."""
    head, _, _ = PROJECT.read_text(encoding="utf-8").partition("config:\n")
    head = re.sub(r"(?m)^#.*\n", "", head)
    (component,) = json.loads(component_package.schema())["resources"].values()
    inputs = component["inputProperties"]
    declared = "".join(
        _declaration(camel_case(name), inputs[camel_case(name)], rule.default)
        for name, rule in arguments.RULES.items()
        if rule.default is not None
    )
    left_out = "".join(
        _wrapped(f"{key} ({_type(inputs[key])}): {_meaning(inputs[key])}", "  #   ", "  #     ")
        for key in (camel_case(name) for name, rule in arguments.RULES.items() if rule.default is None)
    )
    return head + ABOUT + declared + LEFT_OUT + left_out


def main() -> None:
    """Writes the settings."""
    PROJECT.write_text(page(), encoding="utf-8", newline="\n")


def _declaration(key: str, described: dict[str, Any], default: Any) -> str:
    """A setting as Pulumi declares it; it knows no numbers but whole ones, so others stay without a type."""
    kind = _type(described)
    value = default.value if isinstance(default, Enum) else default
    lines = [f"  {key}:"]
    if kind != "number":
        lines += [f"    type: {kind}"]
    if kind == "array":
        lines += ["    items:", f"      type: {described['items']['type']}"]
    lines += [f"    default: {value if isinstance(value, str) else json.dumps(value)}", "    description: >-"]
    return "\n".join(lines) + "\n" + _wrapped(_meaning(described), " " * 6, " " * 6)


def _type(described: dict[str, Any]) -> str:
    reference = described.get("$ref", "")
    return str(described.get("type") or ("object" if reference.endswith("Args") else "string"))


def _meaning(described: dict[str, Any]) -> str:
    """The description on one line, with arguments spelt as settings are."""
    text = " ".join(described["description"].split())
    return re.sub(r"`(\w+)`", lambda name: f"`{camel_case(name[1]) if name[1] in arguments.RULES else name[1]}`", text)


def _wrapped(text: str, first: str, further: str) -> str:
    return textwrap.fill(text, 120, initial_indent=first, subsequent_indent=further) + "\n"


if __name__ == "__main__":
    main()
