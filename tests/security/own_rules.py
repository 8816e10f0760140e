"""What else must never be deployed? Rules for what Checkov does not look at.

Each is a function from a deployment to the names of the resources that break it; its docstring is the rule. Leaves out
what Checkov already says, except where a mutation showed that it only says it in part.
"""

import fnmatch
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.fake_engine import ACCOUNT_ID, REGION, Deployment, Resource
from tests.security import deployments as d
from tests.security.findings import Finding

Rule = Callable[[Deployment], Iterable[str]]
RULES: dict[str, Rule] = {}

INVOKE_URL, INVOKE = "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"
VIA_URL = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
SIGNED = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}

#: What the execution role may do at all; everything it is granted has to be one of these.
EXECUTION_ACTIONS = frozenset(
    [
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        *("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
        *("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
    ]
)
#: Actions for which IAM knows no resource.
#: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html, list_amazonec2.html and
#: list_amazoncloudwatchlogs.html
WITHOUT_RESOURCE = frozenset(
    [
        *("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
        *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
        *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"),
        "logs:DescribeLogGroups",
    ]
)
ONE_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):(role|user)/[\w+=,.@/-]+")
#: Fewer images than this could let the live version's expire after a few deployments.
FEWEST_IMAGES = 10


def findings(deployment: Deployment) -> set[Finding]:
    """Everything that breaks a rule of this file."""
    return {Finding(f"own:{name}", resource) for name, rule in RULES.items() for resource in rule(deployment)}


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


# --- the endpoint ---


@rule
def url_demands_iam(deployment: Deployment) -> Iterator[str]:
    """A Function URL authenticates with IAM."""
    yield from (url.name for url in deployment.all(d.URL) if url.inputs.get("authorizationType") != "AWS_IAM")


@rule
def url_stands_on_the_alias(deployment: Deployment) -> Iterator[str]:
    """A Function URL stands on the alias: one on the function itself would serve versions that were never proved."""
    yield from (url.name for url in deployment.all(d.URL) if url.inputs.get("qualifier") != "live")


@rule
def cors_names_its_origins(deployment: Deployment) -> Iterator[str]:
    """No web page may call that was not named."""
    for url in deployment.all(d.URL):
        if any("*" in origin for origin in (url.inputs.get("cors") or {}).get("allowOrigins", [])):
            yield url.name


@rule
def cors_keeps_credentials_from_strangers(deployment: Deployment) -> Iterator[str]:
    """Credentials are sent to named, encrypted origins alone."""
    for url in deployment.all(d.URL):
        cors = url.inputs.get("cors") or {}
        origins = cors.get("allowOrigins", [])
        if cors.get("allowCredentials") and not all(origin.startswith("https://") for origin in origins):
            yield url.name


# --- who may call ---


@rule
def permission_names_one_principal(deployment: Deployment) -> Iterator[str]:
    """A permission names one role or user: no wildcard, account or service."""
    for grant in deployment.all(d.PERMISSION):
        if not ONE_PRINCIPAL.fullmatch(grant.inputs["principal"]):
            yield grant.name


@rule
def permission_stays_in_the_account(deployment: Deployment) -> Iterator[str]:
    """A permission names a principal of the function's own account."""
    for grant in deployment.all(d.PERMISSION):
        principal = ONE_PRINCIPAL.fullmatch(grant.inputs["principal"])
        if principal and principal[1] != ACCOUNT_ID:
            yield grant.name


@rule
def permission_comes_in_a_pair(deployment: Deployment) -> Iterator[str]:
    """Whoever has one of the two actions has the other: else AWS answers 403."""
    granted: dict[str, set[str]] = {}
    for grant in deployment.all(d.PERMISSION):
        granted.setdefault(grant.inputs["principal"], set()).add(grant.inputs["action"])
    for grant in deployment.all(d.PERMISSION):
        if granted[grant.inputs["principal"]] != {INVOKE_URL, INVOKE}:
            yield grant.name


@rule
def permission_is_bound_to_the_url(deployment: Deployment) -> Iterator[str]:
    """A permission allows one of the two actions, on the alias, by way of the authenticated URL."""
    for grant in deployment.all(d.PERMISSION):
        inputs = grant.inputs
        expected = {
            INVOKE_URL: ("AWS_IAM", None),
            INVOKE: (None, True),
        }.get(inputs["action"])
        bound = (inputs.get("functionUrlAuthType"), inputs.get("invokedViaFunctionUrl"))
        if bound != expected or inputs.get("qualifier") != "live":
            yield grant.name


@rule
def role_of_clients_is_bound_to_the_url(deployment: Deployment) -> Iterator[str]:
    """The policy of a calling role is the two actions on the alias, each under its condition, and nothing else."""
    alias = _alias_arn(deployment)
    expected = [
        {"Effect": "Allow", "Action": INVOKE_URL, "Resource": alias, "Condition": SIGNED},
        {"Effect": "Allow", "Action": INVOKE, "Resource": alias, "Condition": VIA_URL},
    ]
    for policy in deployment.all(d.ROLE_POLICY):
        if policy.name.endswith("-invoke") and _statements(policy.inputs["policy"]) != expected:
            yield policy.name


@rule
def role_of_clients_is_assumed_within_the_account(deployment: Deployment) -> Iterator[str]:
    """The invoker role trusts principals of its own account, for nothing but assuming it."""
    for role in deployment.all(d.ROLE):
        if role.name.endswith("-invoker-role"):
            for statement in _statements(role.inputs["assumeRolePolicy"]):
                principals = statement.get("Principal", {})
                within = isinstance(principals, dict) and principals.keys() == {"AWS"}
                accounts = _listed(principals["AWS"]) if within else []
                own = all(re.fullmatch(rf"arn:aws[a-z-]*:iam::{ACCOUNT_ID}:\S+", account) for account in accounts)
                if not (within and own and _listed(statement.get("Action")) == ["sts:AssumeRole"]):
                    yield role.name


@rule
def role_of_clients_is_granted_something(deployment: Deployment) -> Iterator[str]:
    """An invoker role without a policy would answer every client with 403."""
    granted = {policy.inputs["role"] for policy in deployment.all(d.ROLE_POLICY)}
    for role in deployment.all(d.ROLE):
        if role.name.endswith("-invoker-role") and f"{role.name}-1a2b3c4" not in granted:
            yield role.name


# --- what the function may do ---


@rule
def action_is_named(deployment: Deployment) -> Iterator[str]:
    """No policy allows actions by a wildcard or by exception."""
    for name, statement in _allowed(deployment):
        if "NotAction" in statement or any("*" in action for action in _listed(statement.get("Action"))):
            yield name


@rule
def resource_is_named(deployment: Deployment) -> Iterator[str]:
    """A policy allows on all resources only what IAM cannot allow on fewer."""
    for name, statement in _allowed(deployment):
        everything = "NotResource" in statement or "*" in _listed(statement.get("Resource"))
        if everything and not set(_listed(statement.get("Action"))) <= WITHOUT_RESOURCE:
            yield name


@rule
def execution_role_is_lambdas(deployment: Deployment) -> Iterator[str]:
    """The execution role can be assumed by the Lambda service, and by nobody else."""
    for role in deployment.all(d.ROLE):
        if role.name.endswith("-execution-role"):
            trusted = [statement.get("Principal") for statement in _statements(role.inputs["assumeRolePolicy"])]
            if trusted != [{"Service": "lambda.amazonaws.com"}]:
                yield role.name


@rule
def execution_role_reaches_nothing_else(deployment: Deployment) -> Iterator[str]:
    """The execution role writes logs and traces and manages its network interfaces; it has no managed policies."""
    for name, statement in _allowed(deployment):
        if re.search(r"-execution(-|$)", name) and not set(_listed(statement.get("Action"))) <= EXECUTION_ACTIONS:
            yield name
    for role in deployment.all(d.ROLE):
        if role.inputs.get("managedPolicyArns") or role.inputs.get("inlinePolicies"):
            yield role.name
    yield from (extra.name for extra in deployment.all("aws:iam/rolePolicyAttachment:RolePolicyAttachment"))


@rule
def interfaces_stay_in_the_functions_network(deployment: Deployment) -> Iterator[str]:
    """Network interfaces are made in the function's own subnets and security groups."""
    own: set[str] = set()
    for function in deployment.all(d.FUNCTION):
        network = function.inputs.get("vpcConfig") or {}
        own |= {*network.get("subnetIds", []), *network.get("securityGroupIds", [])}
    for name, statement in _allowed(deployment):
        if "ec2:CreateNetworkInterface" in _listed(statement.get("Action")):
            places = [place for place in _listed(statement["Resource"]) if ":network-interface/" not in place]
            if {place.rpartition("/")[2] for place in places} != own:
                yield name


@rule
def code_manages_no_interfaces(deployment: Deployment) -> Iterator[str]:
    """What Lambda does with network interfaces in the role's name, the function's own code may not."""
    (function,) = deployment.all(d.FUNCTION)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function.name}-1a2b3c4"
    for policy in deployment.all(d.ROLE_POLICY):
        allowed: set[str] = set()
        denied: set[str] = set()
        for statement in _statements(policy.inputs["policy"]):
            actions = {action for action in _listed(statement.get("Action")) if action.startswith("ec2:")}
            source = statement.get("Condition", {}).get("ArnLike", {}).get("lambda:SourceFunctionArn", "")
            if statement["Effect"] == "Allow":
                allowed |= actions
            elif fnmatch.fnmatchcase(arn, source):
                denied |= actions
        if not allowed <= denied:
            yield policy.name


@rule
def one_boundary_holds_every_role(deployment: Deployment) -> Iterator[str]:
    """Where a boundary is given, no role is without it."""
    roles = deployment.all(d.ROLE)
    boundaries = {role.inputs.get("permissionsBoundary") for role in roles}
    if len(boundaries) > 1:
        yield from (role.name for role in roles if not role.inputs.get("permissionsBoundary"))


@rule
def logs_are_written_into_the_own_group(deployment: Deployment) -> Iterator[str]:
    """The execution role writes into the deployment's log group alone."""
    own = [f"{_log_group_arn(group)}:*" for group in deployment.all(d.LOG_GROUP) if not _is_batch(group)]
    for name, statement in _allowed(deployment):
        writes = "-execution" in name and any(action.startswith("logs:") for action in _listed(statement.get("Action")))
        if writes and _listed(statement.get("Resource")) != own:
            yield name


# --- the image ---


@rule
def image_is_run_by_digest(deployment: Deployment) -> Iterator[str]:
    """The function runs an image by its digest: what a tag means can change."""
    for function in deployment.all(d.FUNCTION):
        if not re.search(r"@sha256:[0-9a-f]{64}$", function.inputs["imageUri"]):
            yield function.name


@rule
def image_is_never_the_latest(deployment: Deployment) -> Iterator[str]:
    """Neither the image nor its base is tagged `latest`, or not at all."""
    for image in deployment.all(d.IMAGE):
        base = image.inputs["build"].get("args", {}).get("BASE_IMAGE")
        names = [image.inputs["imageName"], *([base] if base else [])]
        if any(name.endswith(":latest") or not re.search(r":[^/]+$", name) for name in names):
            yield image.name


@rule
def image_is_built_for_the_functions_processor(deployment: Deployment) -> Iterator[str]:
    """The image's platform is the function's architecture; a mismatch only shows when the function starts."""
    platforms = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}
    wanted = {platforms[architecture] for f in deployment.all(d.FUNCTION) for architecture in f.inputs["architectures"]}
    for image in deployment.all(d.IMAGE):
        if {image.inputs["build"].get("platform")} != wanted:
            yield image.name


