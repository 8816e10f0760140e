"""What is compared: the handler as it is staged for the image, the baseline, and a handler that does nothing.

Each runs in processes of its own with the same Python, without `site`, with compiled modules from one cache.
"""

from __future__ import annotations

import json
import marshal
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from components.bundled_handler import model_reader

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / ".build" / "bench"
MODEL = ROOT / "model" / "wine_quality.ubj"

Event = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """A handler that can be measured.

    Attributes:
        name: For people.
        folder: Where its module lies.
        module: The module that has `handler`.
        model: The model that it serves.
    """

    name: str
    folder: Path
    module: str
    model: Path

    def environment(self) -> dict[str, str]:
        """Return the environment variables of its processes."""
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
        return {
            **kept,
            "MODEL_PATH": str(self.model),
            "PYTHONPYCACHEPREFIX": str(BUILD / "pycache"),
            "OMP_NUM_THREADS": "1",
        }

    def paths(self) -> list[str]:
        """Return the folders of its modules and of the installed packages."""
        return [str(self.folder), *(path for path in sys.path if path.endswith("site-packages"))]


def baseline(model: Path = MODEL) -> Subject:
    """Return what tutorials deploy."""
    return Subject("baseline", HERE, "baseline", model)


def handler(model: Path = MODEL) -> Subject:
    """Return the handler as it lies in the image: flat, beside its model and the model's manifest."""
    content = model.read_bytes()
    digest = sha256(content).hexdigest()
    folder = BUILD / f"staged-{digest[:12]}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in (ROOT / "function").glob("*.py"):
        shutil.copy(file, folder)
    staged = folder / f"model{model.suffix}"
    staged.write_bytes(content)
    found = model_reader.read(content).found()
    entry = {"file": staged.name, "sha256": digest, "version": digest[:12], "name": "wine_quality", **found}
    (folder / "manifest.json").write_text(json.dumps({"model": entry}))
    return Subject("handler", folder, "handler", staged)


def no_op() -> Subject:
    """Return a handler that does nothing."""
    return Subject("no-op", HERE, "no_op", MODEL)


class Process:
    """A fresh process of a subject that has answered its first event.

    Attributes:
        cold_seconds: From the import of the module to the first answer.
        import_seconds: The import alone, which loads the model.
        peak_bytes: Largest resident size after the first answer; 0 if the system does not tell.
    """

    def __init__(self, subject: Subject, events: Sequence[Event]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-P", str(HERE / "worker.py")],
            env=subject.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._send((subject.paths(), subject.module, list(events)))
        self.cold_seconds, self.import_seconds, status, self.peak_bytes = self._receive()
        if status != 200:
            raise SystemExit(f"{subject.name} answered its first event with {status}")

    def times(self, event: int, calls: int) -> list[float]:
        """Return the seconds of each of `calls` calls with the event of this index."""
        self._send((event, calls))
        taken: list[float] = self._receive()
        return taken

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: it was opened above
        marshal.dump(message, self._process.stdin)
        self._process.stdin.flush()

    def _receive(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - as above
        try:
            return marshal.load(self._process.stdout)  # noqa: S302 - from a process of ours
        except EOFError:
            raise SystemExit("a measured process ended early; its own message stands above") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
