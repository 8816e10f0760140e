"""ECR: the image repository and which images it keeps."""

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


class Repository(ResourceType):
    """A repository of container images."""

    pulumi_type = "aws:ecr/repository:Repository"
    fixed = frozenset({"name", "encryptionConfigurations"})
    # forceDelete is Pulumi's own: it is looked at on deletion.
    changeable = frozenset({"imageTagMutability", "imageScanningConfiguration", "forceDelete", "tags"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the repository."""
        encryption = (inputs.get("encryptionConfigurations") or [{"encryptionType": "AES256"}])[0]
        repository = target.cloud.ecr.create_repository(
            repositoryName=physical_name(name, inputs),
            imageTagMutability=inputs.get("imageTagMutability") or "MUTABLE",
            imageScanningConfiguration=inputs.get("imageScanningConfiguration") or {"scanOnPush": False},
            encryptionConfiguration=given(encryption),
            tags=tag_list(inputs),
        )["repository"]
        outputs = {
            "name": repository["repositoryName"],
            "arn": repository["repositoryArn"],
            "registryId": repository["registryId"],
            "repositoryUrl": repository["repositoryUri"],
        }
        return State(repository["repositoryName"], inputs, outputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change what the repository does with tags and scans, and its own tags."""
        ecr, arn = target.cloud.ecr, old.outputs["arn"]
        ecr.put_image_tag_mutability(
            repositoryName=old.id, imageTagMutability=inputs.get("imageTagMutability") or "MUTABLE"
        )
        ecr.put_image_scanning_configuration(
            repositoryName=old.id,
            imageScanningConfiguration=inputs.get("imageScanningConfiguration") or {"scanOnPush": False},
        )
        ecr.untag_resource(resourceArn=arn, tagKeys=list(old.inputs.get("tags") or {}))
        ecr.tag_resource(resourceArn=arn, tags=tag_list(inputs))
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """What the repository does with tags and scans, and its own tags."""
        ecr = target.cloud.ecr
        answer = unless_gone(lambda: ecr.describe_repositories(repositoryNames=[old.id]))
        if answer is None:
            return None
        repository = answer["repositories"][0]
        tags: Any = ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]
        return as_found(
            old,
            {
                "imageTagMutability": repository["imageTagMutability"],
                "imageScanningConfiguration": repository["imageScanningConfiguration"],
                "tags": tag_map(tags),
            },
        )

    def delete(self, target: Target, old: State) -> None:
        """Delete the repository; with images in it only if the program said so."""
        force = bool(old.inputs.get("forceDelete"))
        unless_gone(lambda: target.cloud.ecr.delete_repository(repositoryName=old.id, force=force))


def given(settings: Properties) -> Any:
    """The settings that have a value: a program may spell out that it leaves one to AWS."""
    return {key: value for key, value in settings.items() if value is not None}


class LifecyclePolicy(ResourceType):
    """Which images a repository keeps."""

    pulumi_type = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    # AWS would change the policy in place, the provider does not.
    fixed = frozenset({"repository", "policy"})
    delete_before_replace = True

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - has no name in AWS
        """Put the policy on the repository, in place of any other."""
        answer = target.cloud.ecr.put_lifecycle_policy(
            repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
        )
        return State(inputs["repository"], inputs, {"registryId": answer["registryId"]})

    def read(self, target: Target, old: State) -> State | None:
        """The policy's text."""
        answer = unless_gone(lambda: target.cloud.ecr.get_lifecycle_policy(repositoryName=old.id))
        return answer and as_found(old, {"policy": answer["lifecyclePolicyText"]})

    def delete(self, target: Target, old: State) -> None:
        """Let the repository keep everything."""
        unless_gone(lambda: target.cloud.ecr.delete_lifecycle_policy(repositoryName=old.id))
