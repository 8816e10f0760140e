"""What if a hardened default were weakened? Every way in which it could be, one a line, and what has to catch it.

A mutation changes what the component registered as a careless edit of it would have. `caught_by` names the rules that
must find it, `scanner:rule` each; others may as well. `own:` rules stand in `own_rules.py`.
"""
# ruff: noqa: E501 - a table, one line a mutation

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from components.ml_inference_function import labelled
from tests.fake_engine import ACCOUNT_ID, Deployment
from tests.security import deployments as d
from tests.security.deployments import OTHER_ACCOUNT_ID, changed, without

Inputs = dict[str, Any]

#: The deployments that are weakened: with default arguments and somebody who may call by a permission; and with every
#: argument given that protects more.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "defaults": {"invoker_arns": [d.CLIENT_ARN]},
    "protected": {
        "kms_key_arn": d.KMS_KEY_ARN,
        "vpc": d.VPC,
        "permissions_boundary_arn": d.BOUNDARY_ARN,
        "reserved_concurrency": 5,
        "environment": {"ALLOW_MISSING": "1"},
        "alarms": {"topic_arn": d.TOPIC_ARN},
    },
    "batch": {"batch": {}, "kms_key_arn": d.KMS_KEY_ARN, "alarms": {"topic_arn": d.TOPIC_ARN}},
}

FUNCTION, URL, REPO, LOGS = "wine-function", "wine-url", "wine-repository", "wine-logs"
ALIAS, IMAGE, LIFECYCLE, CHECK = "wine-live", "wine-image", "wine-lifecycle", "wine-golden-check"
EXECUTION_ROLE, EXECUTION = "wine-execution-role", "wine-execution"
INVOKER_ROLE, INVOKER = "wine-invoker-role", "wine-invoker-role-invoke"
BATCH, BATCH_ROLE, BATCH_DATA, BATCH_RUNS = "wine-batch", "wine-batch-role", "wine-batch-data", "wine-batch-runs"
INPUT, OUTPUT = "wine-batch-input", "wine-batch-output"
((CLIENT, _),) = labelled([d.CLIENT_ARN])
GRANT_URL, GRANT = f"wine-invoker-{CLIENT}-invoke-url", f"wine-invoker-{CLIENT}-invoke"


@dataclass(frozen=True)
class Mutation:
    """One weakened default."""

    what: str
    weaken: Callable[[Deployment], Deployment]
    caught_by: str
    of: str = "defaults"

    def rules(self, *scanners: str) -> set[str]:
        """The rules of these scanners that must catch it."""
        return {rule for rule in self.caught_by.split() if rule.partition(":")[0] in scanners}


def put(name: str, key: str, value: object) -> Callable[[Deployment], Deployment]:
    """Sets an input of a resource."""
    return lambda deployment: changed(deployment, name, lambda inputs: inputs.update({key: value}))


def drop(name: str, key: str) -> Callable[[Deployment], Deployment]:
    """Leaves out an input of a resource."""
    return lambda deployment: changed(deployment, name, lambda inputs: inputs.pop(key))


def remove(name: str) -> Callable[[Deployment], Deployment]:
    """Leaves out a resource."""
    return lambda deployment: without(deployment, name)


def edit(name: str, key: str, change: Callable[[list[Inputs]], object]) -> Callable[[Deployment], Deployment]:
    """Changes the statements of a policy, or the rules of a lifecycle."""

    def edited(inputs: Inputs) -> None:
        document = json.loads(inputs[key])
        change(document["Statement" if "Statement" in document else "rules"])
        inputs[key] = json.dumps(document)

    return lambda deployment: changed(deployment, name, edited)


def edit_text(name: str, key: str, old: str, new: str) -> Callable[[Deployment], Deployment]:
    """Replaces a text in an input."""
    return lambda deployment: changed(
        deployment, name, lambda inputs: inputs.update({key: inputs[key].replace(old, new)})
    )


def allow(name: str, **statement: object) -> Callable[[Deployment], Deployment]:
    """Adds a statement to a policy."""
    return edit(name, "policy", lambda statements: statements.append({"Effect": "Allow", **statement}))


