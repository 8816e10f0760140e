"""How do programs in other languages use the component? As the Pulumi package `ml-inference`, served over gRPC.

The SDK reads the package's schema off the types and docstrings of the component. Two of its habits are not good enough
here: inputs that the schema does not know are dropped without a word, and so is a nested mapping that arrives as an
output. Both would deploy something else than was asked for; this provider refuses them.

    python -m components.component_package > components/schema.json
"""

import difflib
import inspect
import json
import sys
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve_provider
from pulumi.provider.experimental.analyzer import PropertyDefinition, PropertyType
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from .ml_inference_function import MLInferenceFunction

NAME = "ml-inference"
#: The package's version, which is the distribution's.
VERSION = "0.1.0"


class MLInferenceProvider(ComponentProvider):
    """Constructs `MLInferenceFunction` for a program in another language."""

    def __init__(self) -> None:
        super().__init__([MLInferenceFunction], NAME, version=VERSION)
        self.schema = json.dumps(_without_indentation(json.loads(self.schema or "{}")))

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Constructs the component.

        Raises:
            pulumi.InputPropertiesError: An argument is not possible. The engine shows its message and no traceback.
        """
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.RunError):
                # The list of single properties may be empty, but the SDK fails without one.
                raise pulumi.InputPropertiesError(str(error.inner), []) from None
            raise

    def map_input_properties(
        self,
        inputs: Mapping[str, Any],
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> dict[str, Any]:
        """Turns the names of inputs into Python's, for the component's own and for nested ones.

        Raises:
            pulumi.InputPropertyError: An input has no place in the schema, or is an output where it has to be known.
        """
        for key, value in inputs.items():
            path = f"{property_path}.{key}" if property_path else key
            if key not in properties:
                near = difflib.get_close_matches(key, properties, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"allowed are {', '.join(sorted(properties))}"
                raise pulumi.InputPropertyError(path, f"unknown argument {path!r}: {hint}")
            if value is not None:
                self._check(path, value, properties[key])
        return dict(super().map_input_properties(inputs, properties, mapping, component_name, property_path))

    def _check(self, path: str, value: Any, wanted: PropertyDefinition) -> None:
        if wanted.plain and isinstance(value, pulumi.Output):
            raise pulumi.InputPropertyError(
                path,
                f"{path} must be known before anything is deployed, got an output or a secret: "
                "give the value itself, or read it from the stack's configuration",
            )
        if not wanted.ref or (kind := self.get_type_definition(wanted)) is None:
            return
        if kind.enum:
            allowed = [member.value for member in kind.enum]
            if value not in allowed:
                raise pulumi.InputPropertyError(path, f"{path} must be one of {', '.join(map(str, allowed))}")
        elif kind.type is PropertyType.OBJECT and not isinstance(value, dict):
            raise pulumi.InputPropertyError(path, f"{path} must be a mapping of {', '.join(sorted(kind.properties))}")


def schema() -> str:
    """The package's schema as it is committed: JSON, one property a line."""
    return json.dumps(json.loads(MLInferenceProvider().schema or "{}"), indent=2, ensure_ascii=False) + "\n"


def serve() -> None:
    """Serves the package until the engine, whose address is the command's argument, ends the process."""
    serve_provider(MLInferenceProvider(), sys.argv[1:])


def _without_indentation(part: Any) -> Any:
    """Descriptions as a reader wants them: docstrings come with the indentation of their source."""
    if isinstance(part, list):
        return [_without_indentation(item) for item in part]
    if isinstance(part, dict):
        return {
            key: inspect.cleandoc(value)
            if key == "description" and isinstance(value, str)
            else _without_indentation(value)
            for key, value in part.items()
        }
    return part


if __name__ == "__main__":
    sys.stdout.write(schema())
