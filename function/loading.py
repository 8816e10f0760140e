"""From the model file that the environment names to the contract that is served.

Leaves out what may be wrong with a file (model_file.py) and what the settings mean (settings.py).
"""

from __future__ import annotations

import booster
import model_file
from contract import Contract

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = frozenset(
    ("ALLOW_MISSING", "ALLOW_ABSENT", "ALLOW_UNSEEN", "MISSING_VALUE", "OUTPUT_NAMES", "DRIFT_METRICS")
)
"""Environment variables that settings.py reads, which is opened only if one of them is set."""


def load(environment: Mapping[str, str]) -> Contract:
    """Read, verify and load the model that the environment names, as its settings want it.

    Raises:
        model_file.ModelError: The model cannot be served; the message says why and what to do.
    """
    contract = from_file(model_file.read(environment))
    if not SETTINGS.isdisjoint(environment):
        import settings

        settings.apply(environment, contract)
    return contract


def from_file(file: model_file.ModelFile) -> Contract:
    """Load a verified model file.

    Raises:
        model_file.ModelError: The model cannot be served; the message says why and what to do.
    """
    try:
        library = booster.library_version()
        if file.saved_by > library:
            import model_reader

            raise model_file.ModelError(f"the model file {model_reader.too_new(file.saved_by, library)}")
        loaded = booster.Booster(file.content, file.booster == "dart", file.untransformed, file.trees, file.path_length)
        return Contract(file, loaded)
    except booster.LibraryError as error:
        raise model_file.ModelError(str(error)) from None
