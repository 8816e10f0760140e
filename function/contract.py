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


class Contract:
    """The served model with its features and its outputs.

    Attributes:
        booster: The model in XGBoost's library.
        features: Feature names in column order.
        known: The same names as a set.
        names_without_colon: Whether no feature's name holds a colon, as validate.py's quick look needs.
        iterations: Boosting rounds that a prediction uses; 0 means all.
        pick: Takes the features out of a record, in column order; KeyError if one is missing.
        name: What people call the model.
        version: The first 12 hexadecimal digits of the model file's SHA-256.
        saved_by: Version of the XGBoost that saved the model.
    """

    __slots__ = (
        "booster",
        "features",
        "iterations",
        "known",
        "name",
        "names_without_colon",
        "pick",
        "saved_by",
        "sha256",
        "version",
    )

    def __init__(self, file: model_file.ModelFile, loaded: booster.Booster) -> None:
        self.booster = loaded
        # A model trained without names gets the names that XGBoost itself prints for it.
        self.features = loaded.feature_names or tuple(f"f{i}" for i in range(loaded.num_features))
        self.known = frozenset(self.features)
        self.names_without_colon = not any(":" in name for name in self.features)
        self.iterations = _best_iterations(loaded)
        self.pick: Callable[[Any], tuple[Any, ...]] = _picker(self.features)
        self.name = file.name
        self.version = file.version
        self.sha256 = file.sha256
        self.saved_by = file.saved_by


def load(environment: Mapping[str, str]) -> Contract:
    """Read, verify and load the model that the environment names.

    Raises:
        model_file.ModelError: The model cannot be served; the message says why and what to do.
    """
    file = model_file.read(environment)
    try:
        library = booster.library_version()
        if file.saved_by > library:
            raise model_file.ModelError(
                f"the model was saved by XGBoost {_dotted(file.saved_by)}, newer than the library {_dotted(library)}, "
                "which would predict wrongly without a word; retrain with the library's version or update the library"
            )
        return Contract(file, booster.Booster(file.content))
    except booster.LibraryError as error:
        raise model_file.ModelError(str(error)) from None


def _best_iterations(loaded: booster.Booster) -> int:
    """Return how many rounds early stopping kept, as XGBoost's scikit-learn estimators count them."""
    best = loaded.attribute("best_iteration")
    return int(best) + 1 if best is not None else 0


def _picker(features: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(features) == 1:  # itemgetter of a single key gives the bare value, not a tuple
        only = features[0]
        return lambda record: (record[only],)
    return itemgetter(*features)


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))
