"""Starts the component package: `python components <engine address>`, as Pulumi's engine does."""

import importlib
import sys
from pathlib import Path

folder = Path(__file__).resolve().parent
# Python puts this folder itself first on its path, where `checks` and `policies` could be taken for somebody else's
# modules. The package is what has to be found, under whatever name it is installed.
sys.path[0] = str(folder.parent)
importlib.import_module(f"{folder.name}.component_package").serve()
