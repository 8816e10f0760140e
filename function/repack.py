"""Rewrites a JSON model as UBJSON while the image is built.

XGBoost reads JSON several times as slowly as UBJSON, and would do so at every cold start. Name and version stay those
of the file that was staged. Leaves out whether the model can be served and predicts what training saw: that is asked
of the published version, which says why not.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import booster
import loading
import model_file
import model_reader


def repack(folder: Path) -> str:
    """Rewrite a folder's model as UBJSON, and its manifest with it; leave both as they are if it is UBJSON already.

    A new file gets mode and time of the one it replaces, so that the layer they end up in depends on the model alone.

    Args:
        folder: Where a model and the manifest that staging wrote lie.

    Returns:
        One line that says what was done.

    Raises:
        model_file.ModelError: The model could not be served, so there is nothing to rewrite; the message says why.
        booster.LibraryError: XGBoost cannot save the model.
    """
    file = model_file.read({}, str(folder))
    manifest = folder / model_file.MANIFEST
    document = json.loads(manifest.read_bytes())
    staged = folder / document["model"]["file"]
    packed = staged.with_suffix(".ubj")
    if staged == packed and model_reader.is_ubjson(file.content):
        return f"model: {staged.name} is UBJSON, left as it is"
    content = loading.from_file(file).booster.to_ubj()
    document["model"].update(file=packed.name, **model_reader.identity(content))
    _write(packed, content, staged.stat())
    _write(manifest, (json.dumps(document, indent=1) + "\n").encode(), manifest.stat())
    if packed != staged:
        staged.unlink()
    return f"model: {staged.name} ({len(file.content)} bytes) rewritten as {packed.name} ({len(content)} bytes)"


def _write(path: Path, content: bytes, before: os.stat_result) -> None:
    """Write a file with the mode and the time of the one that it replaces."""
    path.write_bytes(content)
    path.chmod(stat.S_IMODE(before.st_mode))
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))


def main() -> None:
    """Rewrite the model beside this file; one that cannot be served stays as it is, so that its version says why."""
    try:
        print(repack(Path(__file__).resolve().parent))
    except (model_file.ModelError, booster.LibraryError) as error:
        print(f"model left as it is: {error}")


if __name__ == "__main__":
    main()