@rule
def images_expire_by_number_alone(deployment: Deployment) -> Iterator[str]:
    """A repository has an end, and it never removes the newest images: the live version pulls one of them."""
    bounded = set()
    for policy in deployment.all(d.LIFECYCLE):
        bounded.add(policy.inputs["repository"])
        for rule_ in json.loads(policy.inputs["policy"])["rules"]:
            selection = rule_["selection"]
            by_number = selection["countType"] == "imageCountMoreThan" and selection["tagStatus"] == "any"
            if not by_number or selection["countNumber"] < FEWEST_IMAGES:
                yield policy.name
    yield from (repo.name for repo in deployment.all(d.REPOSITORY) if f"{repo.name}-1a2b3c4" not in bounded)


@rule
def tags_are_immutable(deployment: Deployment) -> Iterator[str]:
    """Tags never move, without exceptions."""
    for repo in deployment.all(d.REPOSITORY):
        if repo.inputs.get("imageTagMutability") != "IMMUTABLE":
            yield repo.name


@rule
def registry_password_is_a_secret(deployment: Deployment) -> Iterator[str]:
    """The registry's password is marked, so that Pulumi encrypts it in its state and hides it on the screen."""
    for image in deployment.all(d.IMAGE):
        registry = image.inputs["registry"]
        password = {"secret": registry} if "secret" in registry else registry.get("password")
        if not isinstance(password, dict):
            yield image.name


