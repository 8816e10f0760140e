"""The benchmarks measure what they say: both sides answer alike, and a promise is judged by its ratio."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import payloads, report, subjects, timing
from benchmarks.ratios import Ratio


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Staged copies and compiled modules go into the test's own folder."""
    monkeypatch.setattr(subjects, "BUILD", tmp_path)


def answers(subject: subjects.Subject, event: dict[str, Any]) -> list[float]:
    """Return a subject's predictions, asked in a process of its own."""
    script = f"""
import json, sys
sys.path[:0] = {subject.paths()!r}
import {subject.module} as module
print(module.handler(json.load(sys.stdin), None)["body"])
"""
    finished = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(event),
        env=subject.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    predictions: list[float] = json.loads(finished.stdout.splitlines()[-1])
    return predictions


@pytest.mark.slow  # compiles pandas and all that it imports
def test_baseline_and_handler_give_the_same_predictions() -> None:
    event = payloads.as_json(payloads.records(20))
    by_baseline = answers(subjects.baseline(), event)
    assert by_baseline == pytest.approx(answers(subjects.handler(), event), abs=1e-12)
    assert len(by_baseline) == 20


@pytest.mark.parametrize("form", payloads.FORMS)
def test_a_process_answers_every_form_and_tells_its_times(form: str) -> None:
    event = payloads.FORMS[form](payloads.records(3))
    with subjects.Process(subjects.handler(), [event]) as process:
        times = process.times(0, 5)
    assert len(times) == 5
    assert process.cold_seconds > process.import_seconds > 0


def test_the_handler_is_measured_as_it_is_staged() -> None:
    folder = subjects.handler().folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (folder / manifest["model"]["file"]).read_bytes() == subjects.MODEL.read_bytes()
    assert (folder / "handler.py").exists()


def test_a_sample_is_the_middle_of_its_values() -> None:
    sample = timing.summarize([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (sample.low, sample.median, sample.high, sample.count) == (2.0, 3.0, 4.0, 5)
    assert sample.scaled(1000).median == 3000


@pytest.mark.parametrize(
    ("ratio", "target", "at_most", "kept"),
    [(45.1, 45, False, True), (44.9, 45, False, False), (1.5, 1.6, True, True), (1.7, 1.6, True, False)],
)
def test_a_promise_is_kept_or_missed_by_its_ratio(ratio: float, target: float, at_most: bool, kept: bool) -> None:
    one = timing.summarize([1.0])
    promise = Ratio("cold", one, one, "ms", ratio, target, at_most)
    assert promise.kept is kept
    assert ("kept" in report.line(promise)) is kept
