"""Makes what two peers serve, run as a script with the peers' packages: an ONNX file and a library of compiled trees.

usage: python convert.py model.ubj folder
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TREES_IN_A_FILE = 100
"""One file of thousands of trees takes a compiler much longer than many files, and a gigabyte of memory."""


def to_onnx(model: Path, target: Path) -> None:
    """Write the model as ONNX; its input is called `rows`."""
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    booster = xgboost.Booster(model_file=model)
    width = booster.num_features()
    booster.feature_names = [f"f{index}" for index in range(width)]  # the only names that the converter takes
    converted = onnxmltools.convert_xgboost(booster, initial_types=[("rows", FloatTensorType([None, width]))])
    target.write_bytes(converted.SerializeToString())


def to_library(model: Path, target: Path) -> None:
    """Compile the model's trees and the loop over rows into a shared library."""
    import tl2cgen
    import treelite

    source = target.with_suffix(".c.d")
    trees = treelite.frontend.load_xgboost_model(str(model))
    files = trees.num_tree // TREES_IN_A_FILE
    tl2cgen.generate_c_code(trees, dirpath=str(source), params={"parallel_comp": files}, verbose=False)
    sources = [str(Path(__file__).with_name("rows.c")), *map(str, sorted(source.glob("*.c")))]
    subprocess.run(["cc", "-O3", "-fPIC", "-shared", "-o", str(target), *sources], check=True)


if __name__ == "__main__":
    to_onnx(Path(sys.argv[1]), Path(sys.argv[2]) / "model.onnx")
    to_library(Path(sys.argv[1]), Path(sys.argv[2]) / "trees.so")
