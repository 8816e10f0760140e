"""Step Functions: state machines."""

from typing import Any

from local.resources.resource_type import (
    Properties,
    ResourceType,
    State,
    Target,
    as_found,
    physical_name,
    tag_list,
    unless_gone,
)


class StateMachine(ResourceType):
    """A state machine."""

    pulumi_type = "aws:sfn/stateMachine:StateMachine"
    fixed = frozenset({"name", "namePrefix", "type"})
    changeable = frozenset({"definition", "loggingConfiguration", "roleArn", "tags", "tracingConfiguration"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the state machine."""
        machine = physical_name(name, inputs)
        arn = target.cloud.stepfunctions.create_state_machine(
            name=machine,
            type=inputs.get("type") or "STANDARD",
            tags=tag_list(inputs, "key", "value"),
            **self._settings(inputs),
        )["stateMachineArn"]
        return State(arn, inputs, {"arn": arn, "name": machine})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change everything but name and type."""
        sfn = target.cloud.stepfunctions
        sfn.update_state_machine(stateMachineArn=old.id, **self._settings(inputs))
        sfn.untag_resource(resourceArn=old.id, tagKeys=list(old.inputs.get("tags") or {}))
        sfn.tag_resource(resourceArn=old.id, tags=tag_list(inputs, "key", "value"))
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """Its definition and its role."""
        found = unless_gone(lambda: target.cloud.stepfunctions.describe_state_machine(stateMachineArn=old.id))
        return found and as_found(old, {"definition": found["definition"], "roleArn": found["roleArn"]})

    def delete(self, target: Target, old: State) -> None:
        """Delete it; AWS says nothing if it is gone."""
        unless_gone(lambda: target.cloud.stepfunctions.delete_state_machine(stateMachineArn=old.id))

    def _settings(self, inputs: Properties) -> Any:
        logging = inputs.get("loggingConfiguration") or {}
        groups = [{"cloudWatchLogsLogGroup": {"logGroupArn": logging["logDestination"]}}] if logging else []
        return {
            "definition": inputs["definition"],
            "roleArn": inputs["roleArn"],
            "loggingConfiguration": {
                "level": logging.get("level", "OFF"),
                "includeExecutionData": bool(logging.get("includeExecutionData")),
                "destinations": groups,
            },
            "tracingConfiguration": {"enabled": bool((inputs.get("tracingConfiguration") or {}).get("enabled"))},
        }