def first(name: str, key: str, value: object) -> Callable[[Deployment], Deployment]:
    """Sets an element of a policy's first statement."""
    return edit(name, "policy", lambda statements: statements[0].update({key: value}))


def trust(name: str, principal: object) -> Callable[[Deployment], Deployment]:
    """Lets somebody else assume a role."""
    return edit(name, "assumeRolePolicy", lambda statements: statements[0].update({"Principal": principal}))


def unmarked(deployment: Deployment) -> Deployment:
    """Passes the registry's password as plain text."""
    return changed(deployment, IMAGE, lambda inputs: inputs.update(registry=inputs["registry"]["secret"]))


def unproved(deployment: Deployment) -> Deployment:
    """Lets the alias move without waiting for the golden check."""
    check = deployment.one(d.CHECK).urn
    resources = [
        replace(resource, depends_on=resource.depends_on - {check}) if resource.name == ALIAS else resource
        for resource in deployment.resources
    ]
    return Deployment(resources, deployment.outputs)


def unbound(deployment: Deployment) -> Deployment:
    """Lets a client invoke without the URL, which includes asynchronously."""
    return edit(INVOKER, "policy", lambda statements: statements[1].pop("Condition"))(deployment)


ROOT = f"arn:aws:iam::{ACCOUNT_ID}:root"
TAGGED = f"{ACCOUNT_ID}.dkr.ecr.eu-central-1.amazonaws.com/wine:v1"

