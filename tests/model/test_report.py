"""The report: figures that hold what they should, and a page that needs no other file."""

import html
import io
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from model.fit import Parameters, fit, observed
from model.sources import DataUnavailableError
from model.splits import Part
from model.study import stability
from model.study.report import __main__ as command
from model.study.report import data_figures, error_figures, explanation_figures, search_figures, writing
from model.study.report.page import TEMPLATE, Picture, render
from model.study.report.style import COLOUR_OF, applied, data_uri, png
from model.study.stability import over_splits

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def judged(parts: tuple[Part, Part]) -> pd.DataFrame:
    """Judgements of a model that errs by a known half a point, alternately up and down."""
    _, test = parts
    predicted = test.target.to_numpy() + np.where(np.arange(len(test)) % 2, 0.5, -0.5)
    return error_figures.judged(test.features, test.target, predicted)


def luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_red_and_white_differ_in_greyscale() -> None:
    assert luminance(COLOUR_OF["white"]) - luminance(COLOUR_OF["red"]) > 0.4


def test_subgroups_cover_every_wine_once_by_colour_and_once_by_grade(judged: pd.DataFrame) -> None:
    groups = error_figures.subgroups(judged).set_index("group")
    assert groups.loc[["red wine", "white wine"], "wines"].sum() == len(judged)
    assert groups.loc[[name for name in groups.index if name.startswith("quality")], "wines"].sum() == len(judged)
    assert groups.loc["all wines", "rmse"] == pytest.approx(0.5)


def test_bias_is_positive_where_the_prediction_is_too_high() -> None:
    table = pd.DataFrame(
        {"actual": [3, 3], "predicted": [5.0, 6.0], "residual": [-2.0, -3.0], "colour": ["red", "red"]}
    )
    assert error_figures.subgroups(table).set_index("group").loc["quality 3", "bias"] == 2.5


def test_a_figure_becomes_a_small_picture_that_is_not_empty(judged: pd.DataFrame) -> None:
    with applied():
        image = png(error_figures.calibration(judged))
    opened = Image.open(io.BytesIO(image))
    assert opened.width > 1000
    assert len(image) < 150_000
    assert len(set(opened.convert("L").resize((80, 40)).tobytes())) > 5


@pytest.fixture
def drawn(parts: tuple[Part, Part]) -> list[Figure]:
    """The figures with the longest labels on their axes."""
    train, test = parts
    contributions = pd.DataFrame(
        np.random.default_rng(0).normal(0, 0.1, test.features.shape), columns=test.features.columns
    )
    with applied():
        return [
            data_figures.distributions(train),
            data_figures.strongest(train),
            explanation_figures.dependence(contributions, test.features.reset_index(drop=True)),
        ]


