"""The container image: built from a folder and pushed, by a Docker engine or by its stand-in (`local.images`)."""

from pathlib import Path

from local.images import Build
from local.resources.resource_type import Properties, ResourceType, State, Target, refuse_unknown

BUILD_PROPERTIES = {"context", "dockerfile", "platform", "args", "target", "cacheFrom"}


class Image(ResourceType):
    """An image, known by its digest."""

    pulumi_type = "docker:index/image:Image"
    # The provider never makes a new one: whatever changes, it builds and pushes again.
    fixed = frozenset()
    changeable = frozenset({"imageName", "build", "registry", "skipPush", "buildOnPreview"})

    def check(self, inputs: Properties) -> Properties:
        """Add a digest of the files, since a folder may change behind an unchanged path."""
        build = requested_build(super().check(inputs))
        refuse_unknown(f"build of {self.pulumi_type}", inputs.get("build") or {}, BUILD_PROPERTIES)
        return {**inputs, "contextDigest": build.content_digest()}

    def create(self, target: Target, name: str, inputs: Properties) -> State:  # noqa: ARG002 - named by imageName
        """Build and push it."""
        build = requested_build(inputs)
        digest = f"{build.repository}@{target.images.build(build)}"
        outputs = {
            "baseImageName": build.name,
            "context": build.context.as_posix(),
            "dockerfile": build.dockerfile.as_posix(),
            "platform": build.platform,
            "registryServer": (inputs.get("registry") or {}).get("server"),
            "repoDigest": digest,
        }
        return State(digest, inputs, outputs)

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Build again; unchanged content gives the same image."""
        return self.create(target, old.id, inputs)

    def read(self, target: Target, old: State) -> State | None:  # noqa: ARG002 - the provider does not look either
        """As it was."""
        return old

    def delete(self, target: Target, old: State) -> None:
        """Nothing: the image belongs to its repository and goes with it."""


def requested_build(inputs: Properties) -> Build:
    """The build that an Image resource asks for; its paths are relative to the working directory."""
    build = inputs.get("build") or {}
    context = Path(build.get("context") or ".")
    return Build(
        name=inputs["imageName"],
        context=context,
        dockerfile=Path(build.get("dockerfile") or context / "Dockerfile"),
        platform=build.get("platform"),
        arguments=build.get("args") or {},
        target=build.get("target"),
        cache_from=tuple((build.get("cacheFrom") or {}).get("images") or ()),
    )
