"""Which model file is served, and is it the very file that was staged?

Everything here happens before XGBoost sees a byte: a damaged file can crash the library or, worse, answer wrongly.
A staged file was read through before it was deployed, and the manifest holds its SHA-256. Here it is enough that the
file is undamaged: a CRC-32 sees any flipped bit, without the library that computes a SHA-256 (docs/adr/0036). Any other
file is read through and hashed now (model_reader.py). Leaves out what the model means (contract.py).
"""

# pathlib alone would add a tenth to the cold start.
# ruff: noqa: PTH100, PTH118, PTH119, PTH120, PTH122, PTH123

from __future__ import annotations

import json
import os
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MODEL_PATH = "MODEL_PATH"
"""Environment variable: the model file to serve instead of the staged one."""

MODEL_SHA256 = "MODEL_SHA256"
"""Environment variable: the SHA-256 that the file of MODEL_PATH must have; unset trusts the file."""

MANIFEST = "manifest.json"
"""Written by staging beside the model: its file name, SHA-256, version and name, and what the reader found in it."""

WRITTEN = {"file": str, "sha256": str, "bytes": int, "crc32": int, "version": str, "name": str}
"""What the manifest says of the file itself, and the type of each in JSON."""

FOUND = {
    "saved_by": str,
    "objective": str,
    "booster": str,
    "outputs": int,
    "untransformed": bool,
    "missing": str,
    "rounds_used": int,
    "rounds": int,
    "trees": int,
    "path_length": int,
}
"""What the manifest repeats of `model_reader.Model`, and the type of each in JSON."""

_HEXADECIMAL = frozenset("0123456789abcdef")
_TASK_ROOT = os.path.dirname(os.path.abspath(__file__))


class ModelError(Exception):
    """The model cannot be served. The message is one plain line: what is wrong and what to do."""


class ModelFile:
    """The verified bytes of a model file, and what the reader found in them.

    Attributes:
        content: The whole file.
        name: What people call the model.
        version: The first 12 hexadecimal digits of the SHA-256 of the file that was staged, which is this one unless
            the image build rewrote it (repack.py).
        sha256: This file's SHA-256.
        saved_by: Version of the XGBoost that saved the file that was staged: (major, minor, patch).
        missing: What repr makes of `model_reader.Model.missing`.
        objective, booster, outputs, untransformed, rounds_used, rounds, trees, path_length: See `model_reader.Model`.
    """

    __slots__ = (
        "booster",
        "content",
        "missing",
        "name",
        "objective",
        "outputs",
        "path_length",
        "rounds",
        "rounds_used",
        "saved_by",
        "sha256",
        "trees",
        "untransformed",
        "version",
    )

    def __init__(self, content: bytes, name: str, sha256: str, version: str, found: Mapping[str, Any]) -> None:
        self.content = content
        self.name = name
        self.sha256 = sha256
        self.version = version
        major, minor, patch = map(int, found["saved_by"].split("."))
        self.saved_by = major, minor, patch
        self.objective: str = found["objective"]
        self.booster: str = found["booster"]
        self.outputs: int = found["outputs"]
        self.untransformed: bool = found["untransformed"]
        self.missing: str = found["missing"]
        self.rounds_used: int = found["rounds_used"]
        self.rounds: int = found["rounds"]
        self.trees: int = found["trees"]
        self.path_length: int = found["path_length"]


def read(environment: Mapping[str, str], task_root: str = _TASK_ROOT) -> ModelFile:
    """Read and verify the model file.

    The file that MODEL_PATH names is served, else the one that the manifest beside the code names.

    Args:
        environment: The process's environment variables.
        task_root: Folder of the code and of the staged model.

    Raises:
        ModelError: No model is named, or its file is missing, unreadable, not the staged one, or none that is served.
    """
    path = environment.get(MODEL_PATH)
    if path:
        manifest = _manifest(os.path.join(os.path.dirname(path), MANIFEST), os.path.basename(path))
    else:
        manifest = _manifest(os.path.join(task_root, MANIFEST))
        if not manifest:
            raise ModelError(
                f"no model: {MODEL_PATH} is not set and there is no {MANIFEST} beside the handler; "
                f"set {MODEL_PATH} to an XGBoost .ubj or .json file"
            )
        path = os.path.join(task_root, manifest["file"])
    content = _content(path)
    expected = environment.get(MODEL_SHA256)
    if manifest and expected in (None, "", manifest["sha256"]):
        if len(content) != manifest["bytes"] or zlib.crc32(content) != manifest["crc32"]:
            raise ModelError(f"{_not_the_staged_one(path)}: its length or CRC-32 differs; stage and deploy it again")
        return ModelFile(content, manifest["name"], manifest["sha256"], manifest["version"], manifest)
    import hashlib

    sha256 = hashlib.sha256(content).hexdigest()
    if expected and expected != sha256:
        raise ModelError(
            f"{_not_the_staged_one(path)}: its SHA-256 begins {sha256[:12]}, the expected one {expected[:12]}; "
            "stage and deploy it again"
        )
    name = manifest.get("name") or os.path.splitext(os.path.basename(path))[0]
    return ModelFile(content, name, sha256, sha256[:12], _found(content))


def _not_the_staged_one(path: str) -> str:
    return f"model file {os.path.basename(path)} is not the one that was staged"


def _manifest(path: str, model_file: str | None = None) -> dict[str, Any]:
    """Return the manifest's entry for the model; empty if there is none, or none for `model_file`."""
    try:
        with open(path, "rb") as file:
            entry = json.load(file)["model"]
        if model_file is not None and entry["file"] != model_file:
            return {}
        for key, kind in {**WRITTEN, **FOUND}.items():
            if type(entry[key]) is not kind:
                raise TypeError(key)
        float(entry["missing"])
        # It goes into a header and, as it is, into a line of JSON in the log.
        if len(entry["version"]) != 12 or not set(entry["version"]) <= _HEXADECIMAL:
            raise ValueError(entry["version"])
        return dict(entry)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"{MANIFEST} beside the model is damaged; stage and deploy it again") from None


def _found(content: bytes) -> dict[str, Any]:
    """Read a file through that no manifest vouches for."""
    import model_reader

    try:
        return model_reader.read(content).found()
    except model_reader.UnreadableModelError as error:
        raise ModelError(f"the model file {error}") from None


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ModelError(
            f"model file {path} cannot be read ({error.strerror}); set {MODEL_PATH} to an XGBoost .ubj or .json file"
        ) from None
