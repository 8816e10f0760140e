"""What the loaded model asks of a request and what it answers: the model is the contract.

Everything is read from the model file, nothing from a second list written by hand.
Leaves out reading requests (parse.py) and refusing them (validate.py).
"""

from __future__ import annotations

from operator import itemgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from booster import Booster
    from model_file import ModelFile


class Contract:
    """The served model with its features and its outputs.

    Attributes:
        booster: The model in XGBoost's library.
        categories: For the index of each categorical feature the code of each category name; None instead of the
            names if the model was saved before XGBoost 3.1, which keeps codes only.
        colons: Number of colons in all feature names, as validate.py's quick look needs it.
        decided: Between which numbers the model decides (thresholds.py); None until somebody asks.
        features: Feature names in column order.
        indicators: Indices of the features that training saw as booleans.
        iterations: Boosting rounds that a prediction uses; 0 means all.
        kind: `gbtree` or `dart`.
        known: The feature names as a set.
        may_be_absent: The features that may be left out.
        may_be_unseen: The features of which an unknown category is a missing value.
        may_miss: The features that may be null.
        missing_value: A number that is a missing value besides NaN, as the model file has it or a setting says; None
            for none.
        name: What people call the model.
        objective: XGBoost's name of what was learnt, such as `reg:squarederror`.
        only_numbers: Whether every feature is a number and none may be missing.
        output_names: Names of a classifier's classes, or of the outputs; empty if nobody gave them any.
        outputs: Numbers that a prediction has: 1, or the number of classes or targets.
        path_length: Splits on the ways to all leaves of the model, which is what explaining a row costs.
        pick: Takes the features out of a record, in column order; KeyError if one is missing.
        ranges: Lowest and highest number of each feature in training, None for a feature without; None if unknown.
        rounds_used: Boosting rounds that a prediction uses, as a number.
        saved_by: Version of the XGBoost that saved the model.
        sha256: The model file's SHA-256.
        version: The first 12 hexadecimal digits of that of the file that was staged.
        watch: Is told of every batch and its predictions, and counts the rows that are unlike those of training
            (drift.py); None if nobody asked.
    """

    __slots__ = (
        "booster",
        "categories",
        "colons",
        "decided",
        "features",
        "indicators",
        "iterations",
        "kind",
        "known",
        "may_be_absent",
        "may_be_unseen",
        "may_miss",
        "missing_value",
        "name",
        "objective",
        "only_numbers",
        "output_names",
        "outputs",
        "path_length",
        "pick",
        "ranges",
        "rounds_used",
        "saved_by",
        "sha256",
        "version",
        "watch",
    )

    def __init__(self, file: ModelFile, loaded: Booster) -> None:
        """Read the contract from a loaded model; what a deployment sets is left as it is by default."""
        self.booster = loaded
        # A model trained without names gets the names that XGBoost itself prints for it.
        self.features = loaded.feature_names or tuple(f"f{i}" for i in range(loaded.num_features))
        self.known = frozenset(self.features)
        self.colons = sum(name.count(":") for name in self.features)
        self.may_miss = self.may_be_absent = self.may_be_unseen = frozenset[str]()
        self.missing_value: float | None = None
        if file.missing != "nan":
            self.count_as_missing(float(file.missing))
        self.watch: Callable[[Any, list[float]], None] | None = None
        self.ranges: Sequence[tuple[float, float] | None] | None = None
        self.output_names: tuple[str, ...] = ()
        self.indicators = frozenset(index for index, kind in enumerate(loaded.feature_types) if kind == "i")
        self.categories: dict[int, dict[object, int] | None] = {}
        if "c" in loaded.feature_types:
            self.categories = _categories(loaded)
        self.version = file.version
        self.kind = file.booster
        self.objective = file.objective
        self.outputs = file.outputs
        self.decided: dict[int, tuple[float, float]] | None = None
        self.path_length = file.path_length
        self.only_numbers = not self.categories
        self.iterations = file.rounds_used if file.rounds_used < file.rounds else 0
        self.rounds_used = file.rounds_used
        self.pick: Callable[[Any], tuple[Any, ...]] = _picker(self.features)
        self.name = file.name
        self.sha256 = file.sha256
        self.saved_by = file.saved_by

    def count_as_missing(self, value: float | None) -> None:
        """Let a number be a missing value besides NaN, or none."""
        self.missing_value = value
        self.booster.missing = b"NaN" if value is None else repr(value).encode()


def _categories(loaded: Booster) -> dict[int, dict[object, int] | None]:
    names = loaded.categories()
    return {
        index: {name: code for code, name in enumerate(names[index])} if names else None
        for index, kind in enumerate(loaded.feature_types)
        if kind == "c"
    }


def _picker(features: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(features) == 1:  # itemgetter of a single key gives the bare value, not a tuple
        only = features[0]
        return lambda record: (record[only],)
    return itemgetter(*features)
