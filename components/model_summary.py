"""What is in this model file? Enough to show in a preview what a deployment changes, read without XGBoost.

A machine that deploys needs no XGBoost. The file is XGBoost's own JSON, or the same tree of objects in UBJSON
(draft 12, https://ubjson.org), of which this reads what `save_model` writes. Nothing is predicted here.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


class UnreadableModelError(ValueError):
    """The file is no whole XGBoost model. The message is one line, for people."""


@dataclass(frozen=True)
class ModelSummary:
    """A model at a glance.

    Attributes:
        sha256: SHA-256 of the file, 64 hexadecimal digits.
        xgboost: Version that saved it, such as `3.2.0`.
        objective: XGBoost's name of what was learnt, such as `reg:squarederror`.
        booster: `gbtree`, `dart` or `gblinear`.
        trees: Number of trees; 0 for a linear model.
        depth: Longest way from a root to a leaf over all trees, in splits.
        outputs: Numbers that a prediction has: 1, or the number of classes or targets.
        features: Feature names in the model's order.
    """

    sha256: str
    xgboost: str
    objective: str
    booster: str
    trees: int
    depth: int
    outputs: int
    features: list[str]

    def as_dict(self) -> dict[str, Any]:
        """The attributes as plain values, for a stack output."""
        return asdict(self)

    def sentence(self) -> str:
        """One line, short enough for the description of a Lambda function (256 characters)."""
        size = f"{self.trees} trees of depth {self.depth}" if self.trees else "linear"
        return (
            f"XGBoost {self.xgboost} {self.objective[:40]}, {size}, {len(self.features)} features, "
            f"SHA-256 {self.sha256}"
        )


def summarize(model: bytes, sha256: str) -> ModelSummary:
    """Reads a model file's outline.

    Args:
        model: The whole file, UBJSON or JSON.
        sha256: Its SHA-256, to be part of the summary.

    Raises:
        UnreadableModelError: It is cut short, of another format, or no model.
    """
    try:
        content = _ubjson(model) if model[:2] == b"{L" else json.loads(model)
        return _outline(content, sha256)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error, RecursionError):
        raise UnreadableModelError(
            "is not a whole XGBoost model; save it again with Booster.save_model of XGBoost 1.6 or newer"
        ) from None


def _outline(content: Mapping[str, Any], sha256: str) -> ModelSummary:
    learner = content["learner"]
    parameters = learner["learner_model_param"]
    booster = learner["gradient_booster"]
    trees = _trees(booster)
    return ModelSummary(
        sha256=sha256,
        xgboost=".".join(str(int(part)) for part in content["version"]),
        objective=str(learner["objective"]["name"]),
        booster=str(booster["name"]),
        trees=len(trees),
        depth=max((_depth(tree) for tree in trees), default=0),
        outputs=_outputs(learner, parameters),
        # A model trained without names gets the names that XGBoost itself prints.
        features=list(learner.get("feature_names", ())) or [f"f{i}" for i in range(int(parameters["num_feature"]))],
    )


def _trees(booster: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The trees; DART keeps them one level deeper, a linear model has none."""
    if booster["name"] == "gblinear":
        return []
    inner = booster["gbtree"] if booster["name"] == "dart" else booster
    return list(inner["model"]["trees"])


def _outputs(learner: Mapping[str, Any], parameters: Mapping[str, Any]) -> int:
    """How many numbers a prediction has; `multi:softmax` answers the class itself."""
    if learner["objective"]["name"] == "multi:softmax":
        return 1
    return max(int(parameters.get("num_class", 0)), int(parameters.get("num_target", 1)), 1)


def _depth(tree: Mapping[str, Any]) -> int:
    left, right = tree["left_children"], tree["right_children"]
    deepest, level = 0, [0]
    while level := [child for node in level for child in (left[node], right[node]) if child != -1]:
        deepest += 1
        if deepest > len(left) or len(level) > len(left):
            raise ValueError("a tree that bites its tail")
    return deepest


_NUMBERS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
_CONSTANTS: dict[bytes, Any] = {b"Z": None, b"T": True, b"F": False}


def _ubjson(data: bytes) -> Any:
    value, end = _value(data, 1, data[:1])
    if end != len(data):
        raise ValueError("bytes are left over")
    return value


def _value(data: bytes, at: int, kind: bytes) -> tuple[Any, int]:
    """The value of a kind that begins at an offset, and the offset behind it."""
    if kind in _NUMBERS:
        return struct.unpack_from(_NUMBERS[kind], data, at)[0], at + struct.calcsize(_NUMBERS[kind])
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    if kind == b"S":
        return _text(data, at)
    if kind == b"{":
        return _object(data, at)
    if kind == b"[":
        return _array(data, at)
    raise ValueError(f"unknown kind {kind!r}")


def _text(data: bytes, at: int) -> tuple[str, int]:
    length, at = _value(data, at + 1, data[at : at + 1])
    if not 0 <= length <= len(data) - at:
        raise ValueError("a text that ends behind the file")
    return data[at : at + length].decode(), at + length


def _object(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    entries: dict[str, Any] = {}
    while data[at : at + 1] != b"}":
        key, at = _text(data, at)
        entries[key], at = _value(data, at + 1, data[at : at + 1])
    return entries, at + 1


def _array(data: bytes, at: int) -> tuple[Sequence[Any], int]:
    """An array: numbers of one kind in a row (`$`), a known count of values (`#`), or values up to a bracket."""
    if data[at : at + 1] == b"$":
        form, at = _NUMBERS[data[at + 1 : at + 2]], at + 2
        count, at = _value(data, at + 2, data[at + 1 : at + 2])
        end = at + count * struct.calcsize(form)
        return struct.unpack_from(f">{count}{form[1]}", data, at), end
    if data[at : at + 1] == b"#":
        count, at = _value(data, at + 2, data[at + 1 : at + 2])
        return _values(data, at, range(count))
    values = []
    while data[at : at + 1] != b"]":
        value, at = _value(data, at + 1, data[at : at + 1])
        values.append(value)
    return values, at + 1


def _values(data: bytes, at: int, counted: range) -> tuple[list[Any], int]:
    values = []
    for _ in counted:
        value, at = _value(data, at + 1, data[at : at + 1])
        values.append(value)
    return values, at


def difference(records: Sequence[Mapping[str, Any]], predictions: Sequence[Any], model: ModelSummary) -> str | None:
    """Why records and predictions cannot be this model's: other feature names, or answers of another form."""
    features = set(model.features)
    for index, (record, prediction) in enumerate(zip(records, predictions, strict=True)):
        missing, surplus = sorted(features - record.keys()), sorted(record.keys() - features)
        if missing or surplus:
            return f"record {index} lacks the features {missing} and has {surplus}, which the model does not know"
        numbers = len(prediction) if isinstance(prediction, list) else 1
        if numbers != model.outputs:
            return f"prediction {index} has {numbers} numbers, the model gives {model.outputs}"
    return None
