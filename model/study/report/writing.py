"""What stands in the report of the committed model? Reads from top to bottom.

Writes `docs/model-report.html`, which needs no other file, and its figures as PNG under `docs/model-report/`.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xgboost as xgb

from model.distillation import SYNTHETIC_ROWS, transfer_set
from model.fit import FIXED, Parameters, matrix
from model.parameters import PARAMETERS_FILE, read_parameters, read_search
from model.preparation import prepare
from model.schema import FEATURES
from model.sources import DEFAULT_CACHE, fetch
from model.splits import Part, folds, split
from model.study.record import TRIALS_FILE
from model.study.report import data_figures, error_figures, explanation_figures, search_figures
from model.study.report.page import Picture, render
from model.study.report.style import applied, png
from model.study.stability import over_splits, published_model, served

MODEL_FOLDER = PARAMETERS_FILE.parent
PAGE = "model-report.html"
PICTURES = "model-report"

LEARNING_FOLD_SEED = 30
EXTRA_ROUNDS = 1.4
"""How much further than the model the learning curve is drawn."""


def report(output: Path, cache: Path = DEFAULT_CACHE) -> Path:
    """Write the page and its figures.

    Args:
        output: Folder for both; created when needed.
        cache: Folder that keeps the raw data between runs.

    Returns:
        The page.

    Raises:
        DataUnavailableError: No source gave the raw files.
        SchemaError: A raw file departs from the schema.
        OSError: A file cannot be read or written.
        ValueError: The recorded search or the model cannot be used.
    """
    print("1/5 data and model; with the models to fit below, about 10 minutes of one core")
    files = fetch(cache, say=_indented)
    table = prepare(files)
    train, test = split(table)
    card = json.loads((MODEL_FOLDER / "card.json").read_text("utf-8"))
    recorded = read_search()
    if "search" not in recorded:
        raise ValueError(f"{PARAMETERS_FILE.name} records no search; run `python -m model.train --trials 100` first")
    trials = pd.read_csv(PARAMETERS_FILE.with_name(TRIALS_FILE))
    booster, load_ms = _load(MODEL_FOLDER / card["model"]["file"])

    print("2/5 learning curve")
    curves = _learning_curves(read_parameters(), train, say=_indented)

    print("3/5 other splits")
    ours = over_splits(served, table, say=lambda line: _indented(f"this model, {line}"))
    published = over_splits(published_model, table, say=lambda line: _indented(f"published parameters, {line}"))

    print("4/5 figures")
    judged = error_figures.judged(test.features, test.target, booster.predict(matrix(test.features)))
    groups = error_figures.subgroups(judged)
    contributions = _contributions(booster, test.features)
    gain: dict[str, Any] = booster.get_score(importance_type="total_gain")
    rows = card["evaluation"]["test"]
    with applied():
        drawn = {
            "grades": (data_figures.grades(train), "Share of each score among red and among white wines"),
            "distributions": (data_figures.distributions(train), "Histogram of each measurement by colour"),
            "correlations": (data_figures.correlations(train), "Matrix of rank correlations between all columns"),
            "strongest": (data_figures.strongest(train), "Four measurements by score, as boxes"),
            "history": (search_figures.history(trials), "Score of every trial in order, with the best so far"),
            "frontier": (
                search_figures.frontier(trials, recorded["finalists"], recorded["search"]["chosen"]),
                "Error against model size for all candidates, with the chosen model circled",
            ),
            "learning": (
                search_figures.learning(*curves, card["model"]["trees"]),
                "Error by boosting round on rows fitted and rows held back",
            ),
            "comparison": (error_figures.comparison(rows), "Error of this model and of five others"),
            "splits": (error_figures.over_splits(ours, published), "Error on twenty splits, two sets of parameters"),
            "residuals": (error_figures.residuals(judged), "Residuals against predictions, by colour"),
            "calibration": (error_figures.calibration(judged), "Mean score by prediction, and predictions by score"),
            "subgroups": (error_figures.by_subgroup(groups), "Error and bias by colour and by score"),
            "importance": (explanation_figures.importance(gain, contributions), "Importance of each feature, two ways"),
            "summary": (
                explanation_figures.summary(contributions, test.features),
                "Contribution of each feature to each prediction",
            ),
            "dependence": (
                explanation_figures.dependence(contributions, test.features),
                "Contribution against value for three measurements",
            ),
        }
        pictures = [Picture(name, png(figure), description) for name, (figure, description) in drawn.items()]

    print("5/5 page")
    low, high = judged[judged["actual"] <= 4], judged[judged["actual"] >= 8]
    facts: dict[str, Any] = {
        "card": card,
        "ours": rows[0],
        "gain": card["evaluation"]["against_published_parameters"],
        "search": recorded["search"],
        "synthetic": SYNTHETIC_ROWS,
        "splits_ours": ours,
        "mean_ours": float(np.mean(ours)),
        "mean_published": float(np.mean(published)),
        "wins": sum(a < b for a, b in zip(ours, published, strict=True)),
        "raw_rows": sum(content.count(b"\n") - 1 for content in files.values()),
        "columns": _columns(card),
        "load_ms": load_ms,
        "bias_low": -float(low["residual"].mean()),
        "bias_high": -float(high["residual"].mean()),
        "rare": len(low) + len(high),
    }
    folder = output / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        (folder / f"{picture.name}.png").write_bytes(picture.image)
    page = output / PAGE
    page.write_bytes(render(pictures, facts).encode())
    _indented(f"{page.name}, {page.stat().st_size:,} bytes, and {len(pictures)} figures in {PICTURES}/")
    return page


def _load(path: Path) -> tuple[xgb.Booster, float]:
    """The model, and the shortest time that loading it took, in milliseconds: other programs only make it longer."""
    content = bytearray(path.read_bytes())
    times = []
    for _ in range(15):
        start = time.perf_counter()
        booster = xgb.Booster({"nthread": 1}, model_file=content)
        times.append(time.perf_counter() - start)
    return booster, min(times) * 1000


def _learning_curves(
    parameters: Parameters, train: Part, say: Callable[[str], None]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """RMSE by round on the rows fitted and on those held back, each of shape (folds, rounds)."""
    fitted, held_back = [], []
    cuts = folds(train, LEARNING_FOLD_SEED)
    for number, cut in enumerate(cuts, 1):
        history: dict[str, dict[str, list[float]]] = {}
        training = transfer_set(cut.train)
        sides = [(matrix(part.features, part.target), name) for name, part in vars(cut).items()]
        xgb.train(
            {**FIXED, **parameters.booster, "seed": parameters.seed},
            matrix(training.features, training.target, training.weight),
            num_boost_round=int(parameters.rounds * EXTRA_ROUNDS),
            evals=sides,
            evals_result=history,
            verbose_eval=False,
        )
        fitted.append(history["train"]["rmse"])
        held_back.append(history["validation"]["rmse"])
        say(f"fold {number} of {len(cuts)}: RMSE {min(held_back[-1]):.4f} at best")
    return np.asarray(fitted), np.asarray(held_back)


def _contributions(booster: xgb.Booster, features: pd.DataFrame) -> pd.DataFrame:
    """TreeSHAP values, shape (wines, features), without the column of the mean."""
    values = booster.predict(matrix(features), pred_contribs=True)
    return pd.DataFrame(values[:, :-1], columns=features.columns, index=features.index)


def _columns(card: dict[str, Any]) -> list[dict[str, Any]]:
    seen = {feature["name"]: feature for feature in card["features"]}
    return [
        {
            "name": column.name,
            "unit": column.unit,
            "minimum": column.minimum,
            "maximum": column.maximum,
            "seen_minimum": seen[column.name]["minimum"],
            "seen_maximum": seen[column.name]["maximum"],
        }
        for column in FEATURES
    ]


def _indented(line: str) -> None:
    print(f"    {line}")
