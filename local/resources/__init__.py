"""How each Pulumi resource type of the program maps to AWS API calls: the one place that knows.

A type or a property that stands nowhere here is refused, so that a deployment that went through did what it said.
"""

from local.errors import LocalError
from local.resources.cloudwatch import Dashboard, MetricAlarm
from local.resources.ecr import LifecyclePolicy, Repository
from local.resources.iam import Role, RolePolicy, RolePolicyAttachment
from local.resources.image import Image
from local.resources.lambda_ import (
    Alias,
    Function,
    FunctionUrl,
    Invocation,
    Permission,
    ProvisionedConcurrencyConfig,
)
from local.resources.logs import LogGroup
from local.resources.random_ import RandomId
from local.resources.resource_type import Properties, ResourceType, State, Target
from local.resources.s3 import (
    Bucket,
    BucketLifecycleConfiguration,
    BucketPolicy,
    BucketPublicAccessBlock,
    BucketServerSideEncryptionConfiguration,
)
from local.resources.sfn import StateMachine
from local.resources.sns import Topic

__all__ = ["RESOURCE_TYPES", "Properties", "ResourceType", "State", "Target", "resource_type"]

RESOURCE_TYPES: dict[str, ResourceType] = {
    kind.pulumi_type: kind
    for kind in (
        Alias(),
        Bucket(),
        BucketLifecycleConfiguration(),
        BucketPolicy(),
        BucketPublicAccessBlock(),
        BucketServerSideEncryptionConfiguration(),
        Dashboard(),
        Function(),
        FunctionUrl(),
        Image(),
        Invocation(),
        LifecyclePolicy(),
        LogGroup(),
        MetricAlarm(),
        Permission(),
        ProvisionedConcurrencyConfig(),
        RandomId(),
        Repository(),
        Role(),
        RolePolicy(),
        RolePolicyAttachment(),
        StateMachine(),
        Topic(),
    )
}


def resource_type(pulumi_type: str) -> ResourceType:
    """The operations of a type.

    Args:
        pulumi_type: Pulumi's name of it, such as `aws:iam/role:Role`.

    Raises:
        LocalError: Nothing here knows it.
    """
    try:
        return RESOURCE_TYPES[pulumi_type]
    except KeyError:
        raise LocalError(
            f"{pulumi_type} cannot be deployed locally; known are {', '.join(sorted(RESOURCE_TYPES))}. "
            "Teach it to local/resources, or try the program with `pulumi up`"
        ) from None
