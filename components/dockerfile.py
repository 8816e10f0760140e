"""Does a Dockerfile have the stage and the arguments that a build asks for?

Docker would build for minutes before it misses a stage, and never says that an argument is one that nothing reads.
Knows no more of the syntax than that; a Dockerfile with a frontend of its own (`# syntax=…`) is left to it.
"""

import re
from collections.abc import Collection
from pathlib import Path

from .checks import nearest

_STAGE = re.compile(r"(?im)^\s*FROM\s+(?:--\S+\s+)*\S+(?:[ \t]+AS[ \t]+(\S+))?")
_ARGUMENTS = re.compile(r"(?im)^\s*ARG\s+(.+)$")
_NAME = re.compile(r"(?:^|\s)(\w+)(?==|\s|$)")
#: What every build takes.
#: https://docs.docker.com/reference/dockerfile/#predefined-args and #buildkit-built-in-build-args
_PREDEFINED = re.compile(
    r"(?i)(https?|ftp|no|all)_proxy|BUILDKIT_\w+|SOURCE_DATE_EPOCH|(TARGET|BUILD)(PLATFORM|OS|ARCH)"
)
#: Docker's own frontend, of whatever version, or none.
_OTHER_FRONTEND = re.compile(r"(?i)\A\s*#\s*syntax\s*=\s*(?!(docker\.io/)?docker/dockerfile)")


class DockerfileError(ValueError):
    """A build cannot do what it is asked for. The message is one line, for people."""


def check(path: Path, target: str | None, build_args: Collection[str]) -> None:
    """Sees whether a Dockerfile has what is asked of it.

    Args:
        path: The Dockerfile.
        target: Name or number of a stage; None for the last one.
        build_args: Names of arguments.

    Raises:
        DockerfileError: It lacks the stage, or declares no such argument.
    """
    text = re.sub(r"\\[ \t]*\n", " ", path.read_text(encoding="utf-8", errors="replace"))
    if _OTHER_FRONTEND.match(text):
        return
    stages = dict.fromkeys((named or str(number)).lower() for number, named in enumerate(_STAGE.findall(text)))
    if target and target.lower() not in {*stages, *map(str, range(len(stages)))}:
        raise DockerfileError(
            f"target {target!r} is no stage of {path}: {nearest(target.lower(), dict.fromkeys(stages))}"
        )
    declared = {name for line in _ARGUMENTS.findall(text) for name in _NAME.findall(line)}
    for name in build_args:
        if name not in declared and not _PREDEFINED.fullmatch(name):
            raise DockerfileError(
                f"build_args[{name!r}] is read by nothing: {path} has no ARG {name}; "
                f"{nearest(name, dict.fromkeys(declared)) if declared else 'it has none at all'}"
            )
