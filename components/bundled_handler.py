"""The bundled handler: where it lies, and the reader of model files that preview and staging share with it.

One file says what a model is, and it belongs to the handler, whose modules stand side by side as they do in the image
and are no package. So it is loaded by its path.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING


def folder() -> Path:
    """Where the bundled handler lies: inside the installed package, else beside it in the repository."""
    here = Path(__file__).resolve().parent
    installed, repository = here / "function", here.parent / "function"
    return installed if installed.is_dir() else repository


def _module(name: str) -> ModuleType:
    """A module of the handler, under a name of this package."""
    spec = importlib.util.spec_from_file_location(f"{__package__}.{name}", folder() / f"{name}.py")
    if spec is None or spec.loader is None:  # pragma: no cover - the suffix .py always has a loader
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if TYPE_CHECKING:
    import model_reader as model_reader
else:
    model_reader = _module("model_reader")
