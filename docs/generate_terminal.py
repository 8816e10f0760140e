"""Draws what commands print, as they printed it: `python -m docs.generate_terminal`.

Runs `make local`, and the Python client against `make serve`, without Docker, so that anybody can draw them again.
"""

import io
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from local.docker import leftovers

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
DEPLOYED = PICTURES / "make-local.svg"
CALLED = PICTURES / "calls.svg"
COLUMNS = 132

COMMANDS = (
    "ml-inference predict clients/samples/records.json",
    "ml-inference predict clients/samples/unknown_feature.json",
    "ml-inference doctor",
)
"""What the picture of calls shows."""

_ENVIRONMENT = {**os.environ, "PATH": str(Path(sys.executable).parent)}  # where there is no Docker
_SECONDS_TO_SERVE = 120


def deployed() -> Text:
    """What `make local` prints, with its colours."""
    settings = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    command = [sys.executable, "-m", "local"]
    ended = subprocess.run(command, env={**_ENVIRONMENT, **settings}, check=True, capture_output=True, text=True)
    lines = re.sub(r"\x1b\[[0-9?]*[A-KhlJ]|\r", "", ended.stdout).splitlines()
    lasting = [line for line in lines if not re.search("[\u2800-\u28ff]", line)]  # a spinner's lines are overwritten
    return _command("make local") + Text.from_ansi(re.sub(r"\n{3,}", "\n\n", "\n".join(lasting)))


def called() -> Text:
    """What the Python client's commands print at an endpoint that `make serve` keeps up."""
    shown = Text()
    with _served() as settings:
        for command in COMMANDS:
            module = command.replace("ml-inference", f"{shlex.quote(sys.executable)} -m ml_inference_client", 1)
            run = ["/bin/sh", "-c", f". {settings} && {module} 2>&1"]
            ended = subprocess.run(run, env=_ENVIRONMENT, check=False, capture_output=True, text=True)
            shown += _command(command) + Text(f"{ended.stdout}\n")
    shown.rstrip()
    return shown


def picture(shown: Text, title: str) -> str:
    """The SVG of a terminal that shows it. Fonts are the reader's own: a picture fetches nothing."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in shown.split(allow_blank=True):
        long = not line.plain.startswith("error")
        console.print(line, overflow="ellipsis" if long else "fold", no_wrap=long)
    drawn = console.export_svg(title=title, theme=DIMMED_MONOKAI, unique_id=title.replace(" ", "-"))
    without_fonts = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", without_fonts, flags=re.MULTILINE) + "\n"


@contextmanager
def _served() -> Iterator[Path]:
    """The shell settings with which a client calls an endpoint that is up."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    files = leftovers.client_files(port)
    command = [sys.executable, "-m", "local", "serve", "--port", str(port)]
    serving = subprocess.Popen(command, cwd=ROOT, env=_ENVIRONMENT, stdout=subprocess.DEVNULL)
    until = time.monotonic() + _SECONDS_TO_SERVE
    try:
        while not (ROOT / files / "records.json").exists():
            if serving.poll() is not None or time.monotonic() > until:
                raise SystemExit("the endpoint did not come up; `make serve` says why")
            time.sleep(0.2)
        yield ROOT / files / "user.env"
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait()


def _command(command: str) -> Text:
    return Text.assemble((f"$ {command}\n", "bold"))


if __name__ == "__main__":
    DEPLOYED.write_text(picture(deployed(), "make local"), encoding="utf-8")
    CALLED.write_text(picture(called(), "ml-inference"), encoding="utf-8")
