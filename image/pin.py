"""Pins the base image: asks its registry what the tag means today, and writes that into the stack's settings.

From then on every build starts from these bytes, until this is run again. Leaves out committing the file, which is
whoever reviews such a change's to do.
"""

import re
from pathlib import Path

from local import report, stack_config
from local.docker.command import docker, require_engine
from local.errors import LocalError

SETTING = "baseImage"

TAGGED = re.compile(r"(?P<name>[^@]+?(?P<tag>:[^:/@]+)?)(?P<digest>@sha256:[0-9a-f]{64})?")
"""An image's name, with a tag or a digest or both."""


def pin(project: Path, stack: str) -> str:
    """Write the digest of a stack's base image into its file.

    Args:
        project: The folder of Pulumi.yaml.
        stack: The stack's name.

    Returns:
        What the setting is now, such as `public.ecr.aws/lambda/python:3.13@sha256:…`.

    Raises:
        LocalError: The setting names no tag, the registry does not answer, or the file cannot be written.
    """
    configured = stack_config.load(project, stack)
    wanted = configured.config[f"{configured.project}:{SETTING}"]
    found = TAGGED.fullmatch(wanted)
    if found is None or found["tag"] is None:
        raise LocalError(f"{SETTING} is {wanted}, which names no tag to look up; set it to a name with a tag first")
    require_engine()
    with report.waiting(f"pulling {found['name']}"):
        docker("pull", "--quiet", found["name"])
    repository = found["name"].removesuffix(found["tag"])
    digests = docker("image", "inspect", '--format={{join .RepoDigests "\\n"}}', found["name"]).split()
    digest = next((each.rpartition("@")[2] for each in digests if each.rpartition("@")[0] == repository), None)
    if digest is None:
        raise LocalError(f"the engine pulled {found['name']} but knows no digest of it")
    pinned = f"{found['name']}@{digest}"
    stack_config.write(project / f"Pulumi.{stack}.yaml", f"{configured.project}:{SETTING}", pinned)
    return pinned
