"""Starts the component package: `python components <engine address>`, as Pulumi's engine does."""

import gc
import importlib
import sys
from pathlib import Path

folder = Path(__file__).resolve().parent
# Python puts this folder itself first on its path, where `checks` and `policies` could be taken for somebody else's
# modules. The package is what has to be found, under whatever name it is installed.
sys.path[0] = str(folder.parent)
# What importing makes is kept until the end. Searching it for garbage would take a fifth of the start.
gc.disable()
package = importlib.import_module(f"{folder.name}.component_package")
gc.freeze()
gc.enable()
package.serve()
