"""Where and how much does the model err? On the held-out wines: residuals, calibration, subgroups, comparison."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from model.study.report.style import ACCENT, COLOUR_OF, FAINT, INK, MARKER_OF, figure

CALIBRATION_BINS = 10


def judged(features: pd.DataFrame, actual: pd.Series, predicted: np.ndarray) -> pd.DataFrame:
    """Return one row per wine: `actual`, `predicted`, `residual` (actual minus predicted) and `colour`."""
    table = pd.DataFrame({"actual": actual, "predicted": predicted.astype(np.float64)})
    table["residual"] = table["actual"] - table["predicted"]
    table["colour"] = np.where(features["color_red"] == 1, "red", "white")
    return table


def subgroups(table: pd.DataFrame) -> pd.DataFrame:
    """Return wines, RMSE and bias (mean of predicted minus actual) of all wines, of each colour and of each grade."""
    groups = {"all wines": table}
    groups |= {f"{colour} wine": rows for colour, rows in table.groupby("colour")}
    groups |= {f"quality {grade}": rows for grade, rows in table.groupby("actual")}
    return pd.DataFrame(
        [
            {
                "group": name,
                "wines": len(rows),
                "rmse": float(np.sqrt(np.square(rows["residual"]).mean())),
                "bias": float(-rows["residual"].mean()),
            }
            for name, rows in groups.items()
        ]
    )


def residuals(table: pd.DataFrame) -> Figure:
    """Residual against prediction, and the distribution of residuals, by colour."""
    drawn = figure(3.4)
    left, right = drawn.subplots(1, 2, width_ratios=(2, 1), sharey=True)
    for colour in ("white", "red"):
        rows = table[table["colour"] == colour]
        left.scatter(
            rows["predicted"], rows["residual"], s=11, marker=MARKER_OF[colour], color=COLOUR_OF[colour],
            alpha=0.8, edgecolors=INK, linewidths=0.25, label=colour,
        )  # fmt: skip
        right.hist(
            rows["residual"], np.linspace(-3, 3, 41), density=True, orientation="horizontal", histtype="stepfilled",
            color=COLOUR_OF[colour], alpha=0.65, edgecolor=INK, linewidth=0.7, label=colour,
        )  # fmt: skip
    for axes in (left, right):
        axes.axhline(0, color=INK, linewidth=0.8)
    left.set(xlabel="predicted quality", ylabel="actual minus predicted")
    right.set(xlabel="density", xticks=[])
    left.legend(loc="lower left", ncols=2, markerscale=1.8)
    return drawn


def calibration(table: pd.DataFrame) -> Figure:
    """Mean grade by predicted quality, and predictions by grade."""
    drawn = figure(3.6)
    left, right = drawn.subplots(1, 2)
    bins = table.groupby(pd.qcut(table["predicted"].rank(method="first"), CALIBRATION_BINS), observed=True)
    means = bins[["predicted", "actual"]].mean()
    spread: pd.Series[float] = 1.96 * bins["actual"].sem()
    ends = (means.min().min() - 0.2, means.max().max() + 0.2)
    left.plot(ends, ends, "--", color=FAINT, label="perfect")
    left.errorbar(
        means["predicted"], means["actual"], yerr=spread, fmt="o", color=ACCENT, capsize=3, label="tenths of the wines"
    )
    left.set(xlabel="predicted quality", ylabel="mean actual quality, with 95 % interval")
    left.set_title("Is a prediction right on average?")
    left.legend(loc="upper left")

    levels = sorted(table["actual"].unique())
    boxes = right.boxplot(
        [table.loc[table["actual"] == level, "predicted"] for level in levels], positions=levels, widths=0.6,
        patch_artist=True, medianprops={"color": INK, "linewidth": 1.6}, flierprops={"markersize": 3},
    )  # fmt: skip
    for box in boxes["boxes"]:
        box.set(facecolor="#dfe6ea", edgecolor=INK)
    right.plot(levels, levels, "--", color=ACCENT, label="the grade itself")
    right.set(xlabel="actual quality", ylabel="predicted quality")
    right.set_title("What does a wine of a grade get?")
    right.legend(loc="upper left")
    return drawn


def by_subgroup(groups: pd.DataFrame) -> Figure:
    """RMSE and bias of each subgroup."""
    drawn = figure(3.4)
    left, right = drawn.subplots(1, 2, sharey=True)
    labels = [f"{row.group} ({row.wines:,})" for row in groups.itertuples()]
    places = np.arange(len(groups))[::-1]
    bars = left.barh(places, groups["rmse"], color=FAINT, edgecolor=INK, linewidth=0.6)
    left.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
    left.set_yticks(places, labels)
    left.set_title("RMSE")
    bars = right.barh(places, groups["bias"], color=ACCENT, edgecolor=INK, linewidth=0.6)
    right.bar_label(bars, fmt="%+.2f", padding=3, fontsize=8)
    right.axvline(0, color=INK, linewidth=0.8)
    right.set_title("Bias: predicted minus actual")
    left.margins(x=0.14)
    right.margins(x=0.16)
    return drawn


def comparison(rows: list[dict[str, Any]]) -> Figure:
    """RMSE on the held-out wines against size, one point per model.

    Args:
        rows: The card's, each with `model`, `rmse` and `bytes`; ours first.
    """
    ranked = sorted(rows, key=lambda row: -row["rmse"])
    drawn = figure(2.7)
    axes = drawn.subplots()
    places = np.arange(len(ranked))
    ours = rows[0]["model"]
    axes.hlines(places, 0.64, [row["rmse"] for row in ranked], color=FAINT)
    for place, row in zip(places, ranked, strict=True):
        axes.plot(
            row["rmse"], place, "D" if row["model"] == ours else "o", color=ACCENT if row["model"] == ours else INK
        )
        axes.annotate(
            f"{row['rmse']:.3f}   {_size(row['bytes'])}", (row["rmse"], place), xytext=(9, 0),
            textcoords="offset points", va="center", fontsize=8.5,
        )  # fmt: skip
    axes.set_yticks(places, [row["model"] for row in ranked])
    axes.set(xlabel="RMSE on the held-out wines, then the size of the stored model", xlim=(0.64, 0.92))
    return drawn


def over_splits(ours: list[float], published: list[float]) -> Figure:
    """RMSE of both sets of parameters over many splits, paired.

    Args:
        ours: One RMSE per split seed, from 0.
        published: Same order.
    """
    drawn = figure(2.9)
    axes = drawn.subplots()
    seeds = np.arange(len(ours))
    axes.vlines(seeds, ours, published, color=FAINT)
    axes.plot(
        seeds, published, "s", color=INK, markersize=5, label=f"published parameters, mean {np.mean(published):.4f}"
    )
    axes.plot(seeds, ours, "o", color=ACCENT, markersize=6, label=f"this model's parameters, mean {np.mean(ours):.4f}")
    axes.axhline(float(np.mean(published)), color=INK, linewidth=0.8, linestyle=":")
    axes.axhline(float(np.mean(ours)), color=ACCENT, linewidth=0.8, linestyle="--")
    axes.set(xlabel="seed of the split", ylabel="RMSE on its test part", xticks=seeds)
    axes.margins(y=0.22)
    axes.legend(loc="upper right", ncols=2)
    return drawn


def _size(size_bytes: int) -> str:
    for unit, factor in (("MB", 1e6), ("KB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}" if unit == "MB" else f"{size_bytes / factor:.0f} {unit}"
    return f"{size_bytes} bytes"
