"""How do programs in other languages use the component? As the Pulumi package `ml-inference`, served over gRPC.

The SDK reads the package's schema off the types and docstrings of the component. Two of its habits are not good enough
here: inputs that the schema does not know are silently dropped, and so is a nested mapping that arrives as an
output. Both would deploy something else than was asked for; this provider refuses them.
"""

import inspect
import json
import sys
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.provider import ConstructResult, server
from pulumi.provider import main as serve_provider
from pulumi.provider.experimental.analyzer import ComponentDefinition, PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from .checks import nearest
from .ml_inference_function import MLInferenceFunction
from .spelling import SpeltArguments, camel_case
from .version import VERSION

NAME = "ml-inference"


class MLInferenceProvider(ComponentProvider):
    """Constructs `MLInferenceFunction` for a program in another language."""

    def __init__(self) -> None:
        super().__init__([MLInferenceFunction], NAME, version=VERSION)
        self.schema = json.dumps(_without_indentation(json.loads(self.schema or "{}")))
        (self._component,) = self._component_defs.values()

    @property
    def inputs(self) -> dict[str, PropertyDefinition]:
        """What the schema says of every argument, by its name in camel case."""
        return self._component.inputs

    def arguments(self, inputs: Mapping[str, Any]) -> SpeltArguments:
        """Inputs in the names and types of the schema, as the component's arguments.

        Raises:
            pulumi.InputPropertyError: An input has no place in the schema, or is an output where it has to be known.
        """
        return self.map_inputs(inputs, self._component)

    def secret(self, value: Any, wanted: PropertyDefinition | None) -> Any:
        """The value with each of its parts a secret that may be one, and the rest of it as a whole."""
        if wanted and isinstance(value, dict):
            parts = self._properties(wanted) or dict.fromkeys(value, wanted.additional_properties)
            return {key: self.secret(item, parts.get(key)) for key, item in value.items()}
        return pulumi.Output.secret(value)

    def map_inputs(self, inputs: Mapping[str, Any], component_def: ComponentDefinition) -> SpeltArguments:
        """The SDK's mapping, whose result knows how the names were spelt."""
        return SpeltArguments(super().map_inputs(inputs, component_def), camel_case)

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
        mapped = {}
        for key, value in inputs.items():
            path = f"{property_path}.{key}" if property_path else key
            if key not in properties:
                raise pulumi.InputPropertyError(path, f"{path} is not an argument: {nearest(key, properties)}")
            wanted = properties[key]
            if wanted.plain and isinstance(value, pulumi.Output):
                raise pulumi.InputPropertyError(
                    path,
                    f"{path} must be known in plain text before anything is deployed, got an output or a secret: "
                    "give the value itself",
                )
            kind = self.get_type_definition(wanted) if wanted.ref else None
            if kind and isinstance(value, dict):
                value = self.map_input_properties(  # noqa: PLW2901
                    value, kind.properties, kind.properties_mapping, component_name, path
                )
            mapped[mapping[key]] = value
        return mapped

    def _properties(self, wanted: PropertyDefinition) -> dict[str, PropertyDefinition] | None:
        kind = self.get_type_definition(wanted) if wanted.ref else None
        return kind.properties if kind else None


class Servicer(server.ProviderServicer):
    """The SDK's end of the protocol, and a refusal that comes once resources exist: a version that is not served.

    The SDK lets it through to gRPC, which would put the name of a Python class before the message.
    """

    async def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Constructs the component."""
        try:
            return await super().Construct(request, context)
        except pulumi.RunError as error:
            return await context.abort_with_status(self.create_grpc_invalid_properties_status(str(error), []))


def schema() -> str:
    """The package's schema as it is committed: JSON, one property a line."""
    return json.dumps(json.loads(MLInferenceProvider().schema or "{}"), indent=2, ensure_ascii=False) + "\n"


def serve() -> None:
    """Serves the package until the engine, whose address is the command's argument, ends the process."""
    server.ProviderServicer = Servicer  # type: ignore[misc] # the SDK has no other way to say which one
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
