"""Lambda: the function and its versions, a call of it, the alias, the Function URL, and who may call."""

import json
import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from local.cloud import Cloud
from local.errors import LocalError
from local.resources.resource_type import (
    Properties,
    ResourceType,
    State,
    Target,
    api_arguments,
    as_found,
    physical_name,
    pulumi_spelling,
    respelt,
    unless_gone,
)

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef, FunctionConfigurationTypeDef

# Function settings that Lambda takes on creation and changes in place, under Pulumi's name and Lambda's.
SETTINGS = {
    "role": "Role",
    "description": "Description",
    "memorySize": "MemorySize",
    "timeout": "Timeout",
    "ephemeralStorage": "EphemeralStorage",
    "kmsKeyArn": "KMSKeyArn",
    "loggingConfig": "LoggingConfig",
    "tracingConfig": "TracingConfig",
    "snapStart": "SnapStart",
    "vpcConfig": "VpcConfig",
}

# A change of any of these becomes part of a new version.
PUBLISHED = {*SETTINGS, "imageUri", "architectures", "environment", "publish"}

# The outputs that a new version changes.
OF_A_VERSION = ("version", "qualifiedArn", "qualifiedInvokeArn", "lastModified")

# The emulator needs a moment where AWS needs many seconds; asking often costs little here.
PATIENCE: Any = {"Delay": 0.06, "MaxAttempts": 500}


class Function(ResourceType):
    """A function from a container image."""

    pulumi_type = "aws:lambda/function:Function"
    fixed = frozenset({"name", "packageType"})
    changeable = frozenset(
        {*SETTINGS, "imageUri", "architectures", "environment", "publish", "reservedConcurrentExecutions", "tags"}
    )

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the function, wait until it can be called, publish its first version."""
        require_image(inputs)
        code, cloud = target.images.code(inputs["imageUri"]), target.cloud
        created = cloud.lambda_.create_function(
            FunctionName=physical_name(name, inputs),
            Code=code.location,
            Architectures=inputs.get("architectures") or ["x86_64"],
            Tags=inputs.get("tags") or {},
            **code.settings,
            **settings(inputs),
        )
        function = created["FunctionName"]
        cloud.lambda_.get_waiter("function_active_v2").wait(FunctionName=function, WaiterConfig=PATIENCE)
        set_reserved_concurrency(cloud, function, inputs)
        return published(cloud, function, inputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change settings and code one after the other, as Lambda demands, then publish a version if any changed."""
        require_image(inputs)
        function, client = old.id, target.cloud.lambda_
        changed = self._changed(old, inputs)
        if changed & {*SETTINGS, "environment"}:
            client.update_function_configuration(FunctionName=function, **settings(inputs))
            client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig=PATIENCE)
        if changed & {"imageUri", "architectures"}:
            client.update_function_code(
                FunctionName=function,
                Architectures=inputs.get("architectures") or ["x86_64"],
                **target.images.code(inputs["imageUri"]).location,
            )
            client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig=PATIENCE)
        if "reservedConcurrentExecutions" in changed:
            set_reserved_concurrency(target.cloud, function, inputs)
        if "tags" in changed:
            arn = old.outputs["arn"]
            client.untag_resource(Resource=arn, TagKeys=list(old.inputs.get("tags") or {}))
            client.tag_resource(Resource=arn, Tags=inputs.get("tags") or {})
        if not changed & PUBLISHED:
            return State(function, inputs, old.outputs)
        return published(target.cloud, function, inputs)

    def recomputed(self, old: State, inputs: Properties) -> frozenset[str]:
        """A change of code or settings publishes a version, if the program wants versions."""
        publishes = inputs.get("publish") and self._changed(old, inputs) & PUBLISHED
        return frozenset(OF_A_VERSION) if publishes else frozenset()

    def read(self, target: Target, old: State) -> State | None:
        """The settings; the image cannot be read where the emulator runs the code without one."""
        client = target.cloud.lambda_
        answer = unless_gone(lambda: client.get_function(FunctionName=old.id))
        if answer is None:
            return None
        current = answer["Configuration"]
        found = {pulumi: pulumi_spelling(current[api]) for pulumi, api in SETTINGS.items() if api in current}  # type: ignore[literal-required]
        found["environment"] = {"variables": current.get("Environment", {}).get("Variables", {})}
        found["architectures"] = current["Architectures"]
        found["reservedConcurrentExecutions"] = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1)
        found["tags"] = answer.get("Tags") or {}
        versions = client.list_versions_by_function(FunctionName=old.id)["Versions"]
        return as_found(old, found, function_outputs(target.cloud, current, versions[-1]["Version"]))

    def delete(self, target: Target, old: State) -> None:
        """Delete the function with all its versions and aliases."""
        unless_gone(lambda: target.cloud.lambda_.delete_function(FunctionName=old.id))

    def _changed(self, old: State, inputs: Properties) -> set[str]:
        return {key for key in self.changeable if old.inputs.get(key) != inputs.get(key)}


