"""The ratios that the project promises, and whether this run keeps them."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import payloads, runtime, sizes, subjects, timing


@dataclass(frozen=True)
class Ratio:
    """One promise.

    Attributes:
        name: What is compared.
        baseline: The other side, in `unit`.
        handler: The handler, in `unit`.
        unit: `ms`, `MB`.
        ratio: How many times the baseline is larger; of the no-op, how many times it is smaller.
        target: What is promised.
        at_most: Whether the target is an upper limit instead of a lower one.
    """

    name: str
    baseline: timing.Sample
    handler: timing.Sample
    unit: str
    ratio: float
    target: float
    at_most: bool = False

    @property
    def kept(self) -> bool:
        """Whether this run keeps the promise."""
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target


def in_processes(starts: int, rounds: int) -> list[Ratio]:
    """Compare in plain Python processes: cold, warm, memory, bytes."""
    pair = [subjects.baseline(), subjects.handler()]
    two = payloads.as_json(payloads.records(2))
    base, ours = timing.cold(pair, two, starts)
    found = [
        _faster("cold: import, model, first answer", base.seconds, ours.seconds, 45),
        _smaller("peak memory after the first answer", base.peak_bytes, ours.peak_bytes, 6),
    ]
    for rows, form, target in (
        (2, "records", 35),
        (100, "records", 8),
        (10_000, "records", 2),
        (10_000, "columns", 3),
        (10_000, "CSV", 3),
    ):
        table = payloads.records(rows)
        events = [payloads.as_json(table), payloads.FORMS[form](table)]
        calls = max(2, min(100, 4000 // rows))
        samples = timing.warm(pair, events, calls, rounds)
        found.append(_faster(f"warm: {rows:,} rows as {form}", samples[0], samples[1], target))
    return found


def on_disk() -> list[Ratio]:
    """Compare what has to be installed.

    Raises:
        packages.NoIndexError: The packages cannot be installed here.
    """
    ours = timing.summarize([float(sizes.handler_bytes())])
    tutorial, smaller = (
        timing.summarize([float(size)]) for size in (sizes.tutorial_bytes(), sizes.without_gpu_bytes())
    )
    return [
        _smaller("installed bytes", tutorial, ours, 25),
        _smaller("installed bytes, against xgboost-cpu", smaller, ours, 10),
    ]


def behind_the_runtime(starts: int, calls: int) -> list[Ratio]:
    """Compare behind Lambda's runtime client and interface emulator.

    Raises:
        runtime.NotHereError: The emulator cannot run here.
    """
    trio = [subjects.baseline(), subjects.handler(), subjects.no_op()]
    cold, warm = runtime.compare(trio, payloads.as_json(payloads.records(2)), starts, calls)
    against_nothing = _ratio("behind the runtime: 2 rows against a no-op", warm[2], warm[1], "ms", 1000, 1.6)
    return [
        _faster("behind the runtime: cold", cold[0], cold[1], 18),
        Ratio(**{**vars(against_nothing), "ratio": 1 / against_nothing.ratio, "at_most": True}),
    ]


def _faster(name: str, baseline: timing.Sample, handler: timing.Sample, target: float) -> Ratio:
    return _ratio(name, baseline, handler, "ms", 1000, target)


def _smaller(name: str, baseline: timing.Sample, handler: timing.Sample, target: float) -> Ratio:
    return _ratio(name, baseline, handler, "MB", 1e-6, target)


def _ratio(name: str, baseline: timing.Sample, handler: timing.Sample, unit: str, scale: float, target: float) -> Ratio:
    ratio = baseline.median / handler.median if handler.median else 0.0
    return Ratio(name, baseline.scaled(scale), handler.scaled(scale), unit, ratio, target)
