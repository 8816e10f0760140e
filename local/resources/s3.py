"""S3: buckets, and what protects them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from local.resources.iam import document
from local.resources.resource_type import (
    Properties,
    ResourceType,
    State,
    Target,
    as_found,
    physical_name,
    respelt,
    tag_list,
    unless_gone,
)


class Bucket(ResourceType):
    """A bucket."""

    pulumi_type = "aws:s3/bucket:Bucket"
    fixed = frozenset({"bucket", "bucketPrefix"})
    changeable = frozenset({"forceDestroy", "tags"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Create the bucket, then its tags."""
        bucket = physical_name(name, {"name": inputs.get("bucket"), "namePrefix": inputs.get("bucketPrefix")})
        place: Any = {"LocationConstraint": target.cloud.region}
        elsewhere = {"CreateBucketConfiguration": place} if target.cloud.region != "us-east-1" else {}
        target.cloud.s3.create_bucket(Bucket=bucket, **elsewhere)
        self._tag(target, bucket, inputs)
        return State(bucket, inputs, {"bucket": bucket, "arn": f"arn:aws:s3:::{bucket}"})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Change the tags."""
        self._tag(target, old.id, inputs)
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """Whether it is there."""
        return unless_gone(lambda: target.cloud.s3.head_bucket(Bucket=old.id)) and old

    def delete(self, target: Target, old: State) -> None:
        """Delete it; only with all it holds if the program said so, since AWS refuses otherwise."""
        if old.inputs.get("forceDestroy"):
            pages = target.cloud.s3.get_paginator("list_objects_v2").paginate(Bucket=old.id)
            for page in unless_gone(lambda: list(pages)) or []:
                for found in page.get("Contents", []):
                    target.cloud.s3.delete_object(Bucket=old.id, Key=found["Key"])
        unless_gone(lambda: target.cloud.s3.delete_bucket(Bucket=old.id))

    def _tag(self, target: Target, bucket: str, inputs: Properties) -> None:
        if inputs.get("tags"):
            target.cloud.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(inputs)})
        else:
            target.cloud.s3.delete_bucket_tagging(Bucket=bucket)


class OfBucket(ResourceType):
    """A setting of a bucket, of which there is one: put, read, deleted under its name.

    Attributes:
        setting: Its name in the API's operations, such as `bucket_policy`.
        argument: What the operation that puts it calls it.
        deleted_as: Its name in the operation that deletes it, where that is another one.
    """

    fixed = frozenset({"bucket"})
    setting: ClassVar[str]
    argument: ClassVar[str]
    deleted_as: ClassVar[str | None] = None
    delete_before_replace = True

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - has no name in AWS
        """Put it."""
        return self.update(target, State(inputs["bucket"], inputs), inputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Put it again."""
        getattr(target.cloud.s3, f"put_{self.setting}")(Bucket=inputs["bucket"], **{self.argument: self.value(inputs)})
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """Whether there is one, and what it is where that can be compared."""
        answer = unless_gone(lambda: getattr(target.cloud.s3, f"get_{self.setting}")(Bucket=old.id))
        return answer and as_found(old, self.found(answer))

    def delete(self, target: Target, old: State) -> None:
        """Remove it."""
        unless_gone(lambda: getattr(target.cloud.s3, f"delete_{self.deleted_as or self.setting}")(Bucket=old.id))

    def value(self, inputs: Properties) -> Any:
        """The setting as the API takes it."""
        raise NotImplementedError

    def found(self, answer: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - most are taken as they were
        """Properties out of the API's answer."""
        return {}


class BucketPublicAccessBlock(OfBucket):
    """Whether anything in a bucket may be public."""

    pulumi_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    setting, argument = "public_access_block", "PublicAccessBlockConfiguration"
    changeable = frozenset({"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"})

    def value(self, inputs: Properties) -> Any:
        """Four switches."""
        return respelt({key: inputs.get(key, False) for key in sorted(self.changeable)})

    def found(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The switches."""
        switches = answer["PublicAccessBlockConfiguration"]
        return {key: switches.get(key[:1].upper() + key[1:], False) for key in self.changeable}


class BucketServerSideEncryptionConfiguration(OfBucket):
    """How a bucket encrypts what it stores."""

    pulumi_type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    setting, argument = "bucket_encryption", "ServerSideEncryptionConfiguration"
    changeable = frozenset({"rules"})

    def value(self, inputs: Properties) -> Any:
        """Rules with the API's names."""
        return {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        {"sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}[key]: value
                        for key, value in rule["applyServerSideEncryptionByDefault"].items()
                    },
                    "BucketKeyEnabled": bool(rule.get("bucketKeyEnabled")),
                }
                for rule in inputs["rules"]
            ]
        }


class BucketLifecycleConfiguration(OfBucket):
    """When a bucket forgets."""

    pulumi_type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    setting, argument = "bucket_lifecycle_configuration", "LifecycleConfiguration"
    deleted_as = "bucket_lifecycle"
    changeable = frozenset({"rules"})

    def value(self, inputs: Properties) -> Any:
        """Rules with the API's names."""
        return {"Rules": [{"ID": rule["id"], **respelt(_without_id(rule))} for rule in inputs["rules"]]}


def _without_id(rule: Properties) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "id"}


class BucketPolicy(OfBucket):
    """Who may do what with a bucket, whatever else they are allowed."""

    pulumi_type = "aws:s3/bucketPolicy:BucketPolicy"
    setting, argument = "bucket_policy", "Policy"
    changeable = frozenset({"policy"})

    def value(self, inputs: Properties) -> Any:
        """The document."""
        return inputs["policy"]

    def found(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The document."""
        return {"policy": document(answer["Policy"])}
