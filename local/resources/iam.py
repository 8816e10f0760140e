"""IAM: roles, the policies that are part of them, and managed policies attached to them."""

import json
from typing import Any

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


class Role(ResourceType):
    """An identity to be assumed."""

    pulumi_type = "aws:iam/role:Role"
    fixed = frozenset({"name", "namePrefix", "path"})
    changeable = frozenset({"assumeRolePolicy", "description", "maxSessionDuration", "permissionsBoundary", "tags"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the role with its trust policy."""
        role = target.cloud.iam.create_role(
            RoleName=physical_name(name, inputs),
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Path=inputs.get("path") or "/",
            Description=inputs.get("description") or "",
            MaxSessionDuration=inputs.get("maxSessionDuration") or 3600,
            Tags=tag_list(inputs),
            **({"PermissionsBoundary": inputs["permissionsBoundary"]} if inputs.get("permissionsBoundary") else {}),
        )["Role"]
        outputs = {
            "name": role["RoleName"],
            "arn": role["Arn"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].isoformat(),
        }
        return State(role["RoleName"], inputs, outputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change the trust policy, the boundary, the description and the tags."""
        iam = target.cloud.iam
        if inputs.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=old.id, PermissionsBoundary=inputs["permissionsBoundary"])
        elif old.inputs.get("permissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=old.id)
        iam.update_assume_role_policy(RoleName=old.id, PolicyDocument=inputs["assumeRolePolicy"])
        iam.update_role(
            RoleName=old.id,
            Description=inputs.get("description") or "",
            MaxSessionDuration=inputs.get("maxSessionDuration") or 3600,
        )
        iam.untag_role(RoleName=old.id, TagKeys=list(old.inputs.get("tags") or {}))
        iam.tag_role(RoleName=old.id, Tags=tag_list(inputs))
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """The trust policy, the description and the tags."""
        answer = unless_gone(lambda: target.cloud.iam.get_role(RoleName=old.id))
        if answer is None:
            return None
        role = answer["Role"]
        return as_found(
            old,
            {
                "assumeRolePolicy": document(role["AssumeRolePolicyDocument"]),
                "description": role.get("Description") or "",
                "maxSessionDuration": role.get("MaxSessionDuration") or 3600,
                "tags": tag_map(role.get("Tags") or []),
            },
            {"arn": role["Arn"], "uniqueId": role["RoleId"]},
        )

    def delete(self, target: Target, old: State) -> None:
        """Delete the role; AWS refuses while it has policies."""
        unless_gone(lambda: target.cloud.iam.delete_role(RoleName=old.id))


class RolePolicy(ResourceType):
    """A policy that is part of one role."""

    pulumi_type = "aws:iam/rolePolicy:RolePolicy"
    fixed = frozenset({"name", "namePrefix", "role"})
    changeable = frozenset({"policy"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Put the policy into the role."""
        policy = physical_name(name, inputs)
        target.cloud.iam.put_role_policy(RoleName=inputs["role"], PolicyName=policy, PolicyDocument=inputs["policy"])
        return State(f"{inputs['role']}:{policy}", inputs, {"name": policy})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Put the new text under the old name."""
        target.cloud.iam.put_role_policy(
            RoleName=inputs["role"], PolicyName=old.outputs["name"], PolicyDocument=inputs["policy"]
        )
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """The policy's text."""
        answer = unless_gone(lambda: target.cloud.iam.get_role_policy(**self._key(old)))
        return answer and as_found(old, {"policy": document(answer["PolicyDocument"])})

    def delete(self, target: Target, old: State) -> None:
        """Take the policy out of the role."""
        unless_gone(lambda: target.cloud.iam.delete_role_policy(**self._key(old)))

    def _key(self, old: State) -> Any:
        return {"RoleName": old.inputs["role"], "PolicyName": old.outputs["name"]}


class RolePolicyAttachment(ResourceType):
    """A managed policy, attached to a role."""

    pulumi_type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    fixed = frozenset({"role", "policyArn"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - has no name in AWS
        """Attach it."""
        target.cloud.iam.attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return State(f"{inputs['role']}-{inputs['policyArn']}", inputs)

    def read(self, target: Target, old: State) -> State | None:
        """Whether it is attached."""
        answer = unless_gone(lambda: target.cloud.iam.list_attached_role_policies(RoleName=old.inputs["role"]))
        attached = {policy["PolicyArn"] for policy in answer["AttachedPolicies"]} if answer else set()
        return old if old.inputs["policyArn"] in attached else None

    def delete(self, target: Target, old: State) -> None:
        """Detach it."""
        unless_gone(
            lambda: target.cloud.iam.detach_role_policy(RoleName=old.inputs["role"], PolicyArn=old.inputs["policyArn"])
        )


def document(policy: Any) -> str:
    """A policy document as text; boto3 has it parsed."""
    return policy if isinstance(policy, str) else json.dumps(policy)
