"""What has to be installed beside the model: bytes on disk, compiled modules left out."""

from __future__ import annotations

from pathlib import Path

from benchmarks import packages, subjects
from benchmarks.folders import ROOT

TUTORIAL = ["pandas", "scikit-learn", "xgboost"]
"""What tutorials install. `xgboost` on Linux brings the GPU library, which Lambda has no use for."""

ONNX = ["onnxruntime", "orjson"]
"""What serves a model that was converted already; brings numpy."""


def tutorial_bytes() -> int:
    """Return the bytes of what tutorials install.

    Raises:
        packages.NoIndexError: It cannot be installed here.
    """
    return packages.size(packages.installed("tutorial", TUTORIAL))


def careful_bytes() -> int:
    """Return the bytes of what a careful engineer installs.

    Raises:
        packages.NoIndexError: It cannot be installed here.
    """
    return packages.size(packages.careful())


def onnx_bytes() -> int:
    """Return the bytes of what serves the model as ONNX.

    Raises:
        packages.NoIndexError: It cannot be installed here.
    """
    return packages.size(packages.installed("onnx", ONNX))


def compiled_bytes() -> int:
    """Return the bytes of orjson and of the compiled trees, which are the model as well.

    Raises:
        packages.NoIndexError: They cannot be installed or compiled here.
    """
    trees = Path(subjects.compiled().settings["TREES_PATH"])
    return packages.size(_locked() / "orjson") + trees.stat().st_size


def handler_bytes() -> int:
    """Return the bytes of XGBoost's library with what it brings, orjson, msgspec, and the handler's own code.

    Raises:
        packages.NoIndexError: They cannot be installed here.
    """
    kept = ("xgboost/lib", "xgboost_cpu.libs", "orjson", "msgspec")
    own = sum(file.stat().st_size for file in (ROOT / "function").glob("*.py"))
    return sum(packages.size(_locked() / folder) for folder in kept) + own


def _locked() -> Path:
    """Return the folder of the packages that the image holds."""
    locked = ROOT / "function" / "requirements.txt"
    wanted = [
        "--no-deps",
        "--require-hashes",
        "--ignore-requires-python",
        "--python-version",
        "3.13",
        "--only-binary",
        ":all:",
        "-r",
        str(locked),
    ]
    return packages.installed("handler", wanted)