# --- what is run, and what is seen of it ---


@rule
def version_is_published_and_proved(deployment: Deployment) -> Iterator[str]:
    """A version is published, and the alias waits for its golden check."""
    yield from (function.name for function in deployment.all(d.FUNCTION) if function.inputs.get("publish") is not True)
    for check in deployment.all(d.CHECK):
        if check.inputs.get("qualifier") in (None, "$LATEST", "live"):
            yield check.name
        for alias in deployment.all(d.ALIAS):
            if not deployment.depends(alias, check):
                yield alias.name


@rule
def alias_names_a_version(deployment: Deployment) -> Iterator[str]:
    """The alias names a published version, and no weight sends requests to another one."""
    for alias in deployment.all(d.ALIAS):
        if alias.inputs.get("functionVersion") in (None, "$LATEST") or alias.inputs.get("routingConfig"):
            yield alias.name


@rule
def logs_have_an_owner_and_an_end(deployment: Deployment) -> Iterator[str]:
    """The function writes JSON into a log group of the deployment, which deletes it after a time and goes with it."""
    own = {group.inputs["namePrefix"] + "1a2b3c4" for group in deployment.all(d.LOG_GROUP)}
    for function in deployment.all(d.FUNCTION):
        logging = function.inputs.get("loggingConfig") or {}
        if logging.get("logGroup") not in own or logging.get("logFormat") != "JSON":
            yield function.name
    for group in deployment.all(d.LOG_GROUP):
        if not group.inputs.get("retentionInDays") or group.inputs.get("skipDestroy"):
            yield group.name