# fmt: off
MUTATIONS = [
    # the endpoint
    Mutation("the URL takes unsigned requests", put(URL, "authorizationType", "NONE"), "checkov:CKV_AWS_258 own:url_demands_iam"),
    Mutation("the URL serves what was never proved", drop(URL, "qualifier"), "own:url_stands_on_the_alias"),
    Mutation("any web page may call", put(URL, "cors", {"allowOrigins": ["*"]}), "own:cors_names_its_origins"),
    Mutation("any page of a domain may call", put(URL, "cors", {"allowOrigins": ["https://*.example.com"]}), "own:cors_names_its_origins"),
    Mutation("credentials travel unencrypted", put(URL, "cors", {"allowOrigins": ["http://a.example"], "allowCredentials": True}), "own:cors_keeps_credentials_from_strangers"),
    # who may call
    Mutation("everybody is permitted", put(GRANT, "principal", "*"), "checkov:CKV_AWS_301"),
    Mutation("a whole account is permitted", put(GRANT, "principal", ROOT), "own:permission_names_one_principal"),
    Mutation("an account is permitted by its number", put(GRANT, "principal", OTHER_ACCOUNT_ID), "own:permission_names_one_principal"),
    Mutation("a service is permitted", put(GRANT, "principal", "events.amazonaws.com"), "checkov:CKV_AWS_364"),
    Mutation("another account's role is permitted", put(GRANT, "principal", d.PARTNER_ARN), "own:permission_stays_in_the_account"),
    Mutation("the second permission is missing", remove(GRANT), "own:permission_comes_in_a_pair"),
    Mutation("the first permission is missing", remove(GRANT_URL), "own:permission_comes_in_a_pair"),
    Mutation("a permission works without the URL", drop(GRANT, "invokedViaFunctionUrl"), "own:permission_is_bound_to_the_url"),
    Mutation("a permission works for unsigned requests", put(GRANT_URL, "functionUrlAuthType", "NONE"), "own:permission_is_bound_to_the_url"),
    Mutation("a permission reaches every version", drop(GRANT, "qualifier"), "own:permission_is_bound_to_the_url"),
    Mutation("a permission allows every action", put(GRANT, "action", "lambda:*"), "own:permission_is_bound_to_the_url"),
    Mutation("invokers may call without the URL", unbound, "own:role_of_clients_is_bound_to_the_url"),
    Mutation("invokers may call asynchronously", unbound, "checkov:CKV_AWS_116"),
    Mutation("invokers may call every version", first(INVOKER, "Resource", f"arn:aws:lambda:eu-central-1:{ACCOUNT_ID}:function:wine-function-1a2b3c4*"), "own:role_of_clients_is_bound_to_the_url"),
    Mutation("invokers may call every function", first(INVOKER, "Resource", "*"), "own:resource_is_named"),
    Mutation("invokers may change the function", allow(INVOKER, Action="lambda:UpdateFunctionCode", Resource="*"), "own:role_of_clients_is_bound_to_the_url"),
    Mutation("invokers may do everything in Lambda", first(INVOKER, "Action", "lambda:*"), "own:action_is_named"),
    Mutation("the invoker role may do nothing", remove(INVOKER), "own:role_of_clients_is_granted_something"),
    Mutation("another account may assume the invoker role", trust(INVOKER_ROLE, {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT_ID}:root"}), "own:role_of_clients_is_assumed_within_the_account checkov:CKV_AWS_61"),
    Mutation("everybody may assume the invoker role", trust(INVOKER_ROLE, {"AWS": "*"}), "checkov:CKV_AWS_60"),
    Mutation("a service may assume the invoker role", trust(INVOKER_ROLE, {"Service": "ec2.amazonaws.com"}), "own:role_of_clients_is_assumed_within_the_account"),
    # what the function may do
    Mutation("the function may do everything", allow(EXECUTION, Action="*", Resource="*"), "checkov:CKV_AWS_62"),
    Mutation("the function may do everything in S3", allow(EXECUTION, Action="s3:*", Resource="*"), "own:action_is_named"),
    Mutation("the function may do all but a little", allow(EXECUTION, NotAction="iam:*", Resource="*"), "own:action_is_named"),
    Mutation("the function may read secrets", allow(EXECUTION, Action="secretsmanager:GetSecretValue", Resource="*"), "checkov:CKV_AWS_288"),
    Mutation("the function may read a bucket", allow(EXECUTION, Action="s3:GetObject", Resource="arn:aws:s3:::a/*"), "own:execution_role_reaches_nothing_else"),
    Mutation("the function may make itself an administrator", allow(EXECUTION, Action="iam:PutRolePolicy", Resource="*"), "checkov:CKV_AWS_289"),
    Mutation("the function may create log groups", allow(EXECUTION, Action="logs:CreateLogGroup", Resource="*"), "own:execution_role_reaches_nothing_else"),
    Mutation("the function may write every log", first(EXECUTION, "Resource", "*"), "own:resource_is_named"),
    Mutation("the function may write all Lambda logs", first(EXECUTION, "Resource", f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:log-group:/aws/lambda/*"), "own:logs_are_written_into_the_own_group"),
    Mutation("the function gets a managed policy", put(EXECUTION_ROLE, "managedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]), "own:execution_role_reaches_nothing_else"),
    Mutation("the account may assume the execution role", trust(EXECUTION_ROLE, {"AWS": ROOT}), "checkov:CKV_AWS_61"),
    Mutation("a second service may assume the execution role", trust(EXECUTION_ROLE, {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}), "own:execution_role_is_lambdas"),
    # the image
    Mutation("tags can move", put(REPO, "imageTagMutability", "MUTABLE"), "checkov:CKV_AWS_51"),
    Mutation("some tags can move", put(REPO, "imageTagMutability", "IMMUTABLE_WITH_EXCLUSION"), "own:tags_are_immutable"),
    Mutation("images are not scanned", put(REPO, "imageScanningConfiguration", {"scanOnPush": False}), "checkov:CKV_AWS_163"),
    Mutation("images are encrypted without KMS", put(REPO, "encryptionConfigurations", [{"encryptionType": "AES256"}]), "checkov:CKV_AWS_136"),
    Mutation("images pile up for ever", remove(LIFECYCLE), "own:images_expire_by_number_alone"),
    Mutation("images expire by age", edit(LIFECYCLE, "policy", lambda rules: rules[0]["selection"].update(countType="sinceImagePushed", countUnit="days")), "own:images_expire_by_number_alone"),
    Mutation("the live image can expire", edit(LIFECYCLE, "policy", lambda rules: rules[0]["selection"].update(countNumber=1)), "own:images_expire_by_number_alone"),
    Mutation("the image is run by its tag", put(FUNCTION, "imageUri", TAGGED), "own:image_is_run_by_digest"),
    Mutation("neither digest nor signature says which code runs", put(FUNCTION, "imageUri", TAGGED), "checkov:CKV_AWS_272"),
    Mutation("the image is tagged latest", put(IMAGE, "imageName", TAGGED.replace("v1", "latest")), "own:image_is_never_the_latest"),
    Mutation("the base image is whatever is newest", put(IMAGE, "build", {"platform": "linux/amd64", "args": {"BASE_IMAGE": "public.ecr.aws/lambda/python"}}), "own:image_is_never_the_latest"),
    Mutation("the image is built for another processor", put(FUNCTION, "architectures", ["arm64"]), "own:image_is_built_for_the_functions_processor"),
    Mutation("the registry's password is plain text", unmarked, "own:registry_password_is_a_secret"),
    # what is run, and what is seen of it
    Mutation("no version is published", put(FUNCTION, "publish", False), "own:version_is_published_and_proved"),
    Mutation("the alias does not wait for the check", unproved, "own:version_is_published_and_proved"),
    Mutation("the check asks what serves already", put(CHECK, "qualifier", "live"), "own:version_is_published_and_proved"),
    Mutation("the alias follows every change", put(ALIAS, "functionVersion", "$LATEST"), "own:alias_names_a_version"),
    Mutation("some requests go to another version", put(ALIAS, "routingConfig", {"additionalVersionWeights": {"7": 0.1}}), "own:alias_names_a_version"),
    Mutation("logs are kept for ever", drop(LOGS, "retentionInDays"), "own:logs_have_an_owner_and_an_end checkov:CKV_AWS_66"),
    Mutation("logs are gone before anybody looks", put(LOGS, "retentionInDays", 1.0), "checkov:CKV_AWS_338"),
    Mutation("logs outlive the deployment", put(LOGS, "skipDestroy", True), "own:logs_have_an_owner_and_an_end"),
    Mutation("Lambda makes a log group of its own", drop(FUNCTION, "loggingConfig"), "own:logs_have_an_owner_and_an_end"),
    Mutation("debug lines are logged", put(FUNCTION, "loggingConfig", {"logFormat": "JSON", "logGroup": "/aws/lambda/wine-1a2b3c4", "applicationLogLevel": "DEBUG"}), "own:logs_are_not_verbose"),
    Mutation("requests are not traced", put(FUNCTION, "tracingConfig", {"mode": "PassThrough"}), "own:requests_are_traced"),
    Mutation("tracing is left to chance", drop(FUNCTION, "tracingConfig"), "checkov:CKV_AWS_50"),
    Mutation("a password stands in the environment", put(FUNCTION, "environment", {"variables": {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}), "checkov:CKV_AWS_45"),
    # what the arguments that protect more promise
    Mutation("logs are encrypted without the key", drop(LOGS, "kmsKeyId"), "checkov:CKV_AWS_158", of="protected"),
    Mutation("variables are encrypted without the key", drop(FUNCTION, "kmsKeyArn"), "checkov:CKV_AWS_173", of="protected"),
    Mutation("images are encrypted without the key", put(REPO, "encryptionConfigurations", [{"encryptionType": "KMS"}]), "own:one_key_encrypts_everything", of="protected"),
    Mutation("the function runs outside the VPC", drop(FUNCTION, "vpcConfig"), "checkov:CKV_AWS_117", of="protected"),
    Mutation("executions are without a limit", drop(FUNCTION, "reservedConcurrentExecutions"), "checkov:CKV_AWS_115", of="protected"),
    Mutation("network interfaces of every account", edit(EXECUTION, "policy", lambda statements: statements[1].update(Resource="*")), "own:resource_is_named", of="protected"),
    Mutation("network interfaces in every subnet", edit(EXECUTION, "policy", lambda statements: statements[1]["Resource"].append(f"arn:aws:ec2:eu-central-1:{ACCOUNT_ID}:subnet/*")), "own:interfaces_stay_in_the_functions_network", of="protected"),
    Mutation("the function's code may manage interfaces", edit(EXECUTION, "policy", lambda statements: statements.pop(4)), "own:code_manages_no_interfaces", of="protected"),
    Mutation("the function's code may make interfaces", edit(EXECUTION, "policy", lambda statements: statements[4]["Action"].pop(0)), "own:code_manages_no_interfaces", of="protected"),
    Mutation("every other function is denied instead", edit(EXECUTION, "policy", lambda statements: statements[4]["Condition"]["ArnLike"].update({"lambda:SourceFunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:other-*"})), "own:code_manages_no_interfaces", of="protected"),
    Mutation("a role is out of bounds", drop(INVOKER_ROLE, "permissionsBoundary"), "own:one_boundary_holds_every_role", of="protected"),
    Mutation("an alarm is switched off", put("wine-errors", "actionsEnabled", False), "checkov:CKV_AWS_319", of="protected"),
    Mutation("an alarm tells nobody", drop("wine-errors", "alarmActions"), "own:alarm_tells_somebody", of="protected"),
    # batch runs
    Mutation("batch runs ask every version", edit_text(BATCH, "definition", ":live", ""), "own:batch_asks_the_alias", of="batch"),
    Mutation("rows stand in the log of runs", put(BATCH, "loggingConfiguration", {"level": "ALL", "includeExecutionData": True}), "own:batch_logs_no_rows", of="batch"),
    Mutation("failed runs leave no line", drop(BATCH, "loggingConfiguration"), "own:batch_logs_no_rows checkov:CKV_AWS_285", of="batch"),
    Mutation("runs are not traced", put(BATCH, "tracingConfiguration", {"enabled": False}), "checkov:CKV_AWS_284", of="batch"),
    Mutation("every account's state machines may use the role", edit(BATCH_ROLE, "assumeRolePolicy", lambda statements: statements[0].pop("Condition")), "own:batch_role_is_step_functions_for_this_account", of="batch"),
    Mutation("runs may ask every function", edit(BATCH_DATA, "policy", lambda statements: statements[3].update(Resource=f"arn:aws:lambda:eu-central-1:{ACCOUNT_ID}:function:*")), "own:batch_role_reaches_its_buckets_alone", of="batch"),
    Mutation("runs may overwrite their input", edit(BATCH_DATA, "policy", lambda statements: statements[1].update(Action=["s3:GetObject", "s3:PutObject"])), "own:batch_role_reaches_its_buckets_alone", of="batch"),
    Mutation("runs may read every bucket", edit(BATCH_DATA, "policy", lambda statements: statements[1].update(Resource="*")), "own:resource_is_named", of="batch"),
    Mutation("runs may delete what they wrote", edit(BATCH_DATA, "policy", lambda statements: statements[2]["Action"].append("s3:DeleteObject")), "own:batch_role_reaches_its_buckets_alone", of="batch"),
    Mutation("runs may start every state machine", edit(BATCH_RUNS, "policy", lambda statements: statements[0].update(Resource=f"arn:aws:states:eu-central-1:{ACCOUNT_ID}:stateMachine:*")), "own:batch_role_reaches_its_buckets_alone", of="batch"),
    Mutation("answers may become public", put(f"{OUTPUT}-private", "restrictPublicBuckets", False), "own:bucket_is_private_encrypted_and_forgets checkov:CKV_AWS_56", of="batch"),
    Mutation("nothing keeps rows from the public", remove(f"{INPUT}-private"), "own:bucket_is_private_encrypted_and_forgets checkov:CKV2_AWS_6", of="batch"),
    Mutation("rows travel in plain HTTP", remove(f"{INPUT}-tls"), "own:bucket_is_private_encrypted_and_forgets", of="batch"),
    Mutation("answers are kept for ever", remove(f"{OUTPUT}-lifecycle"), "own:bucket_is_private_encrypted_and_forgets checkov:CKV_AWS_18 checkov:CKV_AWS_21 checkov:CKV_AWS_144 checkov:CKV2_AWS_61 checkov:CKV2_AWS_62", of="batch"),
    Mutation("answers are encrypted without the key", put(f"{OUTPUT}-encryption", "rules", [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]), "own:one_key_encrypts_everything checkov:CKV_AWS_145", of="batch"),
    Mutation("an alarm watches another state machine", put("wine-batch-failed", "dimensions", {"StateMachineArn": f"arn:aws:states:eu-central-1:{ACCOUNT_ID}:stateMachine:other"}), "own:alarms_watch_the_alias", of="batch"),
    Mutation("an alarm watches what does not serve", put("wine-errors", "dimensions", {"FunctionName": "wine-function-1a2b3c4"}), "own:alarms_watch_the_alias", of="protected"),
]
# fmt: on
