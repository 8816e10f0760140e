"""CloudWatch Logs: the function's log group."""

from local.cloud import Cloud
from local.resources.resource_type import Properties, ResourceType, State, Target, physical_name


class LogGroup(ResourceType):
    """A group of log streams with an end to its memory."""

    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    fixed = frozenset({"name", "namePrefix", "logGroupClass"})
    changeable = frozenset({"retentionInDays", "tags", "skipDestroy"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the group, then set how long it remembers."""
        group = physical_name(name, inputs)
        target.cloud.logs.create_log_group(
            logGroupName=group,
            logGroupClass=inputs.get("logGroupClass") or "STANDARD",
            tags=inputs.get("tags") or {},
        )
        set_retention(target.cloud, group, inputs)
        return State(group, inputs, {"name": group, "arn": log_group_arn(target.cloud, group)})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change how long it remembers, and its tags."""
        arn = old.outputs["arn"]
        set_retention(target.cloud, old.id, inputs)
        target.cloud.logs.untag_resource(resourceArn=arn, tagKeys=list(old.inputs.get("tags") or {}))
        target.cloud.logs.tag_resource(resourceArn=arn, tags=inputs.get("tags") or {})
        return State(old.id, inputs, old.outputs)


def set_retention(cloud: Cloud, group: str, inputs: Properties) -> None:
    """Set the retention in days; none or 0 is for ever."""
    if inputs.get("retentionInDays"):
        cloud.logs.put_retention_policy(logGroupName=group, retentionInDays=inputs["retentionInDays"])
    else:
        cloud.logs.delete_retention_policy(logGroupName=group)


def log_group_arn(cloud: Cloud, group: str) -> str:
    """The ARN as Pulumi gives it: without the `:*` that CloudWatch adds."""
    return f"arn:aws:logs:{cloud.region}:{cloud.account_id}:log-group:{group}"
