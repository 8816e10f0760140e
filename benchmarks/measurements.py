"""What is measured, beside whom, and what the project promises of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import packages, payloads, runtime, sizes, subjects, timing
from benchmarks.subjects import Event, Subject

SAME = 1e-5
"""How far apart answers may be: the sum of some hundred float32 leaves depends on their order."""

WARM = (
    (2, "records"),
    (100, "records"),
    (100, "columns"),
    (10_000, "records"),
    (10_000, "columns"),
    (10_000, "CSV"),
    (10_000, "binary"),
)
"""Rows and form of the calls that are measured in warm processes."""

AGAINST_TUTORIAL = {
    (2, "records"): 35.0,
    (100, "records"): 8.0,
    (10_000, "records"): 2.0,
    (10_000, "columns"): 3.0,
    (10_000, "CSV"): 3.0,
}
"""How many times as fast as a tutorial's handler, at least."""

ABOVE_FLOOR = {(10_000, "records"): 1.6, (10_000, "binary"): 1.3}
"""How many times the floor, at most."""


@dataclass(frozen=True)
class Promise:
    """A ratio that is promised.

    Attributes:
        against: The subject that the handler is compared with.
        ratio: How many times that subject's figure is the handler's, or the other way round.
        at_most: Whether the handler may be that many times the subject, instead of the subject being at least that
            many times the handler.
    """

    against: str
    ratio: float
    at_most: bool = False


@dataclass(frozen=True)
class Measurement:
    """One row of the table.

    Attributes:
        name: What is measured.
        unit: `ms` or `MB`.
        samples: By subject, in `unit`.
        promises: What is promised of it.
    """

    name: str
    unit: str
    samples: dict[str, timing.Sample]
    promises: tuple[Promise, ...] = ()

    def times(self, subject: str) -> float:
        """Return how many times the handler's figure a subject's is."""
        return self.samples[subject].median / self.samples["handler"].median

    def verdicts(self) -> list[tuple[Promise, float, bool]]:
        """Return each promise whose subject was measured, its ratio here, and whether that keeps it."""
        found = []
        for promise in self.promises:
            if promise.against in self.samples:
                ratio = 1 / self.times(promise.against) if promise.at_most else self.times(promise.against)
                found.append((promise, ratio, ratio <= promise.ratio if promise.at_most else ratio >= promise.ratio))
        return found


def check_answers(everyone: Sequence[Subject], rows: payloads.Rows) -> None:
    """Compare what subjects answer with what the handler does.

    Raises:
        SystemExit: One of them predicts something else, so that comparing times would mean nothing.
    """
    event = payloads.as_json(rows)
    with subjects.Process(subjects.handler(), [event]) as process:
        expected = json.loads(process.answer)
    for subject in everyone:
        with subjects.Process(subject, [event]) as process:
            answered = json.loads(process.answer)
        apart = max(abs(one - other) for one, other in zip(answered, expected, strict=True))
        if apart > SAME:
            raise SystemExit(f"{subject.name} predicts something else than the handler: {apart:g} apart")


def in_processes(peers: Sequence[Subject], starts: int, rounds: int) -> list[Measurement]:
    """Measure cold starts, memory and warm calls in plain Python processes.

    Args:
        peers: Beside the handler; the floor is asked in warm processes alone.
        starts: Fresh processes of each subject.
        rounds: Turns of each subject in warm processes.
    """
    everyone = [*peers, subjects.handler()]
    started = timing.cold(everyone, payloads.as_json(payloads.records(2)), starts)
    memory = {subject.name: start.peak_bytes.scaled(1e-6) for subject, start in zip(everyone, started, strict=True)}
    found = [
        _in_ms(
            "cold: import, model, first answer", everyone, [start.seconds for start in started], Promise("tutorial", 45)
        ),
        Measurement("peak memory after the first answer", "MB", memory, (Promise("tutorial", 6),)),
        *early(everyone, 100, starts),
    ]
    return found + in_warm_processes(everyone, WARM, rounds)


def in_warm_processes(everyone: Sequence[Subject], calls: Sequence[tuple[int, str]], rounds: int) -> list[Measurement]:
    """Measure calls of so many rows in a form, the floor beside everyone."""
    with_floor = [*everyone, *_floor(max(rows for rows, _ in calls))]
    return [warm(with_floor, rows, form, rounds) for rows, form in calls]


