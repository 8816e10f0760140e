"""What the program is configured with: Pulumi.yaml's typed defaults under the stack file's values, as the CLI does it.

Leaves out encrypted values: they are refused, since only the CLI has their key.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from local.errors import LocalError

DEFAULT_STACK = "dev"

MODEL_KEY = "modelPath"
"""The program's configuration key for the model file."""

MAX_NAME_LENGTH = 40
"""Of a project that is named after a model: the component's own limit."""

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

    @property
    def model(self) -> Path:
        """The model file that is configured.

        Raises:
            LocalError: None is.
        """
        path = self.config.get(f"{self.project}:{MODEL_KEY}")
        if path is None:
            raise LocalError(f"{self.project}:{MODEL_KEY} is not configured; name a model: MODEL=path/to/model.ubj")
        return self.folder / path

    def named_after(self, model: Path) -> "Stack":
        """The same settings with another model, and with the project called after it, as its own program would be."""
        name = re.sub(r"[^a-z0-9]+", "-", model.stem.lower()).strip("-")
        name = (name if name[:1].isalpha() else f"model-{name}")[:MAX_NAME_LENGTH].strip("-")
        config = {re.sub(f"^{re.escape(self.project)}:", f"{name}:", key): value for key, value in self.config.items()}
        return replace(self, project=name, config={**config, f"{name}:{MODEL_KEY}": str(model.resolve())})


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
    given = merged(qualified(stack.get("config") or {}, namespace), qualified(overrides or {}, namespace))
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


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """Settings as people write them, `memoryMb=512` or, within one, `alarms.p99DurationMs=250`.

    Args:
        texts: One setting each; the value is YAML, as in a stack's file.

    Raises:
        LocalError: One is not of that form.
    """
    given: dict[str, Any] = {}
    for text_given in texts:
        path, equals, value = text_given.partition("=")
        *outer, last = path.strip().split(".")
        within = given
        for key in outer:
            within = within.setdefault(key, {})
        if not equals or not last or not isinstance(within, dict):
            raise LocalError(f"{text_given!r} is not a setting and its value, such as memoryMb=512")
        try:
            within[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise LocalError(f"{text_given!r}: the value is not YAML; put quotes around a text") from None
    return given


def write(path: Path, key: str, value: str) -> None:
    """Write one setting into a stack's file, and leave every other line, comments included, as it is.

    Args:
        path: The file; made if it is not there.
        key: The setting with its namespace.
        value: A text that needs no quotes in YAML.

    Raises:
        LocalError: The file is not of the form that Pulumi writes, or cannot be written.
    """
    before = path.read_text(encoding="utf-8") if path.exists() else "config:\n"
    line = f"  {key}: {value}"
    after, found = re.subn(rf"^  {re.escape(key)}:.*$", line, before, count=1, flags=re.MULTILINE)
    if not found:
        after = re.sub(r"^config:[ ]*$", f"config:\n{line}", before, count=1, flags=re.MULTILINE)
    try:
        path.write_text(after, encoding="utf-8")
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror}") from None
    if (document(path).get("config") or {}).get(key) != value:
        path.write_text(before, encoding="utf-8")
        raise LocalError(f"{path} is not of the form that Pulumi writes; set {key} to {value} by hand")


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


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values of both, those above winning; where both are mappings, by their keys."""
    both = {**below, **above}
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            both[key] = merged(below[key], above[key])
    return both


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
