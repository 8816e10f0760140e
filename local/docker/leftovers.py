"""What a run leaves, with the engine and in files, and who takes it away: the run, its emulator, or the next run.

A run that ends in order, or whose emulator sees it vanish, takes its own away. If both were killed, the next run does:
nobody listens any more on the port that its names hold. What is not ours has no label of ours and is not touched.
"""

import os
import re
import shutil
import socket
from pathlib import Path

from local.docker.command import quiet

LABEL = "ml-inference.local"
"""On everything of ours: on an image without a value, on a container with the process id of its owner."""

KEPT = "ml-inference-local"
"""The one tag that stays behind: it keeps the layers of the last build, so that the next one is quick."""

CLIENT_FILES = "serve-"
"""In `.build`: what the folder is called, before the emulator's port, that holds credentials for the clients."""

PUSHED = re.compile(r"^localhost:(\d+)/")
"""What the name of an image begins with that was pushed to the emulator's registry."""


def client_files(port: int) -> Path:
    """Where the clients find what they need to call the emulator on a port, below the working directory."""
    return Path(".build") / f"{CLIENT_FILES}{port}"


def release(port: int) -> None:
    """Take away what was made for the emulator on a port, containers first; the last build keeps its layers.

    Args:
        port: The emulator's, which has ended.
    """
    shutil.rmtree(client_files(port), ignore_errors=True)
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
    ports = [PUSHED.findall(name)[0] for name in _pushed()]
    ports += [folder.name.removeprefix(CLIENT_FILES) for folder in Path(".build").glob(f"{CLIENT_FILES}*")]
    for port in {int(port) for port in ports if port.isdigit()}:
        if not _listens(port):
            release(port)
    owned = quiet("ps", "--all", f"--filter=label={LABEL}", f'--format={{{{.Label "{LABEL}"}}}}').split()
    for owner in set(owned):
        if not alive(int(owner)):
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


def alive(process: int) -> bool:
    """Whether a process is there, ours or not; taken to be on Windows, where asking would interrupt it."""
    if os.name == "nt":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


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
