"""How much of the traffic does a new version take? All of it, or a share beside the version before, which goes on.

Which version came before only the alias itself knows, so it is read at every deployment with a share: what the program
says is then the same at the first deployment, at a repeated one and after one that broke off.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from .refusal import RefusedError

#: How AWS and its provider's versions say that an alias, or its function, is not there yet.
_NOT_THERE = re.compile(r"ResourceNotFoundException|couldn't find resource|empty result|no matching Lambda Alias")


@dataclass(frozen=True)
class Share:
    """What the alias says while a candidate is tried.

    Attributes:
        before: The version that keeps serving; None before there is any.
        candidate: The version that was proved.
        percent: How many of 100 requests the candidate takes.
    """

    before: str | None
    candidate: str
    percent: int

    @property
    def routing(self) -> aws.lambda_.AliasRoutingConfigArgs | None:
        """The share as the alias takes it; none where there is but one version."""
        if self.before in (None, self.candidate):
            return None
        return aws.lambda_.AliasRoutingConfigArgs(additional_version_weights={self.candidate: self.percent / 100})


def version_before(
    function_name: pulumi.Output[str], alias: str, refusal: Callable[[str], RefusedError], parent: pulumi.Resource
) -> pulumi.Output[str | None]:
    """The version that the alias names now; None if there is no alias yet.

    Args:
        function_name: The function.
        alias: The alias's name.
        refusal: What to raise, given AWS's reason, where the alias cannot be read.
        parent: Whose provider asks.
    """

    def read(name: str) -> str | None:
        try:
            found = aws.lambda_.get_alias(function_name=name, name=alias, opts=pulumi.InvokeOptions(parent=parent))
        except Exception as error:  # noqa: BLE001 - the SDK has no type for what a provider says, only its words
            if _NOT_THERE.search(str(error)):
                return None
            raise refusal(" ".join(str(error).split())) from None
        return found.function_version

    return function_name.apply(read)
