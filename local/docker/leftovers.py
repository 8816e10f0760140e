"""What a run leaves with the engine, and who takes it away: the run itself, its emulator, or the next run.

A run that ends in order, or whose emulator sees it vanish, takes its own away. If both were killed, the next run does:
nobody listens any more on the port that its names begin with. What is not ours has no label of ours and is not touched.
"""

import os
import re
import socket

from local.docker.command import quiet

LABEL = "ml-inference.local"
"""On everything of ours: on an image without a value, on a container with the process id of its owner."""

KEPT = "ml-inference-local"
"""The one tag that stays behind: it keeps the layers of the last build, so that the next one is quick."""

PUSHED = re.compile(r"^localhost:(\d+)/")
"""What the name of an image begins with that was pushed to the emulator's registry."""


def release(port: int) -> None:
    """Take away what was made for the emulator on a port, containers first; the last build keeps its layers.

    Args:
        port: The emulator's, which has ended.
    """
    for name in _pushed():
        if name.startswith(f"localhost:{port}/"):
            _remove_containers(f"--filter=ancestor={name}")
            superseded = _id(KEPT)
            quiet("tag", name, KEPT)
            quiet("image", "rm", name)
            if superseded != _id(KEPT):
                quiet("image", "rm", superseded)


def sweep() -> None:
    """Take away what runs have left that were killed together with their emulator."""
    for port in {int(PUSHED.findall(name)[0]) for name in _pushed()}:
        if not _listens(port):
            release(port)
    owned = quiet("ps", "--all", f"--filter=label={LABEL}", f'--format={{{{.Label "{LABEL}"}}}}').split()
    for owner in set(owned):
        if not _alive(owner):
            _remove_containers(f"--filter=label={LABEL}={owner}")


def keep_newest(repository: str, count: int) -> None:
    """Take away the oldest images of a repository of ours.

    Args:
        repository: An image's name without its tag.
        count: How many stay.
    """
    newest_first = quiet("image", "ls", "--format={{.Repository}}:{{.Tag}}", repository).split()
    for name in newest_first[count:]:
        quiet("image", "rm", name)


def owner_label() -> str:
    """The option of `docker run` that makes a container ours."""
    return f"--label={LABEL}={os.getpid()}"


def _pushed() -> list[str]:
    names = quiet("image", "ls", f"--filter=label={LABEL}", "--format={{.Repository}}:{{.Tag}}").split()
    return [name for name in names if PUSHED.match(name)]


def _remove_containers(selection: str) -> None:
    containers = quiet("ps", "--all", "--quiet", selection).split()
    if containers:
        quiet("rm", "--force", "--volumes", *containers)


def _id(name: str) -> str:
    return quiet("image", "inspect", "--format={{.Id}}", name)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _alive(owner: str) -> bool:
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError):
        pass
    return True
