"""Gives an editable install the name that an installed one has: `import pulumi_ml_inference` finds `components/`.

Hatchling can put a folder on the path, but not under another name. So it puts `.editable/` there, in which this makes a
link of that name. Type checkers and editors follow it as Python does. Pulumi looks for `pulumi-plugin.json` beside the
distribution's other files and nowhere else; without it, it would look for a provider plugin.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "pulumi_ml_inference"


class EditableInstallHook(BuildHookInterface[Any]):
    """Runs before each build of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Makes the link, if the wheel is that of an editable install."""
        if version != "editable":
            return
        link = Path(self.root, ".editable", PACKAGE)
        link.parent.mkdir(exist_ok=True)
        if not link.exists():
            _link(link, Path(self.root, "components"))
        build_data["force_include_editable"] = {"components/pulumi-plugin.json": f"{PACKAGE}/pulumi-plugin.json"}


def _link(link: Path, folder: Path) -> None:
    link.unlink(missing_ok=True)
    if sys.platform == "win32":
        # A junction needs no privileges, a symbolic link does.
        import _winapi

        _winapi.CreateJunction(str(folder), str(link))
    else:
        link.symlink_to(Path("..") / folder.name)
