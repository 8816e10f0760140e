"""Which model file is served, and is it the very file that was staged?

Everything here happens before XGBoost sees a byte: a damaged file can crash the library or, worse, answer wrongly.
Leaves out what the model means (contract.py).
"""

# pathlib alone would add a tenth to the cold start.
# ruff: noqa: PTH100, PTH118, PTH119, PTH120, PTH122, PTH123

from __future__ import annotations

import hashlib
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL_PATH = "MODEL_PATH"
"""Environment variable: the model file to serve instead of the staged one."""

MODEL_SHA256 = "MODEL_SHA256"
"""Environment variable: the SHA-256 that the file of MODEL_PATH must have; unset trusts the file."""

MANIFEST = "manifest.json"
"""Written by staging beside the model: its file name, SHA-256, version and name."""

_HEXADECIMAL = frozenset("0123456789abcdef")
_TASK_ROOT = os.path.dirname(os.path.abspath(__file__))


class ModelError(Exception):
    """The model cannot be served. The message is one plain line: what is wrong and what to do."""


class ModelFile:
    """The verified bytes of a model file.

    Attributes:
        content: The whole file.
        name: What people call the model.
        version: The first 12 hexadecimal digits of the SHA-256 of the file that was staged, which is this one unless
            the image build rewrote it (repack.py).
        sha256: This file's SHA-256.
        saved_by: Version of the XGBoost that saved it: (major, minor, patch).
    """

    __slots__ = ("content", "name", "saved_by", "sha256", "version")

    def __init__(self, content: bytes, name: str, sha256: str, version: str) -> None:
        self.content = content
        self.name = name
        self.sha256 = sha256
        self.version = version
        self.saved_by = saved_by(content)


def read(environment: Mapping[str, str], task_root: str = _TASK_ROOT) -> ModelFile:
    """Read and verify the model file.

    The file that MODEL_PATH names is served, else the one that the manifest beside the code names.

    Args:
        environment: The process's environment variables.
        task_root: Folder of the code and of the staged model.

    Raises:
        ModelError: No model is named, or its file is missing, unreadable, not the staged one, or no XGBoost model.
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
    sha256 = hashlib.sha256(content).hexdigest()
    expected = environment.get(MODEL_SHA256) or manifest.get("sha256")
    if expected and expected != sha256:
        raise ModelError(
            f"model file {os.path.basename(path)} is not the one that was staged: its SHA-256 begins {sha256[:12]}, "
            f"the expected one {str(expected)[:12]}; stage and deploy it again"
        )
    name = manifest.get("name") or os.path.splitext(os.path.basename(path))[0]
    # MODEL_SHA256 may ask for another file than the manifest's under the same name.
    version = manifest["version"] if manifest.get("sha256") == sha256 else sha256[:12]
    return ModelFile(content, name, sha256, version)


def _manifest(path: str, model_file: str | None = None) -> dict[str, str]:
    """Return the manifest's entry for the model; empty if there is none, or none for `model_file`."""
    try:
        with open(path, "rb") as file:
            entry = json.load(file)["model"]
        if model_file is not None and entry["file"] != model_file:
            return {}
        entry = {key: str(entry[key]) for key in ("file", "sha256", "version", "name")}
        # It goes into a header and, as it is, into a line of JSON in the log.
        if len(entry["version"]) != 12 or not set(entry["version"]) <= _HEXADECIMAL:
            raise ValueError
        return entry
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(f"{MANIFEST} beside the model is damaged; stage and deploy it again") from None


def _content(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ModelError(
            f"model file {path} cannot be read ({error.strerror}); set {MODEL_PATH} to an XGBoost .ubj or .json file"
        ) from None


def saved_by(content: bytes) -> tuple[int, int, int]:
    """Return the XGBoost version that saved a model, without loading it.

    XGBoost writes its keys in alphabetical order, so `version` is the last thing in either format.

    Raises:
        ModelError: This is neither XGBoost's JSON nor its UBJSON, or it is cut short.
    """
    version = _ubjson_version(content) if is_ubjson(content) else _json_version(content)
    if version is None:
        raise ModelError(
            "the model file is not a whole XGBoost model in UBJSON or JSON; "
            "save it with Booster.save_model('model.ubj') of XGBoost 1.6 or newer"
        )
    return version


def is_ubjson(content: bytes) -> bool:
    """Return whether a file begins as XGBoost's UBJSON does: an object whose first key has a length of eight bytes."""
    return content[:2] == b"{L"


def _ubjson_version(content: bytes) -> tuple[int, int, int] | None:
    # An array `[#` of length 3 (`L`: eight bytes, big-endian), each element one type letter and an integer.
    widths = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8}
    _, found, tail = content.rpartition(b"\x07version[#L\x00\x00\x00\x00\x00\x00\x00\x03")
    if not found or not tail.endswith(b"}"):
        return None
    numbers, at = [], 0
    while at < len(tail) - 1:
        width = widths.get(tail[at : at + 1])
        if width is None:
            return None
        numbers.append(int.from_bytes(tail[at + 1 : at + 1 + width], "big"))
        at += 1 + width
    return _triple(numbers)


def _json_version(content: bytes) -> tuple[int, int, int] | None:
    if content[:1] != b"{":
        return None
    try:
        return _triple(json.loads(b'{"version"' + content.rpartition(b'"version"')[2])["version"])
    except (ValueError, KeyError):
        pass
    try:  # Rewritten by another program, keys in another order: the whole file has to be read.
        return _triple(json.loads(content).get("version"))
    except (ValueError, RecursionError):
        return None


def _triple(numbers: object) -> tuple[int, int, int] | None:
    match numbers:
        case [int(major), int(minor), int(patch)]:
            return major, minor, patch
    return None
