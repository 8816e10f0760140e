"""What has to be installed: bytes of the packages on disk, compiled modules left out."""

from __future__ import annotations

from benchmarks import packages
from benchmarks.subjects import ROOT

TUTORIAL = ["pandas", "scikit-learn", "xgboost==3.2.0"]
"""What tutorials install. `xgboost` on Linux brings the GPU library, which Lambda has no use for; the name without it,
`xgboost-cpu`, is measured too, so that the difference is not put down to the handler."""

WITHOUT_GPU = ["pandas", "scikit-learn", "xgboost-cpu==3.2.0"]


def tutorial_bytes() -> int:
    """Return the bytes of what tutorials install.

    Raises:
        packages.NoIndexError: It cannot be installed here.
    """
    return packages.size(packages.installed("tutorial", TUTORIAL))


def without_gpu_bytes() -> int:
    """Return the bytes of the same with the smaller XGBoost.

    Raises:
        packages.NoIndexError: It cannot be installed here.
    """
    return packages.size(packages.installed("without-gpu", WITHOUT_GPU))


def handler_bytes() -> int:
    """Return the bytes of XGBoost's library with what it brings, orjson, and the handler's own code.

    Raises:
        packages.NoIndexError: They cannot be installed here.
    """
    locked = ROOT / "function" / "requirements.txt"
    folder = packages.installed("handler", ["--no-deps", "--require-hashes", "-r", str(locked)])
    kept = (folder / "xgboost" / "lib", folder / "xgboost_cpu.libs", folder / "orjson")
    own = sum(file.stat().st_size for file in (ROOT / "function").glob("*.py"))
    return sum(map(packages.size, kept)) + own
