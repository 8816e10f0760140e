"""Images without a Docker engine: nothing is built, the staged folder itself becomes the function's code.

The emulator runs that code in a Python worker of its own interpreter, which is the one of this environment, so that
the XGBoost library, orjson and msgspec are there. What this cannot show: the Dockerfile's steps, the base image and its
Python version.
"""

import io
import json
import re
import zipfile
from pathlib import Path

from local.errors import LocalError
from local.images import Build, FunctionCode

# The emulator takes the version as a label: every Python runtime runs in the one interpreter that it has itself.
# The label is that of the image's default base, so that settings which depend on the version behave as there.
RUNTIME_LABEL = "python3.13"

HANDLER = re.compile(r'^\s*CMD\s*(\[\s*"[^"]+"\s*\])\s*$', re.IGNORECASE | re.MULTILINE)


class StagedImages:
    """Remembers each staged folder under the digest that stands for its content."""

    def __init__(self, folder: Path | None = None) -> None:
        """Remember in this process, or in a folder that several processes share.

        Args:
            folder: An existing folder; none for this process's memory.
        """
        self._code: dict[str, FunctionCode] = {}
        self._folder = folder

    def build(self, build: Build) -> str:
        """Take the folder's files as they are now; equal content gives an equal digest.

        Raises:
            LocalError: The folder has no files, or its Dockerfile does not name a handler.
        """
        archive, digest = zipped(build), f"sha256:{build.content_digest()}"
        settings = {"PackageType": "Zip", "Runtime": RUNTIME_LABEL, "Handler": handler(build.dockerfile)}
        self._code[digest] = FunctionCode(location={"ZipFile": archive}, settings=settings)
        if self._folder:
            archive_file, settings_file = kept(self._folder, digest)
            archive_file.write_bytes(archive)
            settings_file.write_text(json.dumps(settings), encoding="utf-8")
        return digest

    def code(self, uri: str) -> FunctionCode:
        """See `local.images.Images`.

        Raises:
            LocalError: No image of that digest was made here.
        """
        digest = uri.rpartition("@")[2]
        if digest not in self._code and self._folder:
            archive_file, settings_file = kept(self._folder, digest)
            if settings_file.exists():
                settings = json.loads(settings_file.read_text(encoding="utf-8"))
                self._code[digest] = FunctionCode(location={"ZipFile": archive_file.read_bytes()}, settings=settings)
        if digest not in self._code:
            raise LocalError(
                f"the image {uri} was not built by this program; without a Docker engine only such images can run"
            )
        return self._code[digest]

    def close(self) -> None:
        """Nothing was left anywhere."""


def kept(folder: Path, digest: str) -> tuple[Path, Path]:
    """Where a folder has the code of a digest, and the settings that go with it, which are written last."""
    name = digest.removeprefix("sha256:")
    return folder / f"{name}.zip", folder / f"{name}.json"


def zipped(build: Build) -> bytes:
    """The context's files as a ZIP archive that depends on nothing but their names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in build.files():
            archive.writestr(zipfile.ZipInfo(path.relative_to(build.context).as_posix()), path.read_bytes())
    return buffer.getvalue()


def handler(dockerfile: Path) -> str:
    """The handler that the image's command names: `CMD ["module.function"]`, the last one counts.

    Raises:
        LocalError: There is no such command.
    """
    commands = HANDLER.findall(dockerfile.read_text(encoding="utf-8"))
    if not commands:
        raise LocalError(
            f'{dockerfile} has no line CMD ["module.function"]; without a Docker engine that line says what to run'
        )
    (name,) = json.loads(commands[-1])
    return str(name)
