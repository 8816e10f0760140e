"""What is in the image above its base: files, bytes and layers.

Read from what `docker save` writes, so the figures are those of the engine and not of a program that runs inside.
Leaves out the base image: what is in it is decided by those who make it.
"""

import fnmatch
import hashlib
import json
import stat
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from local.docker.command import docker
from local.errors import LocalError

BYTES = 30_000_000
FILES = 200
LAYERS = 4
"""Budgets above the base. Three layers hold files; BuildKit adds an empty one for setting the working directory."""

TASK_ROOT = "var/task"
"""Where Lambda looks for the function's code."""

#: What the packages leave in the image, as patterns of top-level names; the Dockerfile drops the rest of them.
PACKAGES = (
    "msgspec",
    "msgspec-*.dist-info",
    "orjson",
    "orjson-*.dist-info",
    "xgboost",
    "xgboost_cpu.libs",
    "xgboost_cpu-*.dist-info",
)
NOT_SERVED = ("Dockerfile", "requirements.txt", ".dockerignore")
"""Files of the build context that only the build needs."""
REWRITTEN = {"model.json": "model.ubj"}
"""Files that the build puts into the image in another format, and so under another name."""

BYTE_CODE = "__pycache__"


@dataclass(frozen=True)
class Entry:
    """A file, folder or link of one layer.

    Attributes:
        path: From the root, without a leading slash.
        kind: `file`, `folder`, `link` or `other`.
        mode: Permission bits.
        size: Bytes.
        sha256: Of a file's content, or of what a link names; empty for a folder.
    """

    path: str
    kind: str
    mode: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """All that an image adds to its base.

    Attributes:
        layers: The entries of each layer, the lowest first.
    """

    layers: tuple[tuple[Entry, ...], ...]

    @property
    def entries(self) -> list[Entry]:
        """What can be seen at last, sorted: a higher layer hides what a lower one has at the same path."""
        seen = {entry.path: entry for layer in self.layers for entry in layer}
        return [seen[path] for path in sorted(seen)]

    @property
    def files(self) -> list[Entry]:
        """The entries that are no folders."""
        return [entry for entry in self.entries if entry.kind != "folder"]

    @property
    def size(self) -> int:
        """Unpacked bytes of all layers, hidden files included, for they are stored and loaded all the same."""
        return sum(entry.size for layer in self.layers for entry in layer)


def save(image: str, archive: Path) -> None:
    """Write an image into a file, as `docker save` does."""
    docker("save", f"--output={archive}", image)


def above_base(archive: Path, base_layers: Sequence[str]) -> Contents:
    """Read what an image adds to its base.

    Args:
        archive: The file that `docker save` wrote for the one image.
        base_layers: Digests of the base's unpacked layers, the lowest first.

    Raises:
        LocalError: It was not built on that base, or the file is no such archive.
    """
    try:
        with tarfile.open(archive) as tar:
            (manifest,) = json.load(_member(tar, "manifest.json"))
            digests = json.load(_member(tar, manifest["Config"]))["rootfs"]["diff_ids"]
            if digests[: len(base_layers)] != list(base_layers):
                raise LocalError("the image was not built on the base that it is compared with")
            return Contents(tuple(_entries(tar, layer) for layer in manifest["Layers"][len(base_layers) :]))
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise LocalError(f"{archive} is not what `docker save` writes for one image: {error}") from None


def check_budget(contents: Contents) -> str:
    """Compare with the budgets; returns the figures in one line.

    Raises:
        LocalError: One is exceeded.
    """
    measured = {
        "bytes": (contents.size, BYTES),
        "files": (len(contents.files), FILES),
        "layers": (len(contents.layers), LAYERS),
    }
    for unit, (count, limit) in measured.items():
        if count > limit:
            raise LocalError(
                f"the image has {count:,} {unit} above its base, the budget is {limit:,}: leave out what the function "
                "does not need, or raise the budget with a reason"
            )
    return ", ".join(f"{count:,} {unit} (≤ {limit:,})" for unit, (count, limit) in measured.items())


def check_files(contents: Contents, staged: Iterable[str]) -> None:
    """Check that nothing is in the image that is not needed, and that Lambda's user can read what is.

    Args:
        contents: What the image adds.
        staged: Names of the files of the build context.

    Raises:
        LocalError: A file is superfluous or missing, or may be read by too few or written by too many.
    """
    served = {REWRITTEN.get(name, name) for name in staged if name not in NOT_SERVED}
    files = {entry.path: entry for entry in contents.files}
    for path in files:
        if not _is_needed(path, served):
            raise LocalError(f"/{path} is in the image and nothing needs it; leave it out, or add it to {__name__}")
    for name in sorted(served):
        needed = [f"{TASK_ROOT}/{name}"]
        if name.endswith(".py"):
            # The file system is read-only: what is not compiled in the build is compiled at every cold start.
            needed.append(f"{TASK_ROOT}/{BYTE_CODE}/{name.removesuffix('.py')}.cpython-*.pyc")
        for pattern in needed:
            if not fnmatch.filter(files, pattern):
                raise LocalError(f"/{pattern} is not in the image")
    for entry in contents.entries:
        _check_mode(entry)


def _is_needed(path: str, served: set[str]) -> bool:
    name = path.removeprefix(f"{TASK_ROOT}/")
    if name == path:
        return False
    top, _, rest = name.partition("/")
    if top == BYTE_CODE:
        return f"{rest.partition('.')[0]}.py" in served
    return name in served or (rest != "" and any(fnmatch.fnmatch(top, pattern) for pattern in PACKAGES))


def _check_mode(entry: Entry) -> None:
    needed = stat.S_IROTH | (stat.S_IXOTH if entry.kind == "folder" else 0)
    if entry.kind != "link" and entry.mode & needed != needed:
        raise LocalError(
            f"/{entry.path} has mode {entry.mode:o}: Lambda's user cannot read it; chmod a+rX in the build"
        )
    if entry.kind != "link" and entry.mode & (stat.S_IWGRP | stat.S_IWOTH | stat.S_ISUID | stat.S_ISGID):
        raise LocalError(f"/{entry.path} has mode {entry.mode:o}: no other user may write it or gain rights by it")


def _entries(tar: tarfile.TarFile, layer: str) -> tuple[Entry, ...]:
    with tarfile.open(fileobj=_member(tar, layer)) as files:
        return tuple(_entry(files, member) for member in files)


def _entry(files: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    path = member.name.removeprefix("./").strip("/")
    kinds = {"file": member.isreg(), "folder": member.isdir(), "link": member.issym() or member.islnk()}
    kind = next((kind for kind, applies in kinds.items() if applies), "other")
    content = _member(files, member.name).read() if kind == "file" else member.linkname.encode()
    sha256 = hashlib.sha256(content).hexdigest() if kind in ("file", "link") else ""
    return Entry(path, kind, stat.S_IMODE(member.mode), member.size, sha256)


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file
