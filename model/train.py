"""Train the wine model: `python -m model.train`. Reads from top to bottom.

Fits the recorded parameters, or with `--trials N` searches for better ones first and records them. Writes the model,
the golden predictions and the model card. A second run with the same parameters writes the same bytes.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import pandas as pd

from components.training_ranges import write_ranges
from components.write_golden import write_golden
from model.card import card, to_json
from model.distillation import transfer_set
from model.evaluation import difference, metrics
from model.fit import matrix
from model.leakage import SUSPICIOUS_RMSE, LeakError, check_for_leaks
from model.parameters import PARAMETERS_FILE, read_parameters, read_search
from model.preparation import SchemaError, prepare
from model.refit import student
from model.sources import DEFAULT_CACHE, DataUnavailableError, fetch
from model.splits import Part, split
from model.study.baselines import OURS, PUBLISHED_NAME, baselines
from model.study.record import write_search
from model.study.selection import choose, score_again, shortlist

MODEL_FILE = "wine_quality.ubj"
CARD_FILE = "card.json"
STUDY_FILE = "tuning.jsonl"

GOLDEN_WINES = 32
"""Enough to pass through every tree on different paths, few enough for one small request."""


def train(output: Path, cache: Path = DEFAULT_CACHE, parameters_file: Path = PARAMETERS_FILE, trials: int = 0) -> None:
    """Go from the raw files to the files that a deployment takes.

    Args:
        output: Folder for `wine_quality.ubj`, `golden.json`, `ranges.json` and `card.json`; created when needed.
        cache: Folder that keeps the raw files and the study of a search between runs.
        parameters_file: Holds the recorded parameters; a search overwrites it.
        trials: Size of the search, earlier interrupted runs included; 0 fits the recorded parameters.

    Raises:
        DataUnavailableError: No source gave the raw files.
        SchemaError: A raw file departs from the schema.
        LeakError: The test part is visible to training.
        OSError: A file cannot be read or written.
        ValueError: The recorded parameters cannot be used.
    """
    output.mkdir(parents=True, exist_ok=True)  # a place where nothing can be written is refused before the work

    print("1/6 data")
    files = fetch(cache, say=_indented)

    print("2/6 preparation")
    table = prepare(files)
    train_part, test_part = split(table)
    check_for_leaks(train_part, test_part)
    _indented(f"{len(table):,} wines; {len(train_part):,} to train on, {len(test_part):,} held out; no leak found")

    print("3/6 parameters")
    if trials:
        search(train_part, trials, cache / STUDY_FILE, parameters_file)
    parameters = read_parameters(parameters_file)
    _indented(f"{parameters.rounds} rounds, {parameters.booster}")

    print("4/6 training")
    training = transfer_set(train_part)
    _indented(f"{len(training):,} wines with a teacher's estimates, {len(training) - len(train_part):,} synthetic")
    booster = student(parameters, training, show_every=max(1, parameters.rounds // 5))
    others = baselines(train_part)
    content = bytes(booster.save_raw("ubj"))

    print("5/6 evaluation: the held-out wines are judged here, once")
    predictions = {OURS: booster.predict(matrix(test_part.features))}
    predictions |= {name: other.predict(test_part.features) for name, other in others.items()}
    sizes = {OURS: len(content)} | {name: other.size_bytes for name, other in others.items()}
    figures = {name: metrics(test_part.target, predicted) for name, predicted in predictions.items()}
    gain = difference(test_part.target, predictions[OURS], predictions[PUBLISHED_NAME])
    for name, row in figures.items():
        _indented(f"{name:28} RMSE {row['rmse']:.4f}  MAE {row['mae']:.4f}  {sizes[name]:>10,} bytes")
    _indented(
        f"against the {PUBLISHED_NAME}: RMSE {gain['rmse']:+.4f}, "
        f"{gain['confidence']:.0%} interval {gain['low']:+.4f} to {gain['high']:+.4f}"
    )
    if figures[OURS]["rmse"] < SUSPICIOUS_RMSE:
        _indented(f"below {SUSPICIOUS_RMSE}: too good to be true on these wines; look for a leak before believing it")

    print("6/6 files")
    sha256 = hashlib.sha256(content).hexdigest()
    model_file = {"file": MODEL_FILE, "bytes": len(content), "sha256": sha256}
    comparison = [{"model": name, **row, "bytes": sizes[name]} for name, row in figures.items()]
    evaluation = {"test": comparison, "against_published_parameters": gain}
    description = card(
        booster, model_file, parameters, read_search(parameters_file).get("search"), train_part, test_part, evaluation
    )
    (output / MODEL_FILE).write_bytes(content)
    golden_file = write_golden(output / MODEL_FILE, golden_wines(test_part))
    ranges_file = write_ranges(output / MODEL_FILE, train_part.features)
    (output / CARD_FILE).write_bytes(to_json(description).encode())
    for file in (output / MODEL_FILE, golden_file, ranges_file, output / CARD_FILE):
        _indented(f"{file.name}, {file.stat().st_size:,} bytes")


def golden_wines(test_part: Part) -> pd.DataFrame:
    """Return the wines for the golden file: the first white one, the first red one, then those that follow."""
    features = test_part.features
    first = [features["color_white"].idxmax(), features["color_red"].idxmax()]
    return pd.concat([features.loc[first], features.drop(index=first)]).head(GOLDEN_WINES)


def search(train_part: Part, trials: int, study_file: Path, parameters_file: Path) -> None:
    """Search for parameters on the training part and record the choice."""
    from model.study.tuning import tune  # takes seconds to import, and only a search needs it

    found = tune(train_part, trials, study_file)
    _indented(f"{len(found)} trials in {study_file.name}, {sum(trial.pruned for trial in found)} of them pruned")
    finalists = score_again(shortlist(found), train_part, say=_indented)
    chosen = choose(finalists)
    _indented(f"chosen: trial {chosen.candidate.trial} with {chosen.candidate.size_bytes:,} bytes")
    write_search(parameters_file, chosen, finalists, found)


def main(arguments: list[str] | None = None) -> int:
    """Run the training; return the exit code. A foreseeable failure is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m model.train", description=(__doc__ or "").partition(":")[0])
    parser.add_argument(
        "--trials",
        type=_count,
        default=0,
        metavar="N",
        help="search until N trials are done, then fit the best; 0 (the default) fits the recorded parameters",
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder for the results")
    parser.add_argument("--parameters", type=Path, default=PARAMETERS_FILE, help="the recorded parameters")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="folder that keeps raw data and study")
    chosen = parser.parse_args(arguments)
    try:
        train(chosen.output, chosen.cache, chosen.parameters, chosen.trials)
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on with the search where it was", file=sys.stderr)
        return 130
    except (DataUnavailableError, SchemaError, LeakError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{number} is negative; give the number of trials, or 0 for none")
    return number


def _indented(line: str) -> None:
    print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
