"""ECR: the image repository and which images it keeps."""

from local.resources.resource_type import Properties, ResourceType, State, Target, physical_name, tag_list


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
            encryptionConfiguration=encryption,
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


class LifecyclePolicy(ResourceType):
    """Which images a repository keeps."""

    pulumi_type = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    fixed = frozenset({"repository"})
    changeable = frozenset({"policy"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - has no name in AWS
        """Put the policy on the repository, in place of any other."""
        answer = target.cloud.ecr.put_lifecycle_policy(
            repositoryName=inputs["repository"], lifecyclePolicyText=inputs["policy"]
        )
        return State(inputs["repository"], inputs, {"registryId": answer["registryId"]})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """As `create`: AWS knows no difference."""
        return self.create(target, old.id, inputs)
