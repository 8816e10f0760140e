"""What a resource type has to offer, and what all of them share: state, refusals, names, the spelling of AWS's APIs."""

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from botocore.exceptions import ClientError

from local.cloud import Cloud
from local.errors import LocalError
from local.images import Images

# How AWS's services say that something is not there.
GONE = {
    "404",
    "DashboardNotFoundError",
    "LifecyclePolicyNotFoundException",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchEntity",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NotFound",
    "ProvisionedConcurrencyConfigNotFoundException",
    "RepositoryNotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "ServerSideEncryptionConfigurationNotFoundError",
    "StateMachineDoesNotExist",
}

Answer = TypeVar("Answer")

Properties = Mapping[str, Any]
"""Property values under Pulumi's names (`imageTagMutability`), secrets laid open."""


@dataclass(frozen=True)
class Target:
    """Where resources are made.

    Attributes:
        cloud: The AWS APIs.
        images: Who makes container images.
    """

    cloud: Cloud
    images: Images


@dataclass(frozen=True)
class State:
    """A resource that exists.

    Attributes:
        id: Its physical identifier.
        inputs: What it was made from.
        outputs: What it has besides its inputs: ARNs, generated names, results.
    """

    id: str
    inputs: Properties
    outputs: dict[str, Any] = field(default_factory=dict)


class ResourceType(ABC):
    """The operations of one resource type.

    Attributes:
        pulumi_type: Pulumi's name of the type, such as `aws:iam/role:Role`.
        fixed: The properties that Pulumi's provider does not change on a living resource; a change makes a new one.
            They are marked `ForceNew` in `internal/service/<service>/<resource>.go` of the provider's source:
            https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service
        changeable: The properties that `update` can change. Any property in neither set is refused.
        delete_before_replace: Whether the old one has to go before the new one can come: both would be the same thing.
    """

    pulumi_type: ClassVar[str]
    fixed: ClassVar[frozenset[str]]
    changeable: ClassVar[frozenset[str]] = frozenset()
    delete_before_replace: ClassVar[bool] = False

    @abstractmethod
    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Make the resource.

        Args:
            target: Where.
            name: Its logical name in the program, from which a name is derived when `inputs` give none.
            inputs: Checked property values.
        """

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change the resource to what `inputs` say; only called for changes of `changeable` properties."""
        raise NotImplementedError(f"{self.pulumi_type} has nothing changeable")

    def recomputed(self, old: State, inputs: Properties) -> frozenset[str]:  # noqa: ARG002 - most know none
        """The outputs that going from `old` to `inputs` changes, unknown until it is done."""
        return frozenset()

    def read(self, target: Target, old: State) -> State | None:
        """The resource as it is now, whoever changed it since; none if it is gone.

        Only what `old.inputs` manage is looked at, and what cannot be read is taken to be unchanged.
        """
        raise NotImplementedError(f"{self.pulumi_type} cannot be read here")

    def delete(self, target: Target, old: State) -> None:
        """Remove the resource; one that is gone already is no error."""
        raise NotImplementedError(f"{self.pulumi_type} cannot be deleted here")

    def check(self, inputs: Properties) -> Properties:
        """Refuse what these operations would otherwise silently drop.

        Returns:
            The inputs to go on with, which are also those that are compared next time: with a digest of what they
            only point to, if they point to something.

        Raises:
            LocalError: A property is not known here.
        """
        refuse_unknown(self.pulumi_type, inputs, self.fixed | self.changeable)
        return inputs

    def must_replace(self, old: State, inputs: Properties) -> bool:
        """Whether going from `old` to `inputs` takes a new resource."""
        return any(old.inputs.get(key) != inputs.get(key) for key in self.fixed)


def refuse_unknown(what: str, given: Properties, known: Collection[str]) -> None:
    """Raise LocalError if `given` has a key that is not `known`."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise LocalError(
            f"{what} has no property {', '.join(map(repr, unknown))} here; known are {', '.join(sorted(known))}. "
            "Teach it to local/resources, or try the program with `pulumi up`"
        )


def unless_gone(call: Callable[[], Answer]) -> Answer | None:
    """What a call to AWS answers; none if what it asks about is not there."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise


def as_found(old: State, found: Properties, outputs: Properties | None = None) -> State:
    """The state of a resource that was looked at.

    Args:
        old: Its last known state.
        found: Properties as they are now; of these only what `old.inputs` manage is taken.
        outputs: Outputs that are other than they were.
    """
    inputs = {key: managed(found.get(key, value), value) for key, value in old.inputs.items()}
    return State(old.id, inputs, {**old.outputs, **(outputs or {})})


def managed(found: Any, known: Any) -> Any:
    """A value as found, in the shape in which it is known: without defaults that AWS added, in the known spelling."""
    if isinstance(known, Mapping) and isinstance(found, Mapping):
        return {key: managed(found.get(key), value) for key, value in known.items()}
    return known if same_document(found, known) else found


def same_document(one: Any, other: Any) -> bool:
    """Whether two values, or the JSON that two texts hold, are equal."""
    try:
        return bool(one == other or json.loads(one) == json.loads(other))
    except (TypeError, ValueError):
        return False


def physical_name(logical: str, inputs: Properties) -> str:
    """The resource's name in AWS: the one given, or one with a random tail as Pulumi makes them."""
    if inputs.get("name"):
        return str(inputs["name"])
    prefix = inputs.get("namePrefix") or f"{logical}-"
    return f"{prefix}{secrets.token_hex(4)[:7]}"


def api_arguments(inputs: Properties, names: Mapping[str, str]) -> dict[str, Any]:
    """The given ones of some inputs under the names, and the spelling, that AWS's API has for them.

    Args:
        inputs: Property values under Pulumi's names.
        names: Pulumi's name to the API's name.
    """
    return {api: respelt(inputs[pulumi]) for pulumi, api in names.items() if inputs.get(pulumi) is not None}


def respelt(value: Any) -> Any:
    """Nested property names as AWS's REST APIs spell them: `logGroup` becomes `LogGroup`."""
    if isinstance(value, Mapping):
        return {key[:1].upper() + key[1:]: respelt(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [respelt(inner) for inner in value]
    return value


def pulumi_spelling(value: Any) -> Any:
    """The other way round: `LogGroup` becomes `logGroup`."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: pulumi_spelling(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [pulumi_spelling(inner) for inner in value]
    return value


def tag_list(inputs: Properties, key: str = "Key", value: str = "Value") -> list[Any]:
    """The tags as the list of pairs that some APIs want instead of a mapping."""
    return [{key: name, value: text} for name, text in (inputs.get("tags") or {}).items()]


def tag_map(tags: Collection[Any]) -> dict[str, str]:
    """The other way round: a mapping from such a list."""
    return {tag["Key"]: tag["Value"] for tag in tags}
