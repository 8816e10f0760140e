"""How would CloudFormation declare what Pulumi registered? A template, for cfn-guard and cfn-lint.

A resource that another one names is referred to as CloudFormation does it, because rules follow references.
Leaves out what CloudFormation has no resource for: the image's build and the invocation of the golden check.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.fake_engine import Deployment, Resource
from tests.security import deployments as d

Properties = dict[str, Any]

#: A published version is a resource of its own in CloudFormation, and a flag of the function in Terraform.
_VERSION = "Version"


def template(deployment: Deployment, prefix: str = "") -> dict[str, Any]:
    """The template of one deployment.

    Args:
        deployment: What was registered.
        prefix: Letters and digits before every logical id, so that templates can be merged.
    """
    ids = {name: logical_id for logical_id, name in names(deployment, prefix).items()}
    resources: dict[str, Any] = {}
    for resource in deployment.resources:
        if resource.type in _TRANSLATIONS:
            type_, translate = _TRANSLATIONS[resource.type]
            properties = translate(replace(resource, inputs=d.revealed(resource.inputs)), deployment, ids)
            resources[ids[resource.name]] = {"Type": type_, "Properties": _known(properties)}
        if resource.type == d.FUNCTION and resource.inputs.get("publish"):
            version = {"FunctionName": {"Ref": ids[resource.name]}}
            resources[ids[resource.name] + _VERSION] = {"Type": "AWS::Lambda::Version", "Properties": version}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def names(deployment: Deployment, prefix: str = "") -> dict[str, str]:
    """The resources' names in Pulumi by their logical ids, which are letters and digits alone."""
    ids = {
        prefix
        + "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", resource.name)): resource.name
        for resource in deployment.resources
    }
    function = deployment.one(d.FUNCTION).name
    return ids | {logical_id + _VERSION: function for logical_id, name in ids.items() if name == function}


def _known(properties: Properties) -> Properties:
    return {key: value for key, value in properties.items() if value is not None}


def _tags(resource: Resource) -> list[dict[str, str]] | None:
    tags = resource.inputs.get("tags")
    return [{"Key": key, "Value": value} for key, value in tags.items()] if tags else None


def _document(text: str) -> Any:
    return json.loads(text)


def _first_id(deployment: Deployment, ids: Mapping[str, str], type_: str, name_ends: str = "") -> str:
    return ids[deployment.one(type_, name_ends).name]


def _arn_of(deployment: Deployment, ids: Mapping[str, str], type_: str, name_ends: str = "") -> dict[str, Any]:
    return {"Fn::GetAtt": [_first_id(deployment, ids, type_, name_ends), "Arn"]}


