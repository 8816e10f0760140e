"""How far are the rows that come from those that training saw? Counted for each request, kept by nobody.

Opened only where the deployment brought the ranges of the training data along. Writes a second line beside the
request's, which CloudWatch reads as metrics: how many rows were predicted, how many of them hold a value that training
did not see, and the predictions. No value of a row gets into it.
"""

# ruff: noqa: PTH100, PTH118, PTH120, PTH123

from __future__ import annotations

import json
import os
import sys
from array import array
from math import inf, isfinite, isnan
from time import time

import classes
import observe
import unseen
from model_file import MODEL_PATH, ModelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from contract import Contract
    from float32_rows import Batch

RANGES = "model.ranges.json"
"""The ranges, as the component stages them."""

ROWS, OUTSIDE, PREDICTION = "RowsWatched", "RowsOutOfRange", "Prediction"
"""Names of the metrics; those of a model with several outputs or classes are called `Prediction <name>`."""

_MOST_VALUES = 100
"""Values that a metric may have in one line.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""

_MOST_METRICS = 100
"""Metrics that one line may define."""

_UNSEEN = array("I", array("f", [unseen.UNSEEN]).tobytes())[0]


class Watch:
    """Looks at the rows of a request once they are predicted."""

    def __init__(self, environment: Mapping[str, str], contract: Contract) -> None:
        """Read the ranges beside the model.

        Raises:
            ModelError: They are not there, damaged, or of another model.
        """
        folder = os.path.dirname(environment.get(MODEL_PATH) or os.path.abspath(__file__))
        try:
            with open(os.path.join(folder, RANGES), "rb") as file:
                ranges = json.load(file)
            if ranges["model_sha256"][:12] != contract.version:
                raise ModelError(f"{RANGES} is of another model; stage and deploy it again")
            features = ranges["features"]
            self._seen = [_Seen(features[name], index, contract) for index, name in enumerate(contract.features)]
        except (OSError, ValueError, KeyError, TypeError):
            raise ModelError(
                f"DRIFT_METRICS needs {RANGES} beside the model, whole and with every feature; deploy it again"
            ) from None
        self._contract = contract
        self._function = environment.get("AWS_LAMBDA_FUNCTION_NAME", "local")
        self._namespace = environment.get(observe.METRICS_NAMESPACE, observe.DEFAULT_NAMESPACE)
        self._names = _names(contract)

    def __call__(self, batch: Batch, flat: list[float]) -> None:
        """Write the line of a request's rows.

        Args:
            batch: The rows.
            flat: Their finite predictions, one row's after another's.
        """
        metrics = {ROWS: batch.rows, OUTSIDE: self.outside(batch), **self._predictions(flat, batch.rows)}
        units = {ROWS: "Count", OUTSIDE: "Count"}
        definition = {
            "Namespace": self._namespace,
            "Dimensions": [["FunctionName"]],
            "Metrics": [{"Name": name, "Unit": units.get(name, "None")} for name in metrics],
        }
        line = {
            "model_version": self._contract.version,
            "FunctionName": self._function,
            **metrics,
            "_aws": {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [definition]},
        }
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        sys.stdout.flush()

    @property
    def ranges(self) -> list[tuple[float, float] | None]:
        """The lowest and highest number that training saw of each feature, to seven digits; None if it has none."""
        return [seen.range for seen in self._seen]

    def outside(self, batch: Batch) -> int:
        """Return how many rows hold a value that training did not see, a missing one included."""
        found = set[int]()
        width = len(self._seen)
        for index, seen in enumerate(self._seen):
            if batch.column_major:
                column = batch.values[index * batch.rows : (index + 1) * batch.rows]
            else:
                column = batch.values[index::width]
            if not seen.has_all(column):
                found.update(seen.outside(column))
        return len(found)

    def _predictions(self, flat: list[float], rows: int) -> dict[str, list[float] | float]:
        names = self._names
        if not names:
            return {PREDICTION: _sample(flat)} if len(flat) == rows else {}
        if len(flat) == rows:  # the number of a class
            return {f"{PREDICTION} {name}": _short(flat.count(at) / rows) for at, name in enumerate(names)}
        return {f"{PREDICTION} {name}": _sample(flat[at :: len(names)]) for at, name in enumerate(names)}


class _Seen:
    """What training saw of one feature."""

    __slots__ = ("_codes", "_gaps", "_highest", "_lowest", "_missing")

    def __init__(self, described: dict[str, Any], index: int, contract: Contract) -> None:
        self._gaps = bool(described["missing"])
        self._missing = None if contract.missing_value is None else _float32(contract.missing_value)
        self._codes: frozenset[float] | None = None
        self._lowest, self._highest = inf, -inf
        if "categories" in described:
            named = contract.categories[index]
            known = described["categories"]
            self._codes = frozenset(known if named is None else [named[name] for name in known])
        elif described["lowest"] is not None:
            self._lowest, self._highest = _float32(described["lowest"]), _float32(described["highest"])

    @property
    def range(self) -> tuple[float, float] | None:
        """The lowest and the highest number; None for categories, and where every value was missing."""
        if self._codes is not None or self._lowest > self._highest:
            return None
        return float(f"{self._lowest:.7g}"), float(f"{self._highest:.7g}")

    def has_all(self, column: array[float]) -> bool:
        """Tell cheaply that no value is outside; False if that takes a closer look."""
        if self._missing is not None:
            return False
        if self._codes is not None:
            return self._codes.issuperset(column)
        # NaN compares as neither less nor greater, so extremes say nothing of a column that has one.
        return isfinite(sum(column)) and self._lowest <= min(column) and max(column) <= self._highest

    def outside(self, column: array[float]) -> Iterable[int]:
        """Return the rows with a value outside."""
        bits = memoryview(column).cast("B").cast("I")
        for row, value in enumerate(column):
            if isnan(value) or value == self._missing:
                if not self._gaps or bits[row] == _UNSEEN:
                    yield row
            elif not (self._lowest <= value <= self._highest if self._codes is None else value in self._codes):
                yield row


def _names(contract: Contract) -> tuple[str | int, ...]:
    """Return what the predictions of a row are called; nothing for a single number, or more than a line may hold."""
    names: tuple[str | int, ...] = ()
    if contract.outputs > 1:
        names = contract.output_names or tuple(range(contract.outputs))
    elif contract.objective == "multi:softmax":
        names = classes.names(contract) or ()
    return names if len(names) <= _MOST_METRICS - 2 else ()


def _sample(values: list[float]) -> list[float]:
    """Return the values, or as many as a metric may have: evenly out of the sorted ones, the extremes among them."""
    if len(values) > _MOST_VALUES:
        ordered, last = sorted(values), len(values) - 1
        values = [ordered[last * at // (_MOST_VALUES - 1)] for at in range(_MOST_VALUES)]
    return [_short(value) for value in values]


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _float32(value: float) -> float:
    return array("f", [value])[0]
