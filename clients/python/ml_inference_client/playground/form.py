"""The form for a model: which fields it has, what each takes, where its slider ends, and how the answer is to be read.

Made of the endpoint's own card (`GET /`) and, where somebody has them, of what training wrote: its card, which knows
units and descriptions, and the ranges of its data. The endpoint has the last word on every value: the form offers, it
does not forbid.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ml_inference_client.errors import InferenceError

Card = Mapping[str, Any]

STEPS = 200
"""How many steps a slider has at least."""

MARGIN = 0.05
"""How far a slider goes beyond the outermost thresholds, as a share of their distance: there nothing changes."""

READINGS = {
    "binary:logistic": "probability",
    "binary:hinge": "class",
    "multi:softprob": "classes",
    "multi:softmax": "class",
}
"""How the prediction of a classifier is to be read; anything else is a number, or several."""

SCALES = {
    **dict.fromkeys(("binary:logistic", "binary:logitraw", "reg:logistic"), "log odds"),
    **dict.fromkeys(("multi:softprob", "multi:softmax"), "the class's score before softmax"),
    **dict.fromkeys(
        ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox"), "the prediction's logarithm"
    ),
    "binary:hinge": "the margin",
}
"""What contributions add up to, where that is not the prediction itself."""


@dataclass(frozen=True)
class Told:
    """What the endpoint's card does not say; all of it may be left out.

    Attributes:
        about: The card that training wrote, such as model/card.json.
        ranges: What training saw of each feature, such as model/ranges.json.
        records: Examples; the first one fills the form.
    """

    about: Card = field(default_factory=dict)
    ranges: Card = field(default_factory=dict)
    records: Sequence[Mapping[str, Any]] = ()

    def of(self, card: Card) -> Self:
        """What of it is of the model that the endpoint serves."""
        about, ranges = (each if belongs(each, card) else {} for each in (self.about, self.ranges))
        return replace(self, about=about, ranges=ranges)


def form(card: Card, told: Told) -> dict[str, Any]:
    """Describe the form.

    Args:
        card: The endpoint's.
        told: What somebody knows besides.

    Returns:
        What the page needs, as JSON.

    Raises:
        InferenceError: The card lists no features.
    """
    listed = card.get("features") if isinstance(card, Mapping) else None
    if not isinstance(listed, list) or not listed:
        raise InferenceError("the endpoint's card (GET /) lists no features; is it a model endpoint of this project?")
    about, known = told.about, _known(told)
    fields = [_field(each, known.get(each["name"], {})) for each in listed]
    names = {field["name"] for field in fields}
    middle = {field["name"]: field.pop("start") for field in fields}
    examples = [{**middle, **record} for record in told.records if names.issuperset(record)]
    objective = str(card.get("objective", ""))
    outputs = int(card.get("outputs", 1))
    return {
        "name": card.get("name"),
        "version": card.get("version"),
        "fields": fields,
        "examples": examples or [middle],
        "given": bool(examples),
        "reading": READINGS.get(objective, "number" if outputs == 1 else "outputs"),
        "outputs": outputs,
        "output_names": [str(name) for name in card.get("output_names") or ()],
        "scale": SCALES.get(objective, "the prediction"),
        "target": _target(about),
        "about": _about(card, about),
    }


def belongs(told: Card, card: Card) -> bool:
    """Whether a file is of the model that the endpoint serves; one that names no model is taken at its word."""
    model = told.get("model")
    sha256 = str(told.get("model_sha256") or (model.get("sha256", "") if isinstance(model, Mapping) else ""))
    return not sha256 or sha256.startswith(str(card.get("version") or "-"))


def _known(told: Told) -> dict[str, dict[str, Any]]:
    """What training said of each feature, by name: `unit`, `type`, `minimum`, `maximum`."""
    known: dict[str, dict[str, Any]] = {}
    ranges = told.ranges.get("features")
    for name, seen in (ranges if isinstance(ranges, Mapping) else {}).items():
        if isinstance(seen, Mapping) and isinstance(seen.get("lowest"), int | float):
            known[name] = {"minimum": _short(seen["lowest"]), "maximum": _short(seen.get("highest"))}
    for each in told.about.get("features") or ():
        if isinstance(each, Mapping):
            known[each.get("name", "")] = {**known.get(each.get("name", ""), {}), **each}
    return known


def _short(value: Any) -> Any:
    """A float32 as somebody would have written it, if it is one."""
    return float(f"{value:.7g}") if isinstance(value, int | float) else value


def _field(feature: Card, known: Card) -> dict[str, Any]:
    kind = feature.get("type")
    described: dict[str, Any] = {
        "name": feature["name"],
        "kind": "number",
        "unit": str(known.get("unit") or ""),
        "may_be_null": bool(feature.get("may_be_null")),
        "may_be_absent": bool(feature.get("may_be_absent")),
    }
    if kind == "category" and feature.get("categories"):
        categories = list(feature["categories"])
        return {**described, "kind": "category", "categories": categories, "start": categories[0]}
    if kind == "number or boolean":
        return {**described, "kind": "boolean", "start": False}
    return {**described, **_range(feature, known, whole=kind == "category code" or known.get("type") == "int")}


def _range(feature: Card, known: Card, whole: bool) -> dict[str, Any]:
    """Where a slider begins and ends, its step, whose knowledge that is, and a value to begin with."""
    ends: list[Any] = [known.get("minimum"), known.get("maximum")]
    if None in ends:
        ends = list(feature.get("training_range") or ends)
    source, margin = "training", 0.0
    if not all(isinstance(end, int | float) for end in ends):
        ends, source, margin = list(feature.get("thresholds") or ()), "trees", MARGIN
    if len(ends) != 2 or not all(math.isfinite(end) for end in ends):
        return {"step": 1 if whole else None, "start": 0}
    low, high = sorted(map(float, ends))
    width = (high - low) or max(abs(high), 1.0)
    margin = margin if high > low else 0.5
    step = 1.0 if whole else 10.0 ** math.floor(math.log10(width / STEPS))
    low, high = _snapped(low - margin * width, step, math.floor), _snapped(high + margin * width, step, math.ceil)
    start = low if whole else _snapped((low + high) / 2, step, round)
    return {
        "low": low,
        "high": high,
        "step": step,
        "ends": [_plain(end) for end in sorted(ends)],
        "source": source,
        "start": start,
    }


def _snapped(value: float, step: float, rounded: Any) -> float:
    """The next multiple of a power of ten, without the digits that binary fractions add."""
    near = round(value / step, 6)  # an end that is a multiple stays one
    digits = max(0, -math.floor(math.log10(step)))
    return _plain(round(rounded(near) * step, digits))


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else float(value)


def _target(about: Card) -> str:
    target = about.get("target")
    return str(target.get("name") or "") if isinstance(target, Mapping) else ""


def _about(card: Card, about: Card) -> list[list[str]]:
    """Name and text of everything that is said of the model, in the order in which one wants to know it."""
    target = about.get("target") if isinstance(about.get("target"), Mapping) else {}
    told = [
        ("What it does", about.get("summary")),
        ("What it is for", about.get("intended_use")),
        *(("Limits", limit) for limit in about.get("limits") or ()),
        ("Predicts", target and ": ".join(str(target[key]) for key in ("name", "meaning") if target.get(key))),
        ("Objective", card.get("objective")),
        ("Trees", f"{card['rounds']} boosting rounds, {card.get('booster', '')}" if "rounds" in card else None),
        ("Saved by", f"XGBoost {card['saved_by_xgboost']}" if "saved_by_xgboost" in card else None),
        ("SHA-256", card.get("sha256")),
    ]
    return [[name, str(text)] for name, text in told if text]