def test_no_tick_label_overlaps_its_neighbour(drawn: list[Figure]) -> None:
    for figure in drawn:
        layout = figure.get_layout_engine()
        assert layout
        with applied():
            layout.execute(figure)  # what drawing begins with
        for axes in figure.axes:
            low, high = sorted(axes.get_xlim())
            shown = [tick for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
            boxes = [tick.label1.get_window_extent() for tick in shown if tick.label1.get_text()]
            for left, right in itertools.pairwise(boxes):
                assert left.x1 < right.x0, f"labels overlap in {axes.get_title()!r}"


def test_the_page_carries_its_pictures_and_loads_nothing() -> None:
    names = re.findall(r"picture\(\"(\w+)\"", TEMPLATE.read_text("utf-8"))
    page = render([Picture(name, b"image", f"what {name} shows") for name in names], facts())
    assert page.count(f'src="{data_uri(b"image")}"') == len(names) >= 12
    assert not re.findall(r"(?:src|href)=\"(?!data:|#|https://github\.com/)", page)
    assert "<script" not in page
    assert "@import" not in page


def facts() -> dict[str, object]:
    """Every fact that the template names, made up."""
    row = {"model": "<this>", "rmse": 0.67, "mae": 0.5, "r2": 0.4, "bytes": 1000}
    gain = {"rmse": -0.01, "low": -0.02, "high": -0.001, "confidence": 0.95}
    return {
        "card": {
            "split": {"train_rows": 3, "test_rows": 1},
            "model": {"bytes": 1000, "trees": 3, "library": "xgboost", "sha256": "0" * 64},
            "data": {"rows": 4, "attribution": "somebody", "licence": "a licence"},
            "evaluation": {"test": [row]},
        },
        "ours": row,
        "gain": gain,
        "search": {"trials": 3, "pruned": 1, "rule": "smallest"},
        "synthetic": 100,
        "splits_ours": [0.6],
        "mean_ours": 0.6,
        "mean_published": 0.7,
        "wins": 1,
        "raw_rows": 5,
        "columns": [],
        "load_ms": 1.0,
        "bias_low": 1.0,
        "bias_high": -1.0,
        "rare": 2,
    }


def test_the_committed_page_has_the_sentences_of_its_template() -> None:
    template = re.sub(r"{%.*?%}", "\n", TEMPLATE.read_text(encoding="utf-8"))
    captions = re.findall(r'picture\("\w+", "(.*?)"\)', template)
    prose = re.findall(r"(?<=[>}])[^<>{}]{40,}(?=[<{])", template.split("<main>")[-1])
    assert captions
    assert prose
    page = " ".join(html.unescape((REPOSITORY / "docs" / writing.PAGE).read_text(encoding="utf-8")).split())
    missing = [text for text in (*captions, *prose) if " ".join(html.unescape(text).split()) not in page]
    assert not missing, "write it again: make report"


def test_names_are_escaped_in_the_page() -> None:
    names = re.findall(r"picture\(\"(\w+)\"", TEMPLATE.read_text("utf-8"))
    page = render([Picture(name, b"", "") for name in names], facts())
    assert "&lt;this&gt;" in page
    assert "<this>" not in page


def test_without_data_the_command_fails_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch(*_: object, **__: object) -> dict[str, bytes]:
        raise DataUnavailableError("no source gave the wine data")

    monkeypatch.setattr(writing, "fetch", fetch)
    assert command.main(["--output", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "error: no source gave the wine data\n"


def test_other_splits_are_fitted_and_judged_anew(table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "SPLIT_SEEDS", range(2))
    quick = Parameters({"max_depth": 2}, rounds=3, seed=0)
    errors = over_splits(lambda train: fit(quick, observed(train)), table)
    assert len(set(errors)) == 2
    assert all(0.7 < error < 0.9 for error in errors)


TRIALS = pd.DataFrame(
    {
        "trial": [0, 0, 1, 2, 3],
        "pruned": [0, 0, 0, 1, 0],
        "rmse": [0.71, 0.72, 0.70, 0.69, 0.699],
        "size_bytes": [900_000, 400_000, 800_000, np.nan, 700_000],
    }
)


def test_the_history_shows_scored_trials_at_their_best_size_and_pruned_ones_without_a_score() -> None:
    scored, pruned = search_figures.history(TRIALS).axes[0].collections
    assert np.asarray(scored.get_offsets()).tolist() == [[0, 0.71], [1, 0.7], [3, 0.699]]
    assert [place[0] for place in np.asarray(pruned.get_offsets()).tolist()] == [2]


def test_the_frontier_falls_with_size_and_circles_the_choice() -> None:
    finalists = [{"size_bytes": 800_000, "search_rmse": 0.7, "fresh_rmse": 0.702}]
    axes = search_figures.frontier(TRIALS, finalists, finalists[0]).axes[0]
    (line,) = axes.lines
    assert np.asarray(line.get_ydata()).tolist() == [0.72, 0.699, 0.699, 0.699]
    assert np.asarray(axes.collections[-1].get_offsets()).tolist() == [[800, 0.702]]


def test_ctrl_c_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "report", interrupted)
    assert command.main([]) == 130
    assert capsys.readouterr().err == "\nstopped; the report is as it was\n"


@pytest.mark.slow
def test_the_whole_report_is_written(tmp_path: Path, raw_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "SPLIT_SEEDS", range(2))
    page = writing.report(tmp_path, raw_cache)
    pictures = sorted(file.stem for file in (tmp_path / writing.PICTURES).iterdir())
    assert pictures == sorted(re.findall(r"picture\(\"(\w+)\"", TEMPLATE.read_text("utf-8")))
    assert page.stat().st_size > 200_000
