"""What is there in the emulator's account, and what should be there according to a stack's state?"""

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any

from local.cloud import Cloud
from local.resources.resource_type import unless_gone
from tests.engine.stack import Resource, Stack


def inventory(cloud: Cloud) -> set[str]:
    """Everything of the kinds that the component makes, as `kind name`."""
    repositories = cloud.ecr.describe_repositories()["repositories"]
    functions = [function["FunctionName"] for function in cloud.lambda_.list_functions()["Functions"]]
    roles = [role["RoleName"] for role in cloud.iam.list_roles()["Roles"]]
    machines = cloud.stepfunctions.list_state_machines()["stateMachines"]
    return {
        *(f"bucket {bucket['Name']}" for bucket in cloud.s3.list_buckets()["Buckets"]),
        *(f"state machine {machine['name']}" for machine in machines),
        *(f"alarm {alarm['AlarmName']}" for alarm in cloud.cloudwatch.describe_alarms()["MetricAlarms"]),
        *(f"dashboard {page['DashboardName']}" for page in cloud.cloudwatch.list_dashboards()["DashboardEntries"]),
        *(f"function {function}" for function in functions),
        *(name for function in functions for name in of_function(cloud, function)),
        *(f"log group {group['logGroupName']}" for group in cloud.logs.describe_log_groups()["logGroups"]),
        *(f"repository {repository['repositoryName']}" for repository in repositories),
        *(f"role {role}" for role in roles),
        *(f"topic {topic['TopicArn']}" for topic in cloud.sns.list_topics()["Topics"]),
        *(
            f"policy {role} {policy}"
            for role in roles
            for policy in cloud.iam.list_role_policies(RoleName=role)["PolicyNames"]
        ),
    }


def of_function(cloud: Cloud, function: str) -> Iterator[str]:
    """A function's aliases, their addresses and the statements of their policies."""
    for alias in cloud.lambda_.list_aliases(FunctionName=function)["Aliases"]:
        key: Any = {"FunctionName": function, "Qualifier": alias["Name"]}
        yield f"alias {function} {alias['Name']}"
        if unless_gone(functools.partial(cloud.lambda_.get_function_url_config, **key)):
            yield f"address {function} {alias['Name']}"
        if policy := unless_gone(functools.partial(cloud.lambda_.get_policy, **key)):
            for statement in json.loads(policy["Policy"])["Statement"]:
                yield f"statement {function} {statement['Sid']}"


#: What a resource of the state is called in an inventory.
NAMES: dict[str, Callable[[Resource], str]] = {
    "aws:cloudwatch/dashboard:Dashboard": lambda page: f"dashboard {page.id}",
    "aws:cloudwatch/logGroup:LogGroup": lambda group: f"log group {group.id}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda alarm: f"alarm {alarm.id}",
    "aws:ecr/repository:Repository": lambda repository: f"repository {repository.id}",
    "aws:iam/role:Role": lambda role: f"role {role.id}",
    "aws:iam/rolePolicy:RolePolicy": lambda policy: f"policy {policy.outputs['role']} {policy.outputs['name']}",
    "aws:lambda/alias:Alias": lambda alias: f"alias {alias.outputs['functionName']} {alias.outputs['name']}",
    "aws:lambda/function:Function": lambda function: f"function {function.id}",
    "aws:lambda/functionUrl:FunctionUrl": lambda url: f"address {url.outputs['functionName']} live",
    "aws:s3/bucket:Bucket": lambda bucket: f"bucket {bucket.id}",
    "aws:sfn/stateMachine:StateMachine": lambda machine: f"state machine {machine.outputs['name']}",
    "aws:lambda/permission:Permission": lambda grant: f"statement {grant.outputs['function']} {grant.id}",
    "aws:sns/topic:Topic": lambda topic: f"topic {topic.id}",
}


def of_state(stack: Stack) -> set[str]:
    """What an account with nothing but this stack has, if its state is right."""
    return {NAMES[resource.type](resource) for resource in stack.state if resource.type in NAMES}
