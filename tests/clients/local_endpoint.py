"""The program deployed to the emulator with IAM checks on, and callers with all, some or none of the grants.

Made of the local target's own parts; leaves out Docker.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local import caller, stack_config
from local.cloud import Cloud, Credentials
from local.deployment import Deployment
from local.emulator import Emulator
from local.resources import Target
from local.staged_images import StagedImages

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class LocalEndpoint:
    """A deployed program.

    Attributes:
        cloud: The emulator, as whoever deployed.
        region: The AWS region it was deployed to.
        outputs: What the program exports.
    """

    cloud: Cloud
    region: str
    outputs: dict[str, Any]

    @property
    def url(self) -> str:
        """The Function URL."""
        return str(self.outputs["endpoint"])

    @property
    def here(self) -> str:
        """The address of the endpoint on this machine, for clients that cannot sign for another name."""
        return caller.Endpoint(self.url, self.cloud.port, self.region).here

    def invoker(self) -> "Identity":
        """A user who may assume the invoker role, and that role."""
        return self.identity(str(self.outputs["invoker_role_arn"]))

    def identity(self, role_arn: str) -> "Identity":
        """A user who may assume a role, and that role."""
        return Identity(self, caller.create_user(self.cloud, role_arn), role_arn)

    def role_with(self, actions: Sequence[str]) -> str:
        """A role of the account with some of the grants on the endpoint; returns its ARN."""
        name = f"partly-{secrets.token_hex(4)}"
        account = {"AWS": f"arn:aws:iam::{self.cloud.account_id}:root"}
        role = self.cloud.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=_document("sts:AssumeRole", Principal=account)
        )
        if actions:
            (resource,) = {s["Resource"] for s in json.loads(self.outputs["client_policy_json"])["Statement"]}
            self.cloud.iam.put_role_policy(
                RoleName=name, PolicyName="some", PolicyDocument=_document(list(actions), Resource=resource)
            )
        return role["Role"]["Arn"]


@dataclass(frozen=True)
class Identity:
    """A user and the role it may assume.

    Attributes:
        endpoint: Where both live.
        user: The user's credentials.
        role_arn: The role.
    """

    endpoint: LocalEndpoint
    user: Credentials
    role_arn: str

    @cached_property
    def session(self) -> Credentials:
        """The role's temporary credentials."""
        return caller.assume(self.endpoint.cloud, self.user, self.role_arn)


@contextmanager
def deployed() -> Iterator[LocalEndpoint]:
    """The program as it is, on an emulator of its own."""
    stack = stack_config.load(REPOSITORY)
    with Emulator(region=stack.region) as emulator:
        cloud = Cloud(emulator.url, stack.region)
        yield LocalEndpoint(cloud, stack.region, Deployment(Target(cloud, StagedImages())).deploy(stack))


def _document(action: str | list[str], **rest: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **rest}]})
