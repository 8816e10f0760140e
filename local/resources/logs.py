"""CloudWatch Logs: the function's log group."""

from local.cloud import Cloud
from local.resources.resource_type import (
    Properties,
    ResourceType,
    State,
    Target,
    api_arguments,
    as_found,
    physical_name,
    unless_gone,
)


class LogGroup(ResourceType):
    """A group of log streams with an end to its memory."""

    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    fixed = frozenset({"name", "namePrefix", "logGroupClass"})
    changeable = frozenset({"retentionInDays", "kmsKeyId", "tags", "skipDestroy"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the group, then set how long it remembers."""
        group = physical_name(name, inputs)
        target.cloud.logs.create_log_group(
            logGroupName=group,
            logGroupClass=inputs.get("logGroupClass") or "STANDARD",
            tags=inputs.get("tags") or {},
            **api_arguments(inputs, {"kmsKeyId": "kmsKeyId"}),
        )
        set_retention(target.cloud, group, inputs)
        return State(group, inputs, {"name": group, "arn": log_group_arn(target.cloud, group)})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change how long it remembers, and its tags."""
        arn = old.outputs["arn"]
        set_retention(target.cloud, old.id, inputs)
        if inputs.get("kmsKeyId") != old.inputs.get("kmsKeyId"):
            set_key(target.cloud, old.id, inputs)
        target.cloud.logs.untag_resource(resourceArn=arn, tagKeys=list(old.inputs.get("tags") or {}))
        target.cloud.logs.tag_resource(resourceArn=arn, tags=inputs.get("tags") or {})
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """How long it remembers, and its tags."""
        logs = target.cloud.logs
        groups = logs.describe_log_groups(logGroupNamePrefix=old.id)["logGroups"]
        group = next((group for group in groups if group["logGroupName"] == old.id), None)
        if group is None:
            return None
        tags = logs.list_tags_for_resource(resourceArn=old.outputs["arn"])["tags"]
        return as_found(
            old, {"retentionInDays": group.get("retentionInDays") or 0, "kmsKeyId": group.get("kmsKeyId"), "tags": tags}
        )

    def delete(self, target: Target, old: State) -> None:
        """Delete the group with everything in it, unless the program wants it kept."""
        if not old.inputs.get("skipDestroy"):
            unless_gone(lambda: target.cloud.logs.delete_log_group(logGroupName=old.id))


def set_retention(cloud: Cloud, group: str, inputs: Properties) -> None:
    """Set the retention in days; none or 0 is for ever."""
    if inputs.get("retentionInDays"):
        cloud.logs.put_retention_policy(logGroupName=group, retentionInDays=inputs["retentionInDays"])
    else:
        cloud.logs.delete_retention_policy(logGroupName=group)


def set_key(cloud: Cloud, group: str, inputs: Properties) -> None:
    """Encrypt what is logged from now on with a key of the program's, or with AWS's own."""
    if inputs.get("kmsKeyId"):
        cloud.logs.associate_kms_key(logGroupName=group, kmsKeyId=inputs["kmsKeyId"])
    else:
        cloud.logs.disassociate_kms_key(logGroupName=group)


def log_group_arn(cloud: Cloud, group: str) -> str:
    """The ARN as Pulumi gives it: without the `:*` that CloudWatch adds."""
    return f"arn:aws:logs:{cloud.region}:{cloud.account_id}:log-group:{group}"
