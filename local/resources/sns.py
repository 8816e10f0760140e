"""SNS: topics that alarms tell."""

from local.resources.resource_type import (
    Properties,
    ResourceType,
    State,
    Target,
    as_found,
    physical_name,
    tag_list,
    tag_map,
    unless_gone,
)


class Topic(ResourceType):
    """A topic."""

    pulumi_type = "aws:sns/topic:Topic"
    fixed = frozenset({"name", "namePrefix"})
    changeable = frozenset({"displayName", "tags"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the topic."""
        topic = physical_name(name, inputs)
        attributes = {"DisplayName": inputs.get("displayName") or ""}
        created = target.cloud.sns.create_topic(Name=topic, Attributes=attributes, Tags=tag_list(inputs))
        return State(created["TopicArn"], inputs, {"name": topic, "arn": created["TopicArn"]})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change what it is called to people, and its tags."""
        sns = target.cloud.sns
        sns.set_topic_attributes(
            TopicArn=old.id, AttributeName="DisplayName", AttributeValue=inputs.get("displayName") or ""
        )
        sns.untag_resource(ResourceArn=old.id, TagKeys=list(old.inputs.get("tags") or {}))
        sns.tag_resource(ResourceArn=old.id, Tags=tag_list(inputs))
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """What it is called to people, and its tags."""
        sns = target.cloud.sns
        answer = unless_gone(lambda: sns.get_topic_attributes(TopicArn=old.id))
        if answer is None:
            return None
        tags = tag_map(sns.list_tags_for_resource(ResourceArn=old.id)["Tags"])
        return as_found(old, {"displayName": answer["Attributes"].get("DisplayName", ""), "tags": tags})

    def delete(self, target: Target, old: State) -> None:
        """Delete the topic."""
        unless_gone(lambda: target.cloud.sns.delete_topic(TopicArn=old.id))
