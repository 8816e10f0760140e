"""What does a stack ask for? Every argument of the component is a setting of the stack, in camel case.

    pulumi config set memoryMb 2048
    pulumi config set --path alarms.p99DurationMs 250

The settings are read by the schema of the component package, so a new argument is a setting at once. A key that is
neither an argument nor a setting of the program itself is refused: silently ignored, it would deploy something other
than what was asked for. An encrypted value stays a secret, or is refused where it cannot.
"""

import functools
import json
from collections.abc import Collection
from typing import Any, cast

import pulumi
from pulumi.provider.experimental.analyzer import PropertyDefinition, PropertyType
from pulumi.runtime.config import CONFIG

from .arguments import MLInferenceFunctionArgs
from .component_package import MLInferenceProvider
from .refusal import RefusedError
from .spelling import SpeltArguments, camel_case


def stack_settings(besides: Collection[str] = ()) -> MLInferenceFunctionArgs:
    """The component's arguments as the stack's configuration gives them.

    Args:
        besides: Keys of the project that the program reads itself.

    Raises:
        RefusedError: A key is not an argument, or its value does not have that argument's form. The component checks
            the rest, and spells names as the configuration does.
    """
    project = pulumi.get_project()
    provider = _provider()
    given = {}
    for qualified, text in CONFIG.get().items():
        namespace, _, key = qualified.partition(":")
        if namespace == project and key not in besides:
            wanted = provider.inputs.get(key)
            value = _value(text, wanted)
            given[key] = provider.secret(value, wanted) if pulumi.runtime.is_config_secret(qualified) else value
    try:
        args = provider.arguments(given)
    except pulumi.InputPropertyError as error:
        raise RefusedError(f"{project}:{error.reason}") from None
    return cast(MLInferenceFunctionArgs, SpeltArguments(args, lambda name: f"{project}:{camel_case(name)}"))


@functools.cache
def _provider() -> MLInferenceProvider:
    return MLInferenceProvider()


def _value(text: str, wanted: PropertyDefinition | None) -> Any:
    """A setting as an input of its type: the CLI hands texts over as they are, and everything else as JSON."""
    if wanted is None or wanted.type is PropertyType.STRING:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
