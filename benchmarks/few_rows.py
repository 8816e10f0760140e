"""Up to how many rows is it faster to predict each by itself? What `booster.few_rows` was fitted to.

Prints for models of so many trees and levels how long a request takes whose rows go to the library one by one, as a
multiple of the time in which they go together; after the colon, up to how many rows the handler sends them one by one.
That is right where no multiple is above 1 up to that number.

    python -m benchmarks.few_rows
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import xgboost

from benchmarks import payloads, subjects, timing
from benchmarks.folders import BUILD, ROOT
from benchmarks.subjects import Subject
from components.bundled_handler import model_reader

TREES = (20, 100, 500, 2000)
LEVELS = (2, 4, 6, 9)
ROWS = (2, 3, 4, 6, 8, 10)


def main() -> None:
    """Print a line for each model."""
    sys.path.append(str(ROOT / "function"))
    import booster

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print("trees x levels" + "".join(f"{rows:>7}" for rows in ROWS), flush=True)
    for model in [*(_model(trees, levels) for levels in LEVELS for trees in TREES), subjects.MODEL]:
        together, apart = _handler(model, "together", 0), _handler(model, "apart", 10**9)
        found = model_reader.read(model.read_bytes())
        names = found.features or payloads.features()
        multiples = []
        for rows in ROWS:
            event = payloads.as_json(payloads.noise(rows, names))
            slow, fast = timing.warm([together, apart], [event, event], calls=100, rounds=5)
            multiples.append(fast.median / slow.median)
        few = max(0, booster.few_rows(found.trees, found.path_length))
        print(f"{found.trees:>5} x {found.depth:<6}" + "".join(f"{times:7.2f}" for times in multiples) + f": {few}")


def _handler(model: Path, name: str, path_length: int) -> Subject:
    """Return the handler that takes a model's trees for so long that it predicts all, or no, few rows one by one."""
    staged = subjects.handler(model, name=name)
    manifest = json.loads((staged.folder / "manifest.json").read_text())
    manifest["model"] |= {"trees": 1, "path_length": path_length}
    (staged.folder / "manifest.json").write_text(json.dumps(manifest))
    return staged


def _model(trees: int, levels: int) -> Path:
    path = BUILD / f"trees-{trees}-levels-{levels}.ubj"
    if not path.exists():
        random = np.random.default_rng(7)
        rows = random.normal(size=(3000, 13)).astype(np.float32)
        names = [f"feature {index}" for index in range(13)]
        data = xgboost.DMatrix(rows, rows[:, 0] * rows[:, 1] + random.normal(size=3000), feature_names=names)
        xgboost.train({"max_depth": levels, "eta": 0.1, "nthread": 1}, data, trees).save_model(path)
    return path


if __name__ == "__main__":
    main()
