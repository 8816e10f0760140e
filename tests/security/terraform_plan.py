"""How would Terraform plan what Pulumi registered? The plan as `terraform show -json` prints it, for Checkov.

Pulumi's AWS provider is Terraform's behind a bridge, so that the translation is mechanical: names in snake case, and
single objects as the blocks they are in Terraform, lists of one. Leaves out what is not AWS's: the image's build.
"""

import re
from collections.abc import Mapping
from typing import Any

from tests.fake_engine import Deployment
from tests.security.deployments import revealed

#: Objects that are maps in Terraform too, with keys that belong to the user.
_MAPS = frozenset({"tags", "variables", "dimensions"})
#: Pulumi names a list in the plural where Terraform repeats a block.
_SINGULAR = {"encryption_configurations": "encryption_configuration", "rules": "rule"}

#: Between the label of a deployment and the name of its resource, in one plan of many deployments.
SEPARATOR = "__"


def plan(deployments: Mapping[str, Deployment]) -> dict[str, Any]:
    """One plan of several deployments.

    Args:
        deployments: Deployments by a label of letters and digits.

    Returns:
        The plan; a resource's Terraform name is its deployment's label, the separator, and its name in Pulumi.
    """
    resources = [
        {
            "address": f"{terraform_type(resource.type)}.{label}{SEPARATOR}{resource.name}",
            "mode": "managed",
            "type": terraform_type(resource.type),
            "name": f"{label}{SEPARATOR}{resource.name}",
            "provider_name": "registry.terraform.io/hashicorp/aws",
            "schema_version": 0,
            "values": _block(revealed(resource.inputs)),
        }
        for label, deployment in deployments.items()
        for resource in deployment.resources
        if resource.type.startswith("aws:")
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": [
            {
                "change": {"actions": ["create"], "before": None, "after": resource["values"]},
                **_without_values(resource),
            }
            for resource in resources
        ],
        "configuration": {
            "root_module": {"resources": [{"expressions": {}, **_without_values(resource)} for resource in resources]}
        },
    }


def terraform_type(pulumi_type: str) -> str:
    """`aws_lambda_function_url` for `aws:lambda/functionUrl:FunctionUrl`."""
    _, module, name = pulumi_type.split(":")
    return f"aws_{module.split('/')[0]}_{_snake(name)}"


def _without_values(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key not in ("values", "schema_version")}


def _block(inputs: Mapping[str, Any]) -> dict[str, Any]:
    translated = {}
    for key, value in inputs.items():
        name = _SINGULAR.get(_snake(key), _snake(key))
        translated[name] = _value(name, value)
    return translated


def _value(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value) if name in _MAPS else [_block(value)]
    if isinstance(value, list):
        return [_block(item) if isinstance(item, Mapping) else _value(name, item) for item in value]
    # The wire knows one kind of number; a plan says 365 where Pulumi records 365.0, and a scanner looks at the type.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