def _repository(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:  # noqa: ARG001
    inputs = resource.inputs
    lifecycle = [policy.inputs["policy"] for policy in deployment.all(d.LIFECYCLE)]
    encryption = (inputs.get("encryptionConfigurations") or [{}])[0]
    scanning = inputs.get("imageScanningConfiguration") or {}
    return {
        "ImageTagMutability": inputs.get("imageTagMutability"),
        "ImageScanningConfiguration": {"ScanOnPush": scanning.get("scanOnPush", False)},
        "EncryptionConfiguration": _known(
            {"EncryptionType": encryption.get("encryptionType", "AES256"), "KmsKey": encryption.get("kmsKey")}
        ),
        "LifecyclePolicy": {"LifecyclePolicyText": lifecycle[0]} if lifecycle else None,
        "EmptyOnDelete": inputs.get("forceDelete"),
        "Tags": _tags(resource),
    }


def _log_group(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:  # noqa: ARG001
    retention = resource.inputs.get("retentionInDays")
    return {
        "LogGroupName": resource.inputs["namePrefix"] + ids[resource.name],
        "RetentionInDays": int(retention) if retention else None,
        "KmsKeyId": resource.inputs.get("kmsKeyId"),
        "Tags": _tags(resource),
    }


def _role(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:  # noqa: ARG001
    own = [policy for policy in deployment.all(d.ROLE_POLICY) if policy.inputs["role"] == resource.name + "-1a2b3c4"]
    return {
        "AssumeRolePolicyDocument": _document(resource.inputs["assumeRolePolicy"]),
        "Policies": [
            {"PolicyName": policy.name, "PolicyDocument": _document(policy.inputs["policy"])} for policy in own
        ],
        "Tags": _tags(resource),
    }


def _function(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:
    inputs = resource.inputs
    logging = inputs.get("loggingConfig")
    vpc = inputs.get("vpcConfig")
    return {
        "Description": inputs.get("description"),
        "PackageType": inputs["packageType"],
        "Code": {"ImageUri": inputs["imageUri"]},
        "Architectures": inputs["architectures"],
        "Role": _arn_of(deployment, ids, d.ROLE, "execution-role"),
        "MemorySize": int(inputs["memorySize"]),
        "Timeout": int(inputs["timeout"]),
        "EphemeralStorage": {"Size": int(inputs["ephemeralStorage"]["size"])},
        "Environment": {"Variables": inputs["environment"]["variables"]} if "environment" in inputs else None,
        "KmsKeyArn": inputs.get("kmsKeyArn"),
        "VpcConfig": {"SubnetIds": vpc["subnetIds"], "SecurityGroupIds": vpc["securityGroupIds"]} if vpc else None,
        "ReservedConcurrentExecutions": _whole(inputs.get("reservedConcurrentExecutions")),
        "SnapStart": {"ApplyOn": inputs["snapStart"]["applyOn"]} if "snapStart" in inputs else None,
        "TracingConfig": {"Mode": inputs["tracingConfig"]["mode"]} if "tracingConfig" in inputs else None,
        "LoggingConfig": {
            "LogFormat": logging["logFormat"],
            "LogGroup": {"Ref": _first_id(deployment, ids, d.LOG_GROUP)},
        }
        if logging
        else None,
        "Tags": _tags(resource),
    }


def _alias(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:
    provisioned = deployment.all(d.PROVISIONED)
    return {
        "Name": resource.inputs["name"],
        "Description": resource.inputs.get("description"),
        "FunctionName": {"Ref": _first_id(deployment, ids, d.FUNCTION)},
        "FunctionVersion": {"Fn::GetAtt": [_first_id(deployment, ids, d.FUNCTION) + _VERSION, "Version"]},
        "ProvisionedConcurrencyConfig": {
            "ProvisionedConcurrentExecutions": int(provisioned[0].inputs["provisionedConcurrentExecutions"])
        }
        if provisioned
        else None,
    }


def _url(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:
    cors = resource.inputs.get("cors")
    return {
        "TargetFunctionArn": _arn_of(deployment, ids, d.FUNCTION),
        "Qualifier": resource.inputs.get("qualifier"),
        "AuthType": resource.inputs["authorizationType"],
        "Cors": {key[0].upper() + key[1:]: _whole(value) for key, value in cors.items()} if cors else None,
    }


def _permission(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:
    inputs = resource.inputs
    return {
        "Action": inputs["action"],
        "FunctionName": {"Ref": _first_id(deployment, ids, d.ALIAS)}
        if "qualifier" in inputs
        else _arn_of(deployment, ids, d.FUNCTION),
        "Principal": inputs["principal"],
        "FunctionUrlAuthType": inputs.get("functionUrlAuthType"),
        "InvokedViaFunctionUrl": inputs.get("invokedViaFunctionUrl"),
    }


def _alarm(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:  # noqa: ARG001
    inputs = resource.inputs
    plain = ("alarmDescription", "namespace", "metricName", "comparisonOperator", "treatMissingData", "statistic")
    return {
        **{key[0].upper() + key[1:]: inputs.get(key) for key in (*plain, "extendedStatistic", "actionsEnabled")},
        "Threshold": inputs["threshold"],
        "Period": int(inputs["period"]),
        "EvaluationPeriods": int(inputs["evaluationPeriods"]),
        "Dimensions": [{"Name": key, "Value": value} for key, value in inputs["dimensions"].items()],
        "AlarmActions": inputs.get("alarmActions") or None,
        "OKActions": inputs.get("okActions") or None,
        "Tags": _tags(resource),
    }


def _dashboard(resource: Resource, deployment: Deployment, ids: Mapping[str, str]) -> Properties:  # noqa: ARG001
    # With the logical id, as the log group's: names have to be unique in a template of several deployments.
    return {
        "DashboardName": f"{resource.inputs['dashboardName']}-{ids[resource.name]}",
        "DashboardBody": resource.inputs["dashboardBody"],
    }


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: Pulumi's type, CloudFormation's type, and how the properties translate. Lifecycle policies, role policies and
#: provisioned concurrency are properties of others in CloudFormation.
_TRANSLATIONS: dict[str, tuple[str, Callable[[Resource, Deployment, Mapping[str, str]], Properties]]] = {
    d.REPOSITORY: ("AWS::ECR::Repository", _repository),
    d.LOG_GROUP: ("AWS::Logs::LogGroup", _log_group),
    d.ROLE: ("AWS::IAM::Role", _role),
    d.FUNCTION: ("AWS::Lambda::Function", _function),
    d.ALIAS: ("AWS::Lambda::Alias", _alias),
    d.URL: ("AWS::Lambda::Url", _url),
    d.PERMISSION: ("AWS::Lambda::Permission", _permission),
    d.ALARM: ("AWS::CloudWatch::Alarm", _alarm),
    d.DASHBOARD: ("AWS::CloudWatch::Dashboard", _dashboard),
}
