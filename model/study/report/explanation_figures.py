"""What does the model go by? Importance, and the contribution of each feature to each prediction (TreeSHAP)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from model.schema import MEASUREMENTS
from model.study.report.style import ACCENT, FAINT, INK, figure


def importance(gain: dict[str, float], contributions: pd.DataFrame) -> Figure:
    """Two answers to "which feature matters": mean absolute contribution, and gain in training.

    Args:
        gain: Total gain by feature.
        contributions: Shape (wines, features), in points of quality.
    """
    mean = contributions.abs().mean().sort_values()
    share = pd.Series(gain).reindex(mean.index).fillna(0.0)
    share = share / share.sum() * 100
    drawn = figure(3.6)
    left, right = drawn.subplots(1, 2, sharey=True)
    for axes, values, colour, form, label in (
        (left, mean, ACCENT, "%.3f", "mean |contribution|, points of quality"),
        (right, share, FAINT, "%.0f", "share of the gain in training, %"),
    ):
        bars = axes.barh(list(mean.index), values, color=colour, edgecolor=INK, linewidth=0.6)
        axes.bar_label(bars, fmt=form, padding=3, fontsize=8)
        axes.margins(x=0.14)
        axes.set_xlabel(label)
    return drawn


def summary(contributions: pd.DataFrame, features: pd.DataFrame) -> Figure:
    """One dot per wine and feature: where it stands is its contribution, how dark it is its value's rank.

    Args:
        contributions: Shape (wines, features), in points of quality.
        features: Same shape and order.
    """
    order = contributions.abs().mean().sort_values().index
    rng = np.random.default_rng(0)
    drawn = figure(5.4)
    axes = drawn.subplots()
    for place, name in enumerate(order):
        values = contributions[name].to_numpy()
        shown = axes.scatter(
            values, place + _swarm(values, rng), c=features[name].rank(pct=True), cmap="cividis_r", s=5, linewidths=0
        )
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(order)), list(order))
    axes.set_xlabel("contribution to the prediction, points of quality")
    bar = drawn.colorbar(shown, ax=axes, ticks=[0.02, 0.98], aspect=40, shrink=0.8)
    bar.ax.set_yticklabels(["low value", "high value"])
    bar.outline.set_visible(False)
    return drawn


def dependence(contributions: pd.DataFrame, features: pd.DataFrame, count: int = 3) -> Figure:
    """Contribution against value, for the features that matter most."""
    measured = [column.name for column in MEASUREMENTS]
    units = {column.name: column.unit for column in MEASUREMENTS}
    chosen = contributions[measured].abs().mean().sort_values(ascending=False).index[:count]
    drawn = figure(2.9)
    for axes, name in zip(drawn.subplots(1, count, sharey=True), chosen, strict=True):
        axes.scatter(features[name], contributions[name], s=6, color=ACCENT, alpha=0.5, linewidths=0)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.set_xlim(*features[name].quantile([0.002, 0.998]))
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_title(name)
        axes.set_xlabel(units[name] or "no unit")
        if name == chosen[0]:
            axes.set_ylabel("contribution, points of quality")
    return drawn


def _swarm(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Vertical offsets, wider where more values crowd."""
    counts, edges = np.histogram(values, bins=60)
    crowd = counts[np.clip(np.digitize(values, edges) - 1, 0, len(counts) - 1)] / counts.max()
    return np.asarray(rng.uniform(-0.42, 0.42, len(values)) * np.sqrt(crowd))
