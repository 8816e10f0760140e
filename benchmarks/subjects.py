"""What is compared: the handler as it is staged for the image, its peers, and the floor.

Each runs in processes of its own with the same Python, without `site`, with compiled modules from one cache, and with
the XGBoost that the image holds.
"""

from __future__ import annotations

import json
import marshal
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from benchmarks import packages
from benchmarks.folders import BUILD, HERE, PEERS, ROOT
from components.bundled_handler import model_reader

MODEL = ROOT / "model" / "wine_quality.ubj"

Event = dict[str, Any]
MakeSubject = Callable[[], "Subject"]


@dataclass(frozen=True)
class Subject:
    """A handler that can be measured.

    Attributes:
        name: For people.
        folder: Where its module lies.
        module: The module that has `handler`.
        model: The model that it serves.
        packages: Folders of packages that come before the project's own environment.
        settings: Further environment variables.
        forms: The bodies that it reads.
        alone: Whether it has those packages only: XGBoost's imports pandas and scikit-learn where they are installed.
        beforehand: A module that is imported before the clock starts.
    """

    name: str
    folder: Path
    module: str
    model: Path
    packages: tuple[Path, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    forms: tuple[str, ...] = ("records", "columns", "binary")
    alone: bool = False
    beforehand: str = ""

    def environment(self) -> dict[str, str]:
        """Return the environment variables of its processes."""
        kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
        return {
            **kept,
            "MODEL_PATH": str(self.model),
            "PYTHONPYCACHEPREFIX": str(BUILD / "pycache"),
            "OMP_NUM_THREADS": "1",
            **self.settings,
        }

    def paths(self) -> list[str]:
        """Return the folders of its modules and of the installed packages."""
        installed = [path for path in sys.path if path.endswith("site-packages")]
        return [str(self.folder), *map(str, self.packages), *([] if self.alone else installed)]


def tutorial(model: Path = MODEL) -> Subject:
    """Return what tutorials deploy."""
    return Subject("tutorial", PEERS, "tutorial", model, _library(), forms=("records",))


def careful(model: Path = MODEL) -> Subject:
    """Return what a careful engineer writes with XGBoost's Python package.

    Raises:
        packages.NoIndexError: What it needs cannot be installed here.
    """
    return Subject("careful", PEERS, "careful", model, (*_library(), packages.careful()), alone=True)


def onnx(model: Path = MODEL) -> Subject:
    """Return the model as ONNX.

    Raises:
        packages.NoIndexError: What it needs cannot be installed here.
    """
    return _converted("ONNX Runtime", "onnx_session", model)


def compiled(model: Path = MODEL) -> Subject:
    """Return the model as compiled trees.

    Raises:
        packages.NoIndexError: What it needs cannot be installed here.
    """
    return _converted("compiled trees", "compiled_trees", model)


def handler(model: Path = MODEL, function: Path = ROOT / "function", name: str = "handler") -> Subject:
    """Return the handler as it lies in the image: flat, beside its model and the model's manifest.

    Args:
        model: The model that it serves.
        function: Folder of the handler's modules.
        name: For people.
    """
    content = model.read_bytes()
    digest = sha256(content).hexdigest()
    folder = BUILD / f"staged-{name}-{digest[:12]}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in function.glob("*.py"):
        shutil.copy(file, folder)
    staged = folder / f"model{model.suffix}"
    staged.write_bytes(content)
    about = {"file": staged.name, "version": digest[:12], "name": "wine_quality"}
    entry = {**about, **model_reader.identity(content), **model_reader.read(content).found()}
    (folder / "manifest.json").write_text(json.dumps({"model": entry}))
    return Subject(name, folder, "handler", staged, _library(function), forms=("records", "columns", "CSV", "binary"))


def watching(model: Path = MODEL) -> Subject:
    """Return the handler with drift metrics switched on."""
    subject = handler(model, name="watching")
    shutil.copy(model.with_name("ranges.json"), subject.folder / "model.ranges.json")
    return replace(subject, settings={"DRIFT_METRICS": "true"})


def earlier(revision: str, model: Path = MODEL) -> Subject:
    """Return the handler of another commit, with the XGBoost of that commit; it is sent the forms that it reads."""
    folder = BUILD / f"function-{revision}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", revision, "function"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    found = handler(model, folder / "function", revision)
    reads_binary = (folder / "function" / "float32_body.py").exists()
    return found if reads_binary else replace(found, forms=tuple(form for form in found.forms if form != "binary"))


def no_op() -> Subject:
    """Return a handler that does nothing."""
    return Subject("no-op", PEERS, "no_op", MODEL)


def floor(ready_rows: bytes, model: Path = MODEL) -> Subject:
    """Return the cheapest known steps.

    Args:
        ready_rows: As many rows of float32 as the longest request that it is asked has.
        model: The model that it serves.

    Raises:
        packages.NoIndexError: What it needs cannot be installed here.
    """
    modules = handler(model, name="floor")
    shutil.copy(HERE / "floor.py", modules.folder)
    ready = modules.folder / "ready.f32"
    ready.write_bytes(ready_rows)
    return Subject(
        "floor",
        modules.folder,
        "floor",
        modules.model,
        (*modules.packages, packages.peers()),
        {"READY_ROWS": str(ready)},
    )


def _converted(name: str, module: str, model: Path) -> Subject:
    needed = packages.peers()
    folder = BUILD / f"converted-{sha256(model.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        paths = os.pathsep.join([str(needed), *(path for path in sys.path if path.endswith("site-packages"))])
        command = [sys.executable, str(PEERS / "convert.py"), str(model), str(unfinished)]
        # The converters tell of each other's versions, which is nobody's concern unless they fail.
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: the model could not be converted\n{done.stderr.decode(errors='replace')}")
        unfinished.rename(folder)
    settings = {
        "ONNX_PATH": str(folder / "model.onnx"),
        "TREES_PATH": str(folder / "trees.so"),
        "FEATURES": json.dumps(_features(model)),
    }
    return Subject(name, PEERS, module, model, (needed,), settings)


def _features(model: Path) -> list[str]:
    import xgboost

    booster = xgboost.Booster(model_file=model)
    return list(booster.feature_names or [f"f{index}" for index in range(booster.num_features())])


def library_version(function: Path = ROOT / "function") -> str:
    """Return the version of the XGBoost that an image with these modules holds."""
    locked = (function / "requirements.txt").read_text()
    (version,) = re.findall(r"^xgboost-cpu==([\w.]+)", locked, re.MULTILINE)
    return str(version)


def _library(function: Path = ROOT / "function") -> tuple[Path, ...]:
    """Return the folder of that XGBoost; none if the project's environment has the same."""
    version = library_version(function)
    return () if version == metadata.version("xgboost-cpu") else (packages.xgboost(version),)


class Process:
    """A fresh process of a subject that has answered its first event.

    Attributes:
        cold_seconds: From the import of the module to the first answer.
        import_seconds: The import alone, which loads the model.
        peak_bytes: Largest resident size after the first answer; 0 if the system does not tell.
        answer: The body of the first answer.
    """

    def __init__(self, subject: Subject, events: Sequence[Event], under: Sequence[str] = ()) -> None:
        """Start a process and let it answer the first of its events.

        Args:
            subject: What runs in it.
            events: All events that it will be asked.
            under: A command that runs the process, such as a profiler's.
        """
        self._process = subprocess.Popen(
            [*under, sys.executable, "-S", "-P", str(HERE / "worker.py")],
            env=subject.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._send((subject.paths(), subject.beforehand, subject.module, list(events)))
        self.cold_seconds, self.import_seconds, status, self.peak_bytes, self.answer = self._receive()
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
            raise SystemExit("a measured process ended early; its own message is above") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
