"""What has to be installed: bytes of the packages on disk, compiled modules left out."""

from __future__ import annotations

from benchmarks import packages
from benchmarks.folders import ROOT

TUTORIAL = ["pandas", "scikit-learn", "xgboost"]
"""What tutorials install. `xgboost` on Linux brings the GPU library, which Lambda has no use for."""

CAREFUL = ["orjson", "xgboost-cpu"]
"""What a careful engineer installs: the name without the GPU library, which brings numpy and scipy."""


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
    return packages.size(packages.installed("careful", CAREFUL))


def handler_bytes() -> int:
    """Return the bytes of XGBoost's library with what it brings, orjson, msgspec, and the handler's own code.

    Raises:
        packages.NoIndexError: They cannot be installed here.
    """
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
    folder = packages.installed("handler", wanted)
    kept = (folder / "xgboost" / "lib", folder / "xgboost_cpu.libs", folder / "orjson", folder / "msgspec")
    own = sum(file.stat().st_size for file in (ROOT / "function").glob("*.py"))
    return sum(map(packages.size, kept)) + own
