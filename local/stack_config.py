"""What the program is configured with: Pulumi.yaml's typed defaults under the stack file's values, as the CLI does it.

Leaves out encrypted values: they are refused, since only the CLI has their key.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from local.errors import LocalError

DEFAULT_STACK = "dev"

TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True)
class Stack:
    """A project and one stack's configuration.

    Attributes:
        project: The project's name.
        name: The stack's name.
        folder: Where Pulumi.yaml lies, which is the program's working directory.
        config: Every configured key with its namespace (`aws:region`), each value as the text the SDK reads.
    """

    project: str
    name: str
    folder: Path
    config: dict[str, str]

    @property
    def region(self) -> str:
        """The AWS region that is configured, or the emulator's usual one."""
        return self.config.get("aws:region", "us-east-1")


def load(folder: Path, name: str = DEFAULT_STACK, overrides: Mapping[str, Any] | None = None) -> Stack:
    """Read a project and its stack file, if there is one.

    Args:
        folder: Where Pulumi.yaml lies.
        name: The stack: its values are those of `Pulumi.<name>.yaml`.
        overrides: Values that win over both files, by key; without a namespace it is the project's.

    Raises:
        LocalError: A file cannot be read, a value has not its declared type, or a required one is missing.
    """
    project = document(folder / "Pulumi.yaml")
    if not isinstance(project.get("name"), str):
        raise LocalError(f"{folder / 'Pulumi.yaml'} does not name the project")
    namespace = project["name"]
    stack_file = folder / f"Pulumi.{name}.yaml"
    # The default stack may have no file of its own; any other was named by somebody who expects one.
    stack = document(stack_file) if stack_file.exists() or name != DEFAULT_STACK else {}
    given = {**qualified(stack.get("config") or {}, namespace), **qualified(overrides or {}, namespace)}
    declared = qualified(project.get("config") or {}, namespace)
    values = {**{key: default(entry) for key, entry in declared.items()}, **given}
    return Stack(
        project=namespace,
        name=name,
        folder=folder,
        config={
            key: text(checked(key, value, declared.get(key))) for key, value in values.items() if value is not None
        },
    )


def document(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise LocalError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise LocalError(f"{path} must be a mapping")
    return content


def qualified(config: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The same values with every key in a namespace: a bare key is the project's."""
    return {key if ":" in key else f"{namespace}:{key}": value for key, value in config.items()}


def default(entry: object) -> Any:
    """The value that a declaration in Pulumi.yaml gives: `{type, default}`, `{value}`, or the value itself."""
    if isinstance(entry, dict):
        return entry.get("value", entry.get("default"))
    return entry


def checked(key: str, value: Any, declaration: object) -> Any:
    """`value`, if it has the type that was declared for `key`."""
    if isinstance(value, dict) and "secure" in value:
        raise LocalError(f"{key} is encrypted, and only `pulumi` can decrypt it; use a stack without secrets here")
    wanted = declaration.get("type") if isinstance(declaration, dict) else None
    if wanted is None:
        return value
    # YAML's true is a bool in Python and so an int; no declared type but boolean means it.
    fits = isinstance(value, TYPES.get(str(wanted), object)) and isinstance(value, bool) <= (wanted == "boolean")
    if not fits:
        raise LocalError(f"{key} must be of type {wanted}, got {value!r}")
    return value


def text(value: Any) -> str:
    """A value as the CLI hands it to the program: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
