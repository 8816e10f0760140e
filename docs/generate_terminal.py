"""Draws what `make local` prints, as it was printed: `python -m docs.generate_terminal`.

Runs the demonstration where there is no Docker, so that anybody can draw the same picture, and keeps its colours.
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

PICTURE = Path(__file__).resolve().parent / "pictures" / "make-local.svg"
COLUMNS = 132


def printed() -> str:
    """What the demonstration prints, with its colours."""
    settings = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    settings["PATH"] = str(Path(sys.executable).parent)  # where there is no Docker
    command = [sys.executable, "-m", "local"]
    ended = subprocess.run(command, env={**os.environ, **settings}, check=True, capture_output=True, text=True)
    lines = re.sub(r"\x1b\[[0-9?]*[A-KhlJ]|\r", "", ended.stdout).splitlines()
    lasting = [line for line in lines if not re.search("[\u2800-\u28ff]", line)]  # a spinner's lines are overwritten
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lasting))


def picture(output: str) -> str:
    """The SVG of a terminal that shows it. Fonts are the reader's own: a picture fetches nothing."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print("$ make local", style="bold")
    console.print(Text.from_ansi(output), overflow="ellipsis", no_wrap=True)
    drawn = console.export_svg(title="make local", theme=DIMMED_MONOKAI, unique_id="make-local")
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", without_fonts, flags=re.MULTILINE) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(picture(printed()), encoding="utf-8")
