"""What the loaded model asks of a request and what it answers: the model is the contract.

Everything is read from the model file, nothing from a second list written by hand.
Leaves out reading requests (parse.py) and refusing them (validate.py).
"""

from __future__ import annotations

from operator import itemgetter

import booster
import model_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


ALLOW_MISSING = "ALLOW_MISSING"
"""Environment variable: `true` lets every feature be null, a JSON array of names only these; unset lets none."""


class Contract:
    """The served model with its features and its outputs.

    Attributes:
        booster: The model in XGBoost's library.
        categories: For the index of each categorical feature the code of each category name; None instead of the
            names if the model was saved before XGBoost 3.1, which keeps codes only.
        colons: Number of colons in all feature names, as validate.py's quick look needs it.
        features: Feature names in column order.
        iterations: Boosting rounds that a prediction uses; 0 means all.
        kind: `gbtree` or `dart`.
        known: The feature names as a set.
        may_miss: The features that may be null.
        name: What people call the model.
        objective: XGBoost's name of what was learnt, such as `reg:squarederror`.
        only_numbers: Whether every feature is a number and none may be null.
        outputs: Numbers that a prediction has: 1, or the number of classes or targets.
        pick: Takes the features out of a record, in column order; KeyError if one is missing.
        rounds_used: Boosting rounds that a prediction uses, as a number.
        saved_by: Version of the XGBoost that saved the model.
        sha256: The model file's SHA-256.
        version: The first 12 hexadecimal digits of that of the file that was staged.
    """

    __slots__ = (
        "booster",
        "categories",
        "colons",
        "features",
        "iterations",
        "kind",
        "known",
        "may_miss",
        "name",
        "objective",
        "only_numbers",
        "outputs",
        "pick",
        "rounds_used",
        "saved_by",
        "sha256",
        "version",
    )

    def __init__(self, file: model_file.ModelFile, loaded: booster.Booster, allow_missing: str | None) -> None:
        """Read the contract from a loaded model.

        Raises:
            model_file.ModelError: The setting of ALLOW_MISSING is none.
        """
        self.booster = loaded
        # A model trained without names gets the names that XGBoost itself prints for it.
        self.features = loaded.feature_names or tuple(f"f{i}" for i in range(loaded.num_features))
        self.known = frozenset(self.features)
        self.colons = sum(name.count(":") for name in self.features)
        self.may_miss = _may_miss(allow_missing, self.features)
        self.categories: dict[int, dict[object, int] | None] = {}
        if "c" in loaded.feature_types:
            self.categories = _categories(loaded)
        self.only_numbers = not self.categories and not self.may_miss
        self.iterations = file.rounds_used if file.rounds_used < file.rounds else 0
        self.rounds_used = file.rounds_used
        self.pick: Callable[[Any], tuple[Any, ...]] = _picker(self.features)
        self.name = file.name
        self.version = file.version
        self.sha256 = file.sha256
        self.saved_by = file.saved_by
        self.kind = file.booster
        self.objective = file.objective
        self.outputs = file.outputs


def load(environment: Mapping[str, str]) -> Contract:
    """Read, verify and load the model that the environment names.

    Raises:
        model_file.ModelError: The model cannot be served; the message says why and what to do.
    """
    return from_file(model_file.read(environment), environment.get(ALLOW_MISSING))


def from_file(file: model_file.ModelFile, allow_missing: str | None = None) -> Contract:
    """Load a verified model file.

    Args:
        file: The model file.
        allow_missing: The setting of ALLOW_MISSING.

    Raises:
        model_file.ModelError: The model cannot be served; the message says why and what to do.
    """
    try:
        library = booster.library_version()
        if file.saved_by > library:
            import model_reader

            raise model_file.ModelError(f"the model file {model_reader.too_new(file.saved_by, library)}")
        return Contract(file, booster.Booster(file.content, file.booster == "dart"), allow_missing)
    except booster.LibraryError as error:
        raise model_file.ModelError(str(error)) from None


def _may_miss(setting: str | None, features: tuple[str, ...]) -> frozenset[str]:
    if not setting or setting.lower() == "false":
        return frozenset()
    if setting.lower() == "true":
        return frozenset(features)
    import json

    try:
        names = json.loads(setting)
    except ValueError:
        names = None
    if not isinstance(names, list) or not set(map(str, names)) <= set(features):
        raise model_file.ModelError(
            f"{ALLOW_MISSING} must be true, false, or a JSON array of names of the model's features"
        )
    return frozenset(names)


def _categories(loaded: booster.Booster) -> dict[int, dict[object, int] | None]:
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
