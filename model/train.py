"""Train the wine model: `python -m model.train`. Reads from top to bottom.

Writes the model, the golden predictions and the model card. A second run writes the same bytes.
"""

import argparse
import hashlib
import sys
from pathlib import Path

from model.card import card
from model.evaluate import metrics
from model.fit import fit, matrix, read_parameters
from model.golden import golden, to_json
from model.prepare import SchemaError, prepare
from model.sources import DEFAULT_CACHE, DataUnavailableError, fetch
from model.split import split

MODEL_FILE = "wine_quality.ubj"


def train(output: Path, cache: Path) -> None:
    """Go from the raw files to the three files that a deployment takes.

    Args:
        output: Folder for `wine_quality.ubj`, `golden.json` and `card.json`; created when needed.
        cache: Folder that keeps the raw files between runs.

    Raises:
        DataUnavailableError: No source gave the raw files.
        SchemaError: A raw file departs from the schema.
        OSError: A file cannot be read or written.
    """
    print("1/5 data")
    files = fetch(cache, say=_indented)

    print("2/5 preparation")
    table = prepare(files)
    train_part, test_part = split(table)
    _indented(f"{len(table):,} wines; {len(train_part):,} to train on, {len(test_part):,} held out")

    print("3/5 training")
    parameters = read_parameters()
    booster = fit(parameters, train_part, show_every=max(1, parameters.rounds // 5))

    print("4/5 evaluation on the held-out wines")
    figures = metrics(test_part.target, booster.predict(matrix(test_part.features)))
    _indented(f"RMSE {figures['rmse']:.4f}, MAE {figures['mae']:.4f}, R² {figures['r2']:.4f}")

    print("5/5 files")
    content = bytes(booster.save_raw("ubj"))
    sha256 = hashlib.sha256(content).hexdigest()
    model_file = {"file": MODEL_FILE, "bytes": len(content), "sha256": sha256}
    written = {
        MODEL_FILE: content,
        "golden.json": to_json(golden(booster, test_part.features, sha256)).encode(),
        "card.json": to_json(card(booster, model_file, parameters, train_part, test_part, figures)).encode(),
    }
    output.mkdir(parents=True, exist_ok=True)
    for name, data in written.items():
        (output / name).write_bytes(data)
        _indented(f"{name}, {len(data):,} bytes")


def main(arguments: list[str] | None = None) -> int:
    """Run the training; return the exit code. A foreseeable failure is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m model.train", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder for the results")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="folder that keeps the raw data")
    chosen = parser.parse_args(arguments)
    try:
        train(chosen.output, chosen.cache)
    except (DataUnavailableError, SchemaError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _indented(line: str) -> None:
    print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
