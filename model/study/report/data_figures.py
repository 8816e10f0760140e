"""What do the data look like? Distributions, correlations, red against white: the training part only."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from model.schema import MEASUREMENTS, TARGET
from model.splits import Part
from model.study.report.style import COLOUR_OF, INK, figure

SKEWED = {"residual sugar", "chlorides", "free sulfur dioxide", "sulphates"}
"""Drawn on a logarithmic axis."""


def by_colour(train: Part) -> dict[str, pd.DataFrame]:
    """Return the rows of either colour, target included."""
    rows = train.features.assign(quality=train.target)
    return {"red": rows[rows["color_red"] == 1], "white": rows[rows["color_white"] == 1]}


def grades(train: Part) -> Figure:
    """Share of each grade among the wines of a colour."""
    drawn = figure(2.9)
    axes = drawn.subplots()
    for offset, (colour, rows) in zip((-0.2, 0.2), by_colour(train).items(), strict=True):
        shares = rows["quality"].value_counts(normalize=True).sort_index() * 100
        bars = axes.bar(
            shares.index + offset, shares, 0.38, color=COLOUR_OF[colour], edgecolor=INK, linewidth=0.6,
            label=f"{colour}, {len(rows):,} wines",
        )  # fmt: skip
        axes.bar_label(bars, [f"{share:.0f}" if share >= 1 else "<1" for share in shares], fontsize=8, padding=2)
    axes.set(xlabel="quality (median score of the tasters)", ylabel="wines of that colour, %", xticks=range(3, 10))
    axes.margins(y=0.12)
    axes.legend(loc="upper right")
    return drawn


def distributions(train: Part) -> Figure:
    """A histogram of each measurement, red over white."""
    drawn = figure(7.6)
    grid = drawn.subplots(4, 3).ravel()
    groups = by_colour(train)
    for axes, column in zip(grid, MEASUREMENTS, strict=False):
        values = train.features[column.name]
        low, high = values.quantile([0.001, 0.999])
        logarithmic = column.name in SKEWED
        edges = np.geomspace(low, high, 36) if logarithmic else np.linspace(low, high, 36)
        for colour in ("white", "red"):
            shown = groups[colour][column.name].clip(low, high)
            axes.hist(
                shown, edges, density=True, color=COLOUR_OF[colour], alpha=0.75 if colour == "white" else 0.6,
                edgecolor=INK if colour == "red" else "none", linewidth=0.4, label=colour,
            )  # fmt: skip
        if logarithmic:
            axes.set_xscale("log")
            ticks = [tick for tick in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low <= tick <= high]
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
        else:
            axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_yticks([])
        axes.set_title(column.name, fontsize=9.5)
        axes.set_xlabel(_short_unit(column.unit) or "no unit", fontsize=8)
    grid[-1].axis("off")
    handles, labels = grid[0].get_legend_handles_labels()
    grid[-1].legend(handles[::-1], labels[::-1], loc="center", fontsize=11, title="share of wines")
    return drawn


def correlations(train: Part) -> Figure:
    """Rank correlations between all columns."""
    rows = train.features.drop(columns="color_white").assign(quality=train.target)
    table = rows.corr(method="spearman")
    drawn = figure(6.6)
    axes = drawn.subplots()
    values = table.to_numpy(dtype=np.float64)
    image = axes.imshow(values, cmap="PuOr", vmin=-1, vmax=1)
    axes.set_xticks(range(len(table)), list(table.columns), rotation=45, ha="right")
    axes.set_yticks(range(len(table)), list(table.columns))
    for row in range(len(table)):
        for column in range(len(table)):
            value = float(values[row, column])
            axes.text(
                column, row, f"{value:+.2f}"[:1] + f"{abs(value):.2f}"[1:] if row != column else "",
                ha="center", va="center", fontsize=7.5, color="white" if abs(value) > 0.6 else INK,
            )  # fmt: skip
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    drawn.colorbar(image, ax=axes, shrink=0.7, label="Spearman's rank correlation (the sign is printed)")
    return drawn


def strongest(train: Part, count: int = 4) -> Figure:
    """Quality grade against the measurements that go with it most closely."""
    links = train.features[[column.name for column in MEASUREMENTS]].corrwith(train.target, method="spearman")
    chosen = links.abs().sort_values(ascending=False).index[:count]
    units = {column.name: column.unit for column in MEASUREMENTS}
    drawn = figure(3.0)
    levels = sorted(train.target.unique())
    for axes, name in zip(drawn.subplots(1, count), chosen, strict=True):
        boxes = axes.boxplot(
            [train.features.loc[train.target == level, name] for level in levels], tick_labels=levels, widths=0.6,
            showfliers=False, patch_artist=True, medianprops={"color": INK, "linewidth": 1.6},
        )  # fmt: skip
        for box in boxes["boxes"]:
            box.set(facecolor="#dfe6ea", edgecolor=INK)
        axes.set_title(f"{name}\nrank corr. {links[name]:+.2f}", fontsize=9)
        axes.set_xlabel(TARGET.name)
        axes.set_ylabel(_short_unit(units[name]), fontsize=8)
    return drawn


def _short_unit(unit: str) -> str:
    """`g(tartaric acid)/dm³` as `g/dm³`: the substance is told in the table of columns."""
    return unit.partition("(")[0] + unit.partition(")")[2] if "(" in unit else unit
