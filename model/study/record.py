"""What remains of a search? The parameters it chose, why, and every trial, as small files under version control.

The study itself is a database in the cache. These records are enough to fit the same model again, to draw the
search's history and to check the choice.
"""

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from model.study.candidates import Trial
from model.study.selection import INDISTINGUISHABLE_RMSE, Finalist

RULE = f"best finalist of the smallest size class within {INDISTINGUISHABLE_RMSE} RMSE of the least on fresh folds"

TRIALS_FILE = "trials.csv"
"""Beside the parameters."""


def write_search(path: Path, chosen: Finalist, finalists: Iterable[Finalist], trials: list[Trial]) -> None:
    """Write the parameters file, and beside it the table of trials.

    Args:
        path: Of the parameters file; its folder is created when needed.
        chosen: The finalist that becomes the model.
        finalists: All that were scored again.
        trials: All that the search finished.
    """
    parameters = chosen.parameters
    content = {
        "booster": parameters.booster,
        "rounds": parameters.rounds,
        "seed": parameters.seed,
        "search": {
            "trials": len(trials),
            "pruned": sum(trial.pruned for trial in trials),
            "rule": RULE,
            "chosen": _describe(chosen),
        },
        "finalists": [_describe(finalist) for finalist in finalists],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((json.dumps(content, indent=1) + "\n").encode())
    path.with_name(TRIALS_FILE).write_bytes(_table(trials).encode())


def _describe(finalist: Finalist) -> dict[str, Any]:
    return {
        "trial": finalist.candidate.trial,
        "rounds": finalist.candidate.rounds,
        "size_bytes": finalist.candidate.size_bytes,
        "search_rmse": round(finalist.candidate.rmse, 5),
        "fresh_rmse": finalist.fresh_rmse,
    }


def _table(trials: list[Trial]) -> str:
    """One line per distinct candidate; a pruned trial has one line without rounds and size."""
    text = io.StringIO()
    names = list(trials[0].booster)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "pruned", "rmse", "rounds", "size_bytes", *names])
    for trial in trials:
        found: list[tuple[float, Any, Any]] = [(c.rmse, c.rounds, c.size_bytes) for c in trial.candidates]
        if trial.pruned:
            found = [(trial.rmse, "", "")]
        for rmse, rounds, size_bytes in dict.fromkeys(found):
            row = [trial.number, int(trial.pruned), f"{rmse:.5f}", rounds, size_bytes]
            writer.writerow(row + [trial.booster[name] for name in names])
    return text.getvalue()
