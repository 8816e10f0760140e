"""Draws the growth of everybody's times as ratios, for the benchmarks' page."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.isotonic import isotonic_regression

from benchmarks.growth import Curve
from benchmarks.report import PEERS, ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "ground": ("#ffffff", "#0d1117"),
    "ink": ("#1f2328", "#e6edf3"),
    "quiet": ("#59636e", "#9198a1"),
    "line": ("#d1d9e0", "#3d444d"),
    "faster": ("#f6f8fa", "#151b23"),
    "tutorial": ("#8250df", "#ab7df8"),
    "careful": ("#0969da", "#4493f8"),
    "onnx-runtime": ("#9a6700", "#d29922"),
    "compiled-trees": ("#1b7c83", "#39c5cf"),
}
"""By their names in the picture's style sheet: on a light page and on a dark one."""

TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def picture(curves: Sequence[Curve]) -> str:
    """An SVG of what grows, a panel for each curve, in the colours of the reader's page."""
    ratios = [
        point.times(name) for curve in curves for point in curve.points for name in PEERS if name in point.samples
    ]
    low, high = min(0.5, *ratios) / 1.5, max(2, *ratios) * 1.3
    with mpl.rc_context(_look()):
        figure = Figure(figsize=(11.5, 8.6), layout="constrained")
        for panel, curve in zip(figure.subplots(2, 2).flat, curves, strict=True):
            panel.set(xscale="log", yscale="log", ylim=(low, high))
            _panel(panel, curve)
        figure.supylabel("times as long as the handler", color=_colour("quiet"), fontsize="medium")
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _themed(drawn.getvalue())


def _look() -> Any:
    return {
        "svg.hashsalt": "benchmarks",
        "font.size": 11,
        "figure.facecolor": _colour("ground"),
        "axes.facecolor": "none",
        "text.color": _colour("ink"),
        **dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color"), _colour("quiet")),
        "figure.constrained_layout.h_pad": 0.15,
    }


def _panel(panel: Axes, curve: Curve) -> None:
    sizes = [point.size for point in curve.points]
    low, high = panel.get_ylim()
    left, right = sizes[0] / 1.3, sizes[-1] * 1.3
    ticks = [tick for tick in TICKS if low < tick < high]
    panel.fill_between([left, right], low, 1, color=_colour("faster"), linewidth=0)
    panel.hlines(ticks, left, right, color=_colour("line"), linewidth=0.6)
    panel.hlines(1, left, right, color=_colour("quiet"), linewidth=1.2)
    panel.text(0.01, 0.02, "the other is faster", transform=panel.transAxes, color=_colour("quiet"), fontsize="small")
    ends: dict[str, float] = {}
    for name in PEERS:
        ratios = {point.size: point.times(name) for point in curve.points if name in point.samples}
        if ratios:
            panel.plot(list(ratios), list(ratios.values()), "o-", color=_colour(name), linewidth=2, markersize=5)
            ends[name] = ratios[max(ratios)]
    for name, height in spread(ends, apart=float(np.log10(high / low)) / 14).items():
        text = f"{name} {ratio(ends[name])}"
        at = (sizes[-1], height)
        panel.annotate(text, at, (9, 0), textcoords="offset points", va="center", color=_colour(name))
    panel.set_title(curve.name, loc="left", fontweight="bold")
    panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
    panel.set_yticks(ticks, [f"{tick}x" for tick in ticks])
    panel.minorticks_off()
    panel.set_xlim(left, right * (sizes[-1] / sizes[0]) ** 0.55)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)


def spread(ends: dict[str, float], apart: float) -> dict[str, float]:
    """Heights of labels on a logarithmic axis: at least that many decades apart, and close to what they name."""
    names = sorted(ends, key=lambda name: ends[name])
    steps = np.arange(len(names)) * apart
    heights = isotonic_regression(np.log10([ends[name] for name in names]) - steps) + steps
    return dict(zip(names, map(float, 10**heights), strict=True))


def _colour(name: str) -> str:
    return COLOURS[name.lower().replace(" ", "-")][0]


def _themed(svg: str) -> str:
    """The same with variables in place of colours, set for light and dark pages."""
    light, dark = ("".join(f"--{name}: {colours[theme]}; " for name, colours in COLOURS.items()) for theme in (0, 1))
    for name, (colour, _) in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    style = f"<style>svg {{ {light}}} @media (prefers-color-scheme: dark) {{ svg {{ {dark}}} }}</style>"
    return re.sub(r"(<svg [^>]*>)", lambda opening: opening[1] + "\n " + style, svg, count=1)
