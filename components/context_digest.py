"""When does the Docker plugin build an image again? Its digest of a build context, computed as the plugin does.

`docker.Image` is built and pushed again whenever this digest changes. The image's tag is made of the same digest, so
that other content never meets a tag that is taken, and nothing is built that did not change. What counts is the
Dockerfile and, of each file that `.dockerignore` does not leave out, its path, its mode and its content; of a symbolic
link where it leads. Folders, owners and times do not count, nor what pipes and devices would say.
Files are read in pieces: a context may be larger than memory.

Source: `hashContext` in https://github.com/pulumi/pulumi-docker/blob/v5.1.0/provider/provider.go
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from .dockerignore import DockerIgnore, PatternError

#: The kinds of files and the bits of a mode as Go prints them: https://pkg.go.dev/io/fs#FileMode
_KINDS = ((stat.S_ISLNK, "L"), (stat.S_ISBLK, "D"), (stat.S_ISCHR, "Dc"), (stat.S_ISFIFO, "p"))
_BITS = ((stat.S_ISUID, "u"), (stat.S_ISGID, "g"), (stat.S_ISVTX, "t"))
#: Go gives up here as well.
_MOST_LINKS = 255


class ContextError(ValueError):
    """The plugin could not read the context either. The message is one line, for people."""


def digest(context: Path, dockerfile: Path) -> str:
    """The digest of a build context.

    Args:
        context: The folder, as it is given to the plugin: a relative path leads to the same digest on every machine.
        dockerfile: The Dockerfile, inside the folder or elsewhere.

    Returns:
        64 hexadecimal digits.

    Raises:
        ContextError: A file or folder cannot be read, or a line of the ignore file is no pattern.
    """
    total = hashlib.sha256(_entry("Dockerfile", "----------", _content(dockerfile)))
    try:
        for path, status in _files(context, "", _ignored(context, dockerfile)):
            total.update(_entry(path, _mode(status.st_mode), _read(context / path, status.st_mode)))
    except PatternError as error:
        raise ContextError(
            f"the .dockerignore of {context} has a line that is no pattern, {str(error)!r}; mend or remove it"
        ) from None
    return total.hexdigest()


def _ignored(context: Path, dockerfile: Path) -> DockerIgnore:
    """The patterns beside the Dockerfile if it has its own, else those of the context, else none."""
    for path in (dockerfile.with_name(dockerfile.name + ".dockerignore"), context / ".dockerignore"):
        try:
            return DockerIgnore(path.read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(path, error) from None
    return DockerIgnore(b"")


def _files(
    context: Path, folder: str, ignored: DockerIgnore, matches: Sequence[bool] = (), left_out: bool = False
) -> Iterator[tuple[str, os.stat_result]]:
    """Every file that counts, by its path in the context, in the order of names within each folder."""
    try:
        entries = sorted(os.scandir(context / folder), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        if left_out and isinstance(error, PermissionError):
            return
        raise _unreadable(context / folder, error) from None
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        file_left_out, below = ignored.leaves_out(path, matches)
        if entry.is_dir(follow_symlinks=False):
            if not file_left_out or ignored.may_bring_back_below(path):
                yield from _files(context, path, ignored, below, file_left_out)
        elif not file_left_out:
            yield path, entry.stat(follow_symlinks=False)


def _entry(path: str, mode: str, content: bytes) -> bytes:
    return os.fsencode(path) + mode.encode() + content + b"\0"


def _read(path: Path, mode: int) -> bytes:
    """SHA-256 of what counts of a file."""
    if stat.S_ISLNK(mode):
        return hashlib.sha256(os.fsencode(_destination(path))).digest()
    if stat.S_ISREG(mode) or stat.S_ISSOCK(mode):
        return _content(path)
    return hashlib.sha256().digest()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> ContextError:
    return ContextError(f"{path} cannot be read: {error.strerror}; make it readable, or name it in .dockerignore")


def _destination(path: Path) -> str:
    """Where a symbolic link leads, links on the way included; of one that leads nowhere what it says.

    The plugin counts nothing that comes behind a dangling link in its folder. Here all of it counts, because an image
    that keeps its old content without a word is worse than one that is built again.
    """
    try:
        return _followed(path.as_posix())
    except OSError:
        return "nowhere:" + os.readlink(path)  # noqa: PTH115 - as it is written


def _followed(path: str) -> str:
    """A path without links; unlike `os.path.realpath` it stays relative to the working directory where it can."""
    waiting, done, links = path.split("/")[::-1], ["/"] if path.startswith("/") else [], 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if done and done[-1] not in ("..", "/"):
                done.pop()
            elif done != ["/"]:
                done.append("..")
            continue
        here = Path(*done, part)
        mode = here.lstat().st_mode
        if not stat.S_ISLNK(mode):
            if waiting and not stat.S_ISDIR(mode):
                raise NotADirectoryError
            done.append(part)
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(0, "too many symbolic links")
        target = os.readlink(here)  # noqa: PTH115 - a Path would lose the slash that says: a folder
        if target.startswith("/"):
            done = ["/"]
        waiting += target.split("/")[::-1]
    return Path(*done).as_posix()


def _mode(mode: int) -> str:
    """A mode as Go's `FileMode.String` prints it, of which the plugin's digest is made."""
    permissions = mode & 0o777
    if os.name == "nt":
        permissions = (permissions | 0o111) & 0o755
    kind = "".join(letter for is_kind, letter in _KINDS if is_kind(mode))
    special = "".join(letter for bit, letter in _BITS if mode & bit)
    letters = (kind + special) or "-"
    return letters + "".join(
        letter if permissions & (1 << (8 - index)) else "-" for index, letter in enumerate("rwxrwxrwx")
    )
