"""Measuring by turns: cold starts in fresh processes, calls in warm ones."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.subjects import Event, Process, Subject


@dataclass(frozen=True)
class Sample:
    """The middle of many measurements and how far they spread.

    Attributes:
        median: In the unit of the measurement.
        low: First quartile.
        high: Third quartile.
        count: Number of measurements.
    """

    median: float
    low: float
    high: float
    count: int

    def scaled(self, factor: float) -> Sample:
        """Return the same in another unit."""
        return Sample(self.median * factor, self.low * factor, self.high * factor, self.count)


def summarize(values: Sequence[float]) -> Sample:
    """Return median and quartiles."""
    if len(values) == 1:
        return Sample(values[0], values[0], values[0], 1)
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Sample(median, low, high, len(values))


@dataclass(frozen=True)
class Start:
    """Cold starts of a subject: seconds to the first answer, and the largest resident size in bytes."""

    seconds: Sample
    peak_bytes: Sample


def cold(subjects: Sequence[Subject], event: Event, repetitions: int) -> list[Start]:
    """Return the cold starts of subjects that take turns, after one unmeasured start that fills the caches."""
    seconds: list[list[float]] = [[] for _ in subjects]
    sizes: list[list[float]] = [[] for _ in subjects]
    for repetition in range(repetitions + 1):
        for at, subject in enumerate(subjects):
            with Process(subject, [event]) as process:
                if repetition:
                    seconds[at].append(process.cold_seconds)
                    sizes[at].append(process.peak_bytes)
    return [Start(summarize(taken), summarize(size)) for taken, size in zip(seconds, sizes, strict=True)]


def early(subjects: Sequence[Subject], event: Event, calls: int, repetitions: int) -> tuple[list[Sample], list[Sample]]:
    """Return the seconds of first answers and of the next calls in fresh processes of subjects that take turns.

    Args:
        subjects: What is compared.
        event: What each is asked.
        calls: How many calls after the first answer.
        repetitions: Fresh processes of each subject, after one unmeasured that fills the caches.
    """
    first: list[list[float]] = [[] for _ in subjects]
    following: list[list[float]] = [[] for _ in subjects]
    for repetition in range(repetitions + 1):
        for at, subject in enumerate(subjects):
            with Process(subject, [event]) as process:
                times = process.times(0, calls)
                if repetition:
                    first[at].append(process.cold_seconds - process.import_seconds)
                    following[at].extend(times)
    return [summarize(taken) for taken in first], [summarize(taken) for taken in following]


def warm(
    subjects: Sequence[Subject], events: Sequence[Event], calls: int, rounds: int, before: Event | None = None
) -> list[Sample]:
    """Return the seconds of a call of subjects that take turns, each with its own event, in warm processes.

    Args:
        subjects: What is compared.
        events: One for each subject.
        calls: Calls of a turn.
        rounds: Turns of each subject; the first is not counted.
        before: What each is asked twice beforehand.
    """
    processes = [Process(subject, [event, before or event]) for subject, event in zip(subjects, events, strict=True)]
    taken: list[list[float]] = [[] for _ in subjects]
    try:
        for process in processes:
            process.times(1, 2)
        for turn in range(rounds + 1):
            for at, process in enumerate(processes):
                times = process.times(0, calls)
                if turn:
                    taken[at].extend(times)
    finally:
        for process in processes:
            process.__exit__()
    return [summarize(times) for times in taken]
