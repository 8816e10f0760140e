"""Small models of every kind that each version of XGBoost saves, with what that version predicted; see `make.py`."""

from __future__ import annotations

import functools
import io
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

VERSIONS = ("1.6", "2.1", "3.0", "3.1", "3.2", "3.4")


@functools.cache
def archive(version: str) -> dict[str, bytes]:
    """Everything that a version saved: content by file name."""
    with tarfile.open(Path(__file__).with_name(f"{version}.tar.xz")) as packed:
        return {entry.name: packed.extractfile(entry).read() for entry in packed}  # type: ignore[union-attr]


def files(*versions: str, suffix: str = "") -> list[tuple[str, str]]:
    """Version and file name of every model of some versions, by default of all."""
    return [
        (version, name)
        for version in versions or VERSIONS
        for name in archive(version)
        if name.endswith(suffix) and not name.endswith(".npy")
    ]


def unpacked(folder: Path, version: str, name: str) -> Path:
    """A model as a file."""
    model = folder / name
    model.write_bytes(archive(version)[name])
    return model


@functools.cache
def predictions(version: str, name: str) -> np.ndarray[Any, Any]:
    """What the version that saved a model predicted for the rows of `make.rows`, float32."""
    answers: np.ndarray[Any, Any] = np.load(io.BytesIO(archive(version)[f"{name.partition('.')[0]}.npy"]))
    answers.flags.writeable = False
    return answers