@rule
def logs_are_not_verbose(deployment: Deployment) -> Iterator[str]:
    """The service writes no debug lines of its own into the log."""
    for function in deployment.all(d.FUNCTION):
        logging = function.inputs.get("loggingConfig") or {}
        if "DEBUG" in {logging.get("systemLogLevel"), logging.get("applicationLogLevel")}:
            yield function.name


@rule
def requests_are_traced(deployment: Deployment) -> Iterator[str]:
    """Requests are sampled; Checkov takes `PassThrough` for an answer."""
    for function in deployment.all(d.FUNCTION):
        if (function.inputs.get("tracingConfig") or {}).get("mode") != "Active":
            yield function.name


@rule
def alarms_watch_the_alias(deployment: Deployment) -> Iterator[str]:
    """An alarm watches what serves, or it is silent about it; the handler's own metrics know no alias."""
    machines = {_state_machine_arn(machine) for machine in deployment.all(d.STATE_MACHINE)}
    for alarm in deployment.all(d.ALARM):
        watched = [query["metric"] for query in alarm.inputs.get("metricQueries", []) if "metric" in query]
        for metric in watched or [alarm.inputs]:
            dimensions = metric["dimensions"]
            serves = dimensions.get("Resource", "").endswith(":live") or dimensions.get("StateMachineArn") in machines
            if metric["namespace"].startswith("AWS/") and not serves:
                yield alarm.name


@rule
def alarm_tells_somebody(deployment: Deployment) -> Iterator[str]:
    """An alarm has an action: one without only changes its colour."""
    yield from (alarm.name for alarm in deployment.all(d.ALARM) if not alarm.inputs.get("alarmActions"))


@rule
def one_key_encrypts_everything(deployment: Deployment) -> Iterator[str]:
    """Where a key is given for one of images, logs and function, it encrypts all of them."""
    keys = {
        **{repo.name: _first_key(repo) for repo in deployment.all(d.REPOSITORY)},
        **{group.name: group.inputs.get("kmsKeyId") for group in deployment.all(d.LOG_GROUP)},
        **{function.name: function.inputs.get("kmsKeyArn") for function in deployment.all(d.FUNCTION)},
        **{bucket.name: _bucket_key(bucket) for bucket in deployment.all(d.ENCRYPTION)},
    }
    if any(keys.values()):
        yield from (name for name, key in keys.items() if not key)


# --- batch scoring ---


@rule
def batch_asks_the_alias(deployment: Deployment) -> Iterator[str]:
    """A batch run asks the live alias: anything else may be a version that was never proved."""
    alias = _alias_arn(deployment)
    for machine in deployment.all(d.STATE_MACHINE):
        asked = set(re.findall(r'"FunctionName": "([^"]*)"', machine.inputs["definition"]))
        if asked != {alias}:
            yield machine.name


@rule
def batch_logs_no_rows(deployment: Deployment) -> Iterator[str]:
    """Runs log their failures, without rows and predictions, and are traced."""
    for machine in deployment.all(d.STATE_MACHINE):
        logging = machine.inputs.get("loggingConfiguration") or {}
        if logging.get("level") != "ERROR" or logging.get("includeExecutionData") is not False:
            yield machine.name


@rule
def batch_role_is_step_functions_for_this_account(deployment: Deployment) -> Iterator[str]:
    """The role of batch runs is assumed by Step Functions, for state machines of this account alone."""
    expected = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "states.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT_ID}},
    }
    for role in deployment.all(d.ROLE):
        if role.name.endswith("-batch-role") and _statements(role.inputs["assumeRolePolicy"]) != [expected]:
            yield role.name