class Invocation(ResourceType):
    """One call of a function while deploying; its answer is a property."""

    pulumi_type = "aws:lambda/invocation:Invocation"
    fixed = frozenset({"functionName", "qualifier", "input", "triggers"})
    changeable = frozenset({"lifecycleScope"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - has no name in AWS
        """Call it and keep the answer.

        Raises:
            LocalError: The function failed; its own message is passed on.
        """
        if inputs.get("lifecycleScope") not in (None, "CREATE_ONLY"):
            raise LocalError(f"{self.pulumi_type}: only lifecycleScope CREATE_ONLY is known here")
        qualifier = inputs.get("qualifier") or "$LATEST"
        answer = target.cloud.lambda_.invoke(
            FunctionName=inputs["functionName"], Qualifier=qualifier, Payload=inputs["input"].encode()
        )
        body = answer["Payload"].read().decode()
        if "FunctionError" in answer:
            raise LocalError(f"version {qualifier} of {inputs['functionName']} failed: {function_error(body)}")
        return State(f"{inputs['functionName']}_{qualifier}_{secrets.token_hex(4)}", inputs, {"result": body})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Call it again, as the provider does."""
        return self.create(target, old.id, inputs)

    def read(self, target: Target, old: State) -> State | None:  # noqa: ARG002 - the provider does not look either
        """As it was: a call is over."""
        return old

    def delete(self, target: Target, old: State) -> None:
        """Nothing: a call is over."""


class Alias(ResourceType):
    """A name for a version that stays when the version changes."""

    pulumi_type = "aws:lambda/alias:Alias"
    fixed = frozenset({"name", "functionName"})
    changeable = frozenset({"functionVersion", "description", "routingConfig"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the alias."""
        alias = target.cloud.lambda_.create_alias(
            FunctionName=inputs["functionName"], Name=physical_name(name, inputs), **self._version(inputs)
        )
        return State(alias["AliasArn"], inputs, self._outputs(target.cloud, alias["Name"], alias["AliasArn"]))

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Point the alias at another version."""
        target.cloud.lambda_.update_alias(
            FunctionName=inputs["functionName"], Name=old.outputs["name"], **self._version(inputs)
        )
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """The version it points at."""
        alias = unless_gone(lambda: target.cloud.lambda_.get_alias(**self._key(old)))
        if alias is None:
            return None
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        found = {
            "functionVersion": alias["FunctionVersion"],
            "description": alias.get("Description") or "",
            "routingConfig": {"additionalVersionWeights": weights} if weights else None,
        }
        return as_found(old, found)

    def delete(self, target: Target, old: State) -> None:
        """Delete the alias."""
        unless_gone(lambda: target.cloud.lambda_.delete_alias(**self._key(old)))

    def _key(self, old: State) -> Any:
        return {"FunctionName": old.inputs["functionName"], "Name": old.outputs["name"]}

    def _version(self, inputs: Properties) -> dict[str, Any]:
        weights = (inputs.get("routingConfig") or {}).get("additionalVersionWeights") or {}
        return {
            "FunctionVersion": inputs["functionVersion"],
            "Description": inputs.get("description") or "",
            "RoutingConfig": {"AdditionalVersionWeights": weights},
        }

    def _outputs(self, cloud: Cloud, name: str, arn: str) -> dict[str, Any]:
        return {"name": name, "arn": arn, "invokeArn": invoke_arn(cloud, arn)}


class FunctionUrl(ResourceType):
    """The function's own HTTPS address."""

    pulumi_type = "aws:lambda/functionUrl:FunctionUrl"
    fixed = frozenset({"functionName", "qualifier"})
    changeable = frozenset({"authorizationType", "cors", "invokeMode"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - AWS makes its name
        """Create the address."""
        url = target.cloud.lambda_.create_function_url_config(
            FunctionName=inputs["functionName"], **self._qualifier(inputs), **self._settings(inputs)
        )
        outputs = {
            "functionArn": url["FunctionArn"],
            "functionUrl": url["FunctionUrl"],
            "urlId": url["FunctionUrl"].removeprefix("https://").partition(".")[0],
        }
        return State(url["FunctionArn"], inputs, outputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change who must sign, and what browsers may do."""
        target.cloud.lambda_.update_function_url_config(
            FunctionName=inputs["functionName"], **self._qualifier(inputs), **self._settings(inputs)
        )
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """Who must sign, and what browsers may do."""
        client, key = target.cloud.lambda_, self._qualifier(old.inputs)
        url = unless_gone(lambda: client.get_function_url_config(FunctionName=old.inputs["functionName"], **key))
        return url and as_found(
            old,
            {
                "authorizationType": url["AuthType"],
                "cors": pulumi_spelling(url.get("Cors") or {}),
                "invokeMode": url.get("InvokeMode") or "BUFFERED",
            },
            {"functionUrl": url["FunctionUrl"]},
        )

    def delete(self, target: Target, old: State) -> None:
        """Delete the address; a new one would be another."""
        client, key = target.cloud.lambda_, self._qualifier(old.inputs)
        unless_gone(lambda: client.delete_function_url_config(FunctionName=old.inputs["functionName"], **key))

    def _qualifier(self, inputs: Properties) -> dict[str, Any]:
        return api_arguments(inputs, {"qualifier": "Qualifier"})

    def _settings(self, inputs: Properties) -> dict[str, Any]:
        return {
            "AuthType": inputs["authorizationType"],
            "InvokeMode": inputs.get("invokeMode") or "BUFFERED",
            "Cors": respelt(inputs.get("cors") or {}),
        }


class Permission(ResourceType):
    """A statement in the function's own policy: who else may call it."""

    pulumi_type = "aws:lambda/permission:Permission"
    arguments: ClassVar = {
        "function": "FunctionName",
        "qualifier": "Qualifier",
        "action": "Action",
        "principal": "Principal",
        "principalOrgId": "PrincipalOrgID",
        "sourceArn": "SourceArn",
        "sourceAccount": "SourceAccount",
        "functionUrlAuthType": "FunctionUrlAuthType",
        "invokedViaFunctionUrl": "InvokedViaFunctionUrl",
    }
    fixed = frozenset({*arguments, "statementId", "statementIdPrefix"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Add the statement."""
        named = {"name": inputs.get("statementId"), "namePrefix": inputs.get("statementIdPrefix")}
        statement = physical_name(name, named)
        target.cloud.lambda_.add_permission(StatementId=statement, **api_arguments(inputs, self.arguments))
        return State(statement, inputs, {"statementId": statement})

    def read(self, target: Target, old: State) -> State | None:
        """Whether the statement is there; nobody can change one, only remove it."""
        answer = unless_gone(lambda: target.cloud.lambda_.get_policy(**self._function(old)))
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        return old if any(statement["Sid"] == old.id for statement in statements) else None

    def delete(self, target: Target, old: State) -> None:
        """Remove the statement."""
        unless_gone(lambda: target.cloud.lambda_.remove_permission(StatementId=old.id, **self._function(old)))

    def _function(self, old: State) -> Any:
        return api_arguments(old.inputs, {"function": "FunctionName", "qualifier": "Qualifier"})


class ProvisionedConcurrencyConfig(ResourceType):
    """Execution environments that are kept ready."""

    pulumi_type = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    fixed = frozenset({"functionName", "qualifier"})
    changeable = frozenset({"provisionedConcurrentExecutions", "skipDestroy"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - has no name in AWS
        """Ask for them."""
        target.cloud.lambda_.put_provisioned_concurrency_config(
            ProvisionedConcurrentExecutions=inputs["provisionedConcurrentExecutions"], **self._key(inputs)
        )
        return State(f"{inputs['functionName']},{inputs['qualifier']}", inputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """As `create`: AWS knows no difference."""
        return self.create(target, old.id, inputs)

    def read(self, target: Target, old: State) -> State | None:
        """How many."""
        client, key = target.cloud.lambda_, self._key(old.inputs)
        config = unless_gone(lambda: client.get_provisioned_concurrency_config(**key))
        wanted = "RequestedProvisionedConcurrentExecutions"
        return config and as_found(old, {"provisionedConcurrentExecutions": config[wanted]})  # type: ignore[literal-required]

    def delete(self, target: Target, old: State) -> None:
        """Keep none ready, unless the program wants them kept."""
        client, key = target.cloud.lambda_, self._key(old.inputs)
        if not old.inputs.get("skipDestroy"):
            unless_gone(lambda: client.delete_provisioned_concurrency_config(**key))

    def _key(self, inputs: Properties) -> Any:
        return {"FunctionName": inputs["functionName"], "Qualifier": inputs["qualifier"]}


def require_image(inputs: Properties) -> None:
    """Raise LocalError unless the function comes from a container image."""
    if inputs.get("packageType") != "Image" or not inputs.get("imageUri"):
        raise LocalError("only functions with package_type Image and an image_uri can be deployed locally")


def settings(inputs: Properties) -> dict[str, Any]:
    """The function's settings as Lambda's API wants them; the names of environment variables stay as they are."""
    variables = (inputs.get("environment") or {}).get("variables") or {}
    return api_arguments(inputs, SETTINGS) | {"Environment": {"Variables": variables}}


def set_reserved_concurrency(cloud: Cloud, function: str, inputs: Properties) -> None:
    """Reserve concurrent executions; none and -1 mean: share the account's."""
    reserved = inputs.get("reservedConcurrentExecutions")
    if reserved is None or reserved < 0:
        cloud.lambda_.delete_function_concurrency(FunctionName=function)
    else:
        cloud.lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=reserved)


def published(cloud: Cloud, function: str, inputs: Properties) -> State:
    """The function's state, after publishing a version of it if the program wants one."""
    current = cloud.lambda_.get_function_configuration(FunctionName=function)
    version = current["Version"]
    if inputs.get("publish"):
        version = cloud.lambda_.publish_version(FunctionName=function)["Version"]
        cloud.lambda_.get_waiter("published_version_active").wait(
            FunctionName=function, Qualifier=version, WaiterConfig=PATIENCE
        )
    return State(function, inputs, function_outputs(cloud, current, version))


def function_outputs(
    cloud: Cloud, current: "FunctionConfigurationTypeDef | FunctionConfigurationResponseTypeDef", version: str
) -> dict[str, Any]:
    """What a Function has besides its inputs."""
    arn = current["FunctionArn"]
    return {
        "name": current["FunctionName"],
        "arn": arn,
        "invokeArn": invoke_arn(cloud, arn),
        "qualifiedArn": f"{arn}:{version}",
        "qualifiedInvokeArn": invoke_arn(cloud, f"{arn}:{version}"),
        "lastModified": current["LastModified"],
        "version": version,
    }


def invoke_arn(cloud: Cloud, arn: str) -> str:
    """The ARN under which API Gateway would call a function."""
    return f"arn:aws:apigateway:{cloud.region}:lambda:path/2015-03-31/functions/{arn}/invocations"


def function_error(body: str) -> str:
    """The message of a failed invocation, without the trace that came with it."""
    try:
        return str(json.loads(body)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return "no message; its log group has more"
