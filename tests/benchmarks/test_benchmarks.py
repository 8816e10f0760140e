"""The benchmarks measure what they say: all sides answer alike, and a promise is judged by its ratio."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from benchmarks import measurements, payloads, report, subjects, timing
from benchmarks.measurements import Measurement, Promise

pytestmark = pytest.mark.together("benchmarks")  # all stage the handler into one build folder


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


def use(build: Path, patch: pytest.MonkeyPatch) -> None:
    """The staged copy and compiled modules go into a folder of the tests, and run on the XGBoost that is there."""
    patch.setattr(subjects, "BUILD", build)
    patch.setattr(subjects, "library_version", lambda _function: metadata.version("xgboost-cpu"))


@pytest.fixture(scope="module")
def staged(build: Path) -> subjects.Subject:
    with pytest.MonkeyPatch.context() as patch:
        use(build, patch)
        return subjects.handler()


@pytest.fixture
def handler(staged: subjects.Subject, build: Path, monkeypatch: pytest.MonkeyPatch) -> subjects.Subject:
    """The handler as it is staged, to be run."""
    use(build, monkeypatch)
    return staged


PEERS = [subjects.tutorial, subjects.careful, subjects.onnx, subjects.compiled]


@pytest.mark.slow  # installs what the peers need, and compiles pandas and all that it imports
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: str(peer.__name__))
def test_a_peer_gives_the_same_predictions_in_every_form_it_reads(peer: subjects.MakeSubject) -> None:
    subject = peer()
    rows = payloads.records(50)
    measurements.check_answers([subject], rows)
    answers = []
    for form in subject.forms:
        with subjects.Process(subject, [payloads.FORMS[form](rows)]) as process:
            answers.append(json.loads(process.answer))
    assert all(answer == answers[0] for answer in answers)


def test_a_peer_that_predicts_something_else_is_none(
    handler: subjects.Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurements, "SAME", -1.0)
    with pytest.raises(SystemExit, match="handler predicts something else than the handler: 0 apart"):
        measurements.check_answers([handler], payloads.records(5))


@pytest.mark.slow
def test_the_floor_predicts_the_rows_that_lie_ready() -> None:
    rows = payloads.records(20)
    with subjects.Process(subjects.floor(payloads.packed(rows)), [payloads.as_json(rows)]) as floor:
        found = json.loads(floor.answer)
    with subjects.Process(subjects.handler(), [payloads.as_json(rows)]) as handler:
        assert found == json.loads(handler.answer)


def test_a_process_answers_every_form_and_tells_its_times(handler: subjects.Subject) -> None:
    events = [form(payloads.records(3)) for form in payloads.FORMS.values()]
    with subjects.Process(handler, events) as process:
        for event in range(len(events)):
            assert len(process.times(event, 5)) == 5
    assert process.cold_seconds > process.import_seconds > 0


def test_the_handler_is_measured_as_it_is_staged(staged: subjects.Subject) -> None:
    manifest = json.loads((staged.folder / "manifest.json").read_text())
    assert (staged.folder / manifest["model"]["file"]).read_bytes() == subjects.MODEL.read_bytes()
    assert (staged.folder / "handler.py").exists()


def test_the_rows_of_a_request_all_differ() -> None:
    rows = payloads.records(5000)
    assert len({tuple(row.values()) for row in rows}) == 5000


def test_a_sample_is_the_middle_of_its_values() -> None:
    sample = timing.summarize([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (sample.low, sample.median, sample.high, sample.count) == (2.0, 3.0, 4.0, 5)
    assert sample.scaled(1000).median == 3000


@pytest.mark.parametrize(
    ("promise", "other", "kept"),
    [
        (Promise("tutorial", 45), 45.1, True),
        (Promise("tutorial", 45), 44.9, False),
        (Promise("floor", 1.6, at_most=True), 0.66, True),
        (Promise("floor", 1.6, at_most=True), 0.59, False),
    ],
)
def test_a_promise_is_kept_or_missed_by_its_ratio(promise: Promise, other: float, kept: bool) -> None:
    samples = {"handler": timing.summarize([1.0]), promise.against: timing.summarize([other])}
    measured = Measurement("cold", "ms", samples, (promise,))
    assert [verdict for _, _, verdict in measured.verdicts()] == [kept]
    assert ("kept" in report.line(measured)) is kept


def test_what_was_not_measured_breaks_no_promise() -> None:
    measured = Measurement("cold", "ms", {"handler": timing.summarize([1.0])}, (Promise("floor", 1.6, at_most=True),))
    assert measured.verdicts() == []
