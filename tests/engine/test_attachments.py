"""Which managed policies the function's role has, while the list of them changes.

An attachment has no identity in AWS but role and policy: two of one policy are one, and detaching either ends both. The
engine deletes what is left over last of all, so a policy that went from one resource to another would be lost.
"""

from collections.abc import Sequence

import pulumi
import pulumi_random as random
import pytest

from local.cloud import Cloud
from tests.engine.conftest import NewStack

pytestmark = pytest.mark.slow

READ, WRITE, LOG = (
    f"arn:aws:iam::aws:policy/{name}"
    for name in ("AmazonS3ReadOnlyAccess", "AmazonSQSFullAccess", "CloudWatchFullAccess")
)

#: The lists that are deployed one after the other: whether each item is an output, and the policy.
LISTS: list[list[tuple[bool, str]]] = [
    [(False, READ), (True, WRITE)],
    [(True, READ), (True, WRITE)],
    [(False, READ), (False, WRITE)],
    [(True, LOG), (True, WRITE), (True, READ)],
    [(True, READ), (True, LOG)],
    [(True, LOG)],
    [(True, LOG), (False, LOG), (True, LOG)],
    [],
]


def test_the_role_has_the_policies_of_the_list_whatever_stood_there_before(cloud: Cloud, new_stack: NewStack) -> None:
    stack = new_stack("attachments")
    wanted: Sequence[tuple[bool, str]] = ()

    def program() -> None:
        made = random.RandomId("made", byte_length=4).hex  # unknown in the first preview

        def later(arn: str) -> pulumi.Output[str]:
            return made.apply(lambda _: arn)

        stack.declare(execution_policy_arns=[later(arn) if is_output else arn for is_output, arn in wanted])

    stack.program = program
    for wanted in LISTS:
        outcome = stack.up()
        assert outcome.succeeded, outcome.text
        role = stack.values("wine-execution-role")["name"]
        attached = cloud.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        assert {policy["PolicyArn"] for policy in attached} == {arn for _, arn in wanted}
    assert stack.destroy().succeeded
