"""How was the model found? The search's history, error against size, and the curve of learning."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from model.study.report.style import ACCENT, FAINT, INK, figure


def history(trials: pd.DataFrame) -> Figure:
    """Score of every trial in order, and the best so far.

    Args:
        trials: As `record` writes them: `trial`, `pruned`, `rmse`.
    """
    scored = trials.groupby("trial", as_index=False).agg({"pruned": "max", "rmse": "min"})
    done, pruned = scored[scored["pruned"] == 0], scored[scored["pruned"] == 1]
    drawn = figure(3.0)
    axes = drawn.subplots()
    axes.scatter(done["trial"], done["rmse"], marker="o", s=14, color=ACCENT, label="scored on all folds")
    axes.step(done["trial"], done["rmse"].cummin(), where="post", color=INK, linewidth=1.6, label="best so far")
    top = float(done["rmse"].quantile(0.97))
    bottom = float(done["rmse"].min()) - 0.004
    axes.scatter(
        pruned["trial"], np.full(len(pruned), bottom + 0.001), marker="|", s=45, color=INK, linewidths=0.8,
        label="given up after some folds (no score)",
    )  # fmt: skip
    axes.set(xlabel="trial", ylabel="RMSE, mean of ten folds", ylim=(bottom, top + 0.006))
    axes.legend(loc="upper right", ncols=3)
    return drawn


def frontier(trials: pd.DataFrame, finalists: list[dict[str, Any]], chosen: dict[str, Any]) -> Figure:
    """Error against size: every candidate of the search, the finalists at their true size, and the choice.

    Args:
        trials: As `record` writes them: `pruned`, `rmse`, `size_bytes`.
        finalists: Each with `size_bytes`, `search_rmse`, `fresh_rmse`.
        chosen: One of them.
    """
    candidates = trials[trials["pruned"] == 0].sort_values("size_bytes")
    best = candidates["rmse"].cummin()
    drawn = figure(3.9)
    axes = drawn.subplots()
    axes.scatter(
        candidates["size_bytes"] / 1000, candidates["rmse"], s=8, color=FAINT, label="candidates of the search"
    )
    axes.step(candidates["size_bytes"] / 1000, best, where="post", color=INK, linewidth=1.4, label="their frontier")
    sizes = [one["size_bytes"] / 1000 for one in finalists]
    axes.scatter(
        sizes, [one["fresh_rmse"] for one in finalists], marker="D", s=30, color=ACCENT, label="finalists, fresh folds"
    )
    place = (chosen["size_bytes"] / 1000, chosen["fresh_rmse"])
    axes.scatter(*place, marker="o", s=190, facecolors="none", edgecolors=INK, linewidths=1.8, label="chosen")
    axes.set_xscale("log")
    ticks = [62.5, 125, 250, 500, 1000]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="size of the model file, KB (logarithmic)", ylabel="RMSE in cross-validation")
    axes.set_ylim(best.min() - 0.006, float(best.min()) + 0.05)
    axes.legend(loc="upper right", frameon=True, framealpha=0.95, edgecolor="none")
    return drawn


def learning(train_curves: npt.NDArray[np.float64], fold_curves: npt.NDArray[np.float64], rounds: int) -> Figure:
    """RMSE by boosting round, on rows fitted and on rows held back within the training part.

    Args:
        train_curves: Shape (folds, rounds).
        fold_curves: Same shape.
        rounds: The number that the model has.
    """
    drawn = figure(3.0)
    axes = drawn.subplots()
    steps = np.arange(1, train_curves.shape[1] + 1)
    for curves, colour, dash, label in (
        (fold_curves, INK, "-", "rows held back"),
        (train_curves, ACCENT, "--", "rows fitted"),
    ):
        axes.plot(steps, curves.mean(axis=0), dash, color=colour, label=label)
        axes.fill_between(steps, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.15, linewidth=0)
    axes.axvline(rounds, color=INK, linewidth=0.8, linestyle=":")
    axes.annotate(
        f"{rounds} rounds: the model", (rounds, 0.86), xytext=(-6, 0), textcoords="offset points", ha="right", va="top"
    )
    axes.set(xlabel="boosting rounds", ylabel="RMSE (band: the folds' range)", ylim=(None, 0.89))
    axes.legend(loc="lower left")
    return drawn