def early(everyone: Sequence[Subject], rows: int, starts: int) -> list[Measurement]:
    """Measure requests of records in fresh processes, without import and model: the first answer, and twenty more."""
    taken = timing.early(everyone, payloads.as_json(payloads.records(rows)), 20, starts)
    return [
        _in_ms(f"{name}: {rows:,} rows as records", everyone, samples)
        for name, samples in zip(("first answer", "next answers"), taken, strict=True)
    ]


def warm(everyone: Sequence[Subject], rows: int, form: str, rounds: int) -> Measurement:
    """Measure calls in warm processes; who does not read the form is sent the same rows as records."""
    calls = max(2, min(100, 4000 // rows))
    before = payloads.much(payloads.records(2))
    taken = timing.warm(everyone, events_of(everyone, rows, form), calls, rounds, before)
    promises = [
        Promise(against, limits[rows, form], at_most)
        for against, limits, at_most in (("tutorial", AGAINST_TUTORIAL, False), ("floor", ABOVE_FLOOR, True))
        if (rows, form) in limits
    ]
    return _in_ms(f"warm: {rows:,} rows as {form}", everyone, taken, *promises)


def on_disk() -> list[Measurement]:
    """Measure what has to be installed.

    Raises:
        packages.NoIndexError: The packages cannot be installed here.
    """
    sizes_by_name = {
        "tutorial": sizes.tutorial_bytes(),
        "careful": sizes.careful_bytes(),
        "ONNX Runtime": sizes.onnx_bytes(),
        "compiled trees": sizes.compiled_bytes(),
        "handler": sizes.handler_bytes(),
    }
    samples = {name: timing.summarize([size * 1e-6]) for name, size in sizes_by_name.items()}
    return [Measurement("installed bytes", "MB", samples, (Promise("tutorial", 25),))]


def within_lambda(peers: Sequence[Subject], starts: int) -> list[Measurement]:
    """Measure cold starts as they are within Lambda, whose runtime client has imported modules of Python's before.

    Raises:
        runtime.NotHereError: The runtime client cannot run here.
    """
    everyone = [*peers, subjects.handler()]
    started = timing.cold(
        [runtime.beside_the_client(subject) for subject in everyone], payloads.as_json(payloads.records(2)), starts
    )
    return [_in_ms("cold within Lambda, after its client's imports", everyone, [start.seconds for start in started])]


def behind_the_runtime(peers: Sequence[Subject], starts: int, calls: int) -> list[Measurement]:
    """Measure behind Lambda's runtime client and interface emulator.

    Args:
        peers: Beside the handler and a function that does nothing.
        starts: Fresh processes of each.
        calls: Calls of two rows in each; of many rows, a tenth as many.

    Raises:
        runtime.NotHereError: The emulator cannot run here.
    """
    everyone = [*peers, subjects.no_op(), subjects.handler()]
    few = payloads.as_json(payloads.records(2))
    cold, calls_of_two = runtime.compare(everyone, [few] * len(everyone), starts, calls)
    found = [
        _in_ms("behind the runtime: cold", everyone, cold, Promise("tutorial", 18)),
        _in_ms("behind the runtime: 2 rows", everyone, calls_of_two, Promise("no-op", 1.6, at_most=True)),
    ]
    for form in ("records", "binary"):
        events = events_of(everyone, 10_000, form)
        _, calls_of_many = runtime.compare(everyone, events, max(1, starts // 3), calls // 10)
        found.append(_in_ms(f"behind the runtime: 10,000 rows as {form}", everyone, calls_of_many))
    return found


def events_of(everyone: Sequence[Subject], rows: int, form: str) -> list[Event]:
    """Return so many rows in a form, an event for each subject; who does not read the form gets records."""
    table = payloads.records(rows)
    bodies = {kind: payloads.FORMS[kind](table) for kind in {form, "records"}}
    return [bodies[form if form in subject.forms else "records"] for subject in everyone]


def _in_ms(name: str, everyone: Sequence[Subject], seconds: Sequence[timing.Sample], *promises: Promise) -> Measurement:
    samples = {subject.name: sample.scaled(1000) for subject, sample in zip(everyone, seconds, strict=True)}
    return Measurement(name, "ms", samples, promises)


def _floor(rows: int) -> list[Subject]:
    try:
        return [subjects.floor(payloads.packed(payloads.records(rows)))]
    except packages.NoIndexError:
        return []
