"""What README and docs show is what the results say: own figures, ratios, missed promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.growth import Curve, Point
from benchmarks.measurements import Measurement, Promise
from benchmarks.report import PEERS, Results
from benchmarks.timing import Sample
from docs import benchmarks_picture, generate_benchmarks


def samples(*medians: float) -> dict[str, Sample]:
    """Of the handler, then of its peers."""
    names = ("handler", *PEERS)
    return {name: Sample(median, median, median, 15) for name, median in zip(names, medians, strict=False)}


RESULTS = Results(
    versions={"python": "3.11.7", "xgboost": "3.4.1"},
    measurements=[
        Measurement("cold: import, model, first answer", "ms", samples(18, 990, 225, 198, 16.2)),
        Measurement("peak memory after the first answer", "MB", samples(24, 216, 96, 84, 18)),
        Measurement("warm: 2 rows as records", "ms", samples(0.1, 4, 0.25, 0.0996), (Promise("tutorial", 35),)),
        Measurement("warm: 100 rows as records", "ms", samples(0.5, 3), (Promise("tutorial", 8),)),
    ],
    curves=[
        Curve(f"2 rows, by {what}", (Point(10, samples(1, 20, 2, 1.5, 0.5)), Point(5000, samples(1, 3, 2.1, 2, 1.9))))
        for what in ("trees", "features", "rows", "colours")
    ],
    instructions={"2 rows": 1_250_000},
    notes=["Not measured on disk: pip could not install."],
)


def test_what_was_saved_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    RESULTS.save()
    assert Results.read() == RESULTS


def test_readme_shows_the_handlers_figure_and_how_many_times_as_much_each_peer_takes() -> None:
    assert generate_benchmarks.figures(RESULTS).splitlines() == [
        "|  | this handler | tutorial | careful | ONNX Runtime | compiled trees |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| cold start to the first answer | **18 ms** | 55x | 12x | 11x | 0.90x |",
        "| a call with 2 rows | **0.1 ms** | 40x | 2.5x | 1.0x | - |",
        "| peak memory | **24 MB** | 9.0x | 4.0x | 3.5x | 0.75x |",
    ]


def test_only_what_stands_between_readmes_markers_is_written_again() -> None:
    readme = "before\n{}old\n{}after\n".format(*generate_benchmarks.MARKERS)
    shown = generate_benchmarks.with_figures(readme, RESULTS)
    assert shown == readme.replace("old\n", generate_benchmarks.figures(RESULTS))
    with pytest.raises(ValueError, match="README must have <!-- figures"):
        generate_benchmarks.with_figures("no markers", RESULTS)


def test_the_page_says_which_promise_was_missed_and_what_was_not_measured() -> None:
    page = generate_benchmarks.page(RESULTS)
    assert "| warm: 2 rows as records | tutorial ≥ 35x | 40.00x |" in page
    assert "| warm: 100 rows as records | tutorial ≥ 8x | 6.00x, **missed** |" in page
    assert "| 5,000 | 1,000 ms | 3.0x | 2.1x | 2.0x | 1.9x |" in page
    assert RESULTS.notes[0] in page


def test_the_picture_takes_all_its_colours_from_the_readers_theme() -> None:
    style, _, drawn = benchmarks_picture.picture(RESULTS.curves).partition("</style>")
    assert "prefers-color-scheme: dark" in style
    assert not re.findall(r"(?:fill|stroke): #[0-9a-f]{6}", drawn)


def test_labels_of_lines_that_end_together_are_moved_apart_and_others_stay() -> None:
    ends = {"tutorial": 100.0, "careful": 2.05, "ONNX Runtime": 2.0, "compiled trees": 1.95}
    heights = benchmarks_picture.spread(ends, apart=0.2)
    low, middle, high, alone = (heights[name] for name in reversed(PEERS))
    assert [middle / low, high / middle] == pytest.approx([10**0.2] * 2)
    assert middle == pytest.approx(2.0, rel=0.01)
    assert alone == pytest.approx(100)
