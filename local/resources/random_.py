"""Random values that stay the same until what they were made for changes."""

import secrets

from local.resources.resource_type import Properties, ResourceType, State, Target


class RandomId(ResourceType):
    """Random bytes, kept as long as `keepers` are the same."""

    pulumi_type = "random:index/randomId:RandomId"
    fixed = frozenset({"byteLength", "keepers"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002
        """Draw the bytes."""
        drawn = secrets.token_hex(inputs["byteLength"])
        return State(drawn, inputs, {"hex": drawn})

    def read(self, target: Target, old: State) -> State | None:  # noqa: ARG002 - it is nowhere but in the state
        """As it was drawn."""
        return old

    def delete(self, target: Target, old: State) -> None:
        """Nothing: it is nowhere but in the state."""
