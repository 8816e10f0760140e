"""What a stand-in plugin says of its resource types: the names of the provider's own SDK, without their types."""

import importlib
import importlib.metadata
from typing import Any

from pulumi import _types

from local.resources import RESOURCE_TYPES, ResourceType

ANYTHING = {"$ref": "pulumi.json#/Any"}


def of_package(package: str) -> dict[str, Any]:
    """The schema of the types of one package that can be deployed here.

    https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
    """
    return {
        "name": package,
        "version": importlib.metadata.version(f"pulumi-{package}"),
        "resources": {
            token: of_type(kind) for token, kind in RESOURCE_TYPES.items() if token.startswith(f"{package}:")
        },
    }


def of_type(kind: ResourceType) -> dict[str, Any]:
    """Inputs that the stand-in knows, and the outputs that the SDK's class has."""
    package, path, name = kind.pulumi_type.split(":")
    folder = path.partition("/")[0]
    below = {"index": "", "lambda": ".lambda_"}.get(folder, f".{folder}")
    outputs = _types.resource_pulumi_to_py_names(getattr(importlib.import_module(f"pulumi_{package}{below}"), name))
    return {
        "inputProperties": dict.fromkeys(sorted(kind.fixed | kind.changeable), ANYTHING),
        "properties": dict.fromkeys(sorted(outputs), ANYTHING),
    }