@rule
def batch_role_reaches_its_buckets_alone(deployment: Deployment) -> Iterator[str]:
    """A batch run reads its input, writes its output, asks the alias, starts parts of itself: nothing else."""
    (alias,) = (_alias_arn(deployment),)
    machines = [_state_machine_arn(machine) for machine in deployment.all(d.STATE_MACHINE)]
    runs = [machine.replace(":stateMachine:", ":execution:") for machine in machines]
    inputs, outputs = _batch_buckets(deployment, "ItemReader"), _batch_buckets(deployment, "ResultWriter")
    allowed = {
        "s3:ListBucket": tuple(f"arn:aws:s3:::{re.escape(bucket)}" for bucket in inputs),
        "s3:GetObject": tuple(rf"arn:aws:s3:::{re.escape(bucket)}/\*" for bucket in inputs | outputs),
        **dict.fromkeys(
            ("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
            tuple(rf"arn:aws:s3:::{re.escape(bucket)}/\*" for bucket in outputs),
        ),
        INVOKE: (re.escape(alias),),
        **dict.fromkeys(("kms:Decrypt", "kms:GenerateDataKey"), (r"arn:aws:kms:\S+:key/[\w-]+",)),
        "states:StartExecution": tuple(map(re.escape, machines)),
        **dict.fromkeys(
            ("states:DescribeExecution", "states:StopExecution", "states:RedriveExecution"),
            tuple(re.escape(run) + r"(:|/)\*" for run in runs),
        ),
        **dict.fromkeys(
            WITHOUT_RESOURCE - EXECUTION_ACTIONS | {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, (r"\*",)
        ),
    }
    for name, statement in _allowed(deployment):
        if "-batch-" in name:
            for action, resource in itertools.product(
                _listed(statement.get("Action")), _listed(statement.get("Resource"))
            ):
                if not any(re.fullmatch(form, resource) for form in allowed.get(action, ())):
                    yield name


@rule
def bucket_is_private_encrypted_and_forgets(deployment: Deployment) -> Iterator[str]:
    """Every bucket has all four switches against the public, encryption, an end for its objects, and TLS alone."""
    for bucket in deployment.all(d.BUCKET):
        named = f"{bucket.name}-1a2b3c4"

        def of(kind: str, named: str = named) -> list[Resource]:
            return [resource for resource in deployment.all(kind) if resource.inputs["bucket"] == named]

        private = [[value for key, value in block.inputs.items() if key != "bucket"] for block in of(d.PUBLIC_ACCESS)]
        lifecycles = [rule_ for lifecycle in of(d.BUCKET_LIFECYCLE) for rule_ in lifecycle.inputs["rules"]]
        denied = [statement for policy in of(d.BUCKET_POLICY) for statement in _statements(policy.inputs["policy"])]
        tls = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{named}", f"arn:aws:s3:::{named}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        forgets = any(one["status"] == "Enabled" and (one.get("expiration") or {}).get("days") for one in lifecycles)
        if private != [[True] * 4] or denied != [tls] or not forgets or not of(d.ENCRYPTION):
            yield bucket.name


# --- reading documents ---


def _is_batch(resource: Resource) -> bool:
    return "-batch-" in resource.name


def _batch_buckets(deployment: Deployment, field: str) -> set[str]:
    """The buckets that the definitions of state machines read or write."""
    definitions = [json.loads(machine.inputs["definition"]) for machine in deployment.all(d.STATE_MACHINE)]
    states = [state for definition in definitions for state in definition["States"].values()]
    return {state[field]["Parameters"]["Bucket"] for state in states if field in state}


def _state_machine_arn(machine: Resource) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{machine.name}-1a2b3c4"


def _bucket_key(encryption: Resource) -> str | None:
    (rule_,) = encryption.inputs["rules"]
    key: str | None = rule_["applyServerSideEncryptionByDefault"].get("kmsMasterKeyId")
    return key


def _statements(document: str) -> list[dict[str, Any]]:
    return list(json.loads(document)["Statement"])


def _allowed(deployment: Deployment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Allowing statements of all role policies, with the policy's name."""
    for policy in deployment.all(d.ROLE_POLICY):
        for statement in _statements(policy.inputs["policy"]):
            if statement["Effect"] == "Allow":
                yield policy.name, statement


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value is not None else []


def _first_key(repository: Resource) -> Any:
    return (repository.inputs.get("encryptionConfigurations") or [{}])[0].get("kmsKey")


def _alias_arn(deployment: Deployment) -> str:
    function = deployment.one(d.FUNCTION).name
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{function}-1a2b3c4:live"


def _log_group_arn(group: Resource) -> str:
    return f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{group.inputs['namePrefix']}1a2b3c4"
