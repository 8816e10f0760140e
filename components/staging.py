"""What goes into the image? Stages a Docker build context that is byte-identical for identical input.

The context is the bundled handler (`function/`), the model and a manifest. Names, contents,
modes and times of its files depend on the input alone, so an unchanged model rebuilds nothing, on any machine.
Leaves out everything else that happens to lie beside the handler: caches, notes, local files.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import golden, model_summary

#: Where contexts are staged, relative to the working directory: the path is a property of the image resource, and
#: an absolute one would differ between a laptop and a build server.
STAGING_ROOT = Path(".build")
MODEL_SUFFIXES = (".ubj", ".json")
#: 1980-01-01, the earliest time that a Zip file can hold.
_FILE_TIME = 315532800
_HANDLER_FILES = ("*.py", "Dockerfile", ".dockerignore", "requirements.txt")


class StagingError(ValueError):
    """The files that were named cannot become an image. The message says what to do."""


@dataclass(frozen=True)
class BuildContext:
    """A folder from which Docker builds the image.

    Attributes:
        path: The folder, relative to the working directory.
        content_hash: SHA-256 over the names and contents of all files, 64 hexadecimal digits.
        model_version: First 12 digits of the model's SHA-256, or of `content_hash` for a caller's own context.
        golden: What the model must answer; None when there is no golden file.
        summary: What is in the model; None for a caller's own context.
    """

    path: Path
    content_hash: str
    model_version: str
    golden: golden.Golden | None
    summary: model_summary.ModelSummary | None


def stage(name: str, source: Path, golden_path: Path | None = None) -> BuildContext:
    """Makes the build context of a model file, or takes a caller's own as it is.

    Args:
        name: The component's name; the endpoint reports it.
        source: XGBoost model file, `.ubj` or `.json`; or a folder with a Dockerfile.
        golden_path: Golden predictions; by default `golden.json` beside the model, if there is one.

    Raises:
        StagingError: The model is missing, cut short or of another format; the golden file's records are not of this
            model; the folder has no Dockerfile.
        golden.GoldenError: The golden file cannot be used or belongs to another model.
    """
    return _own_context(source, golden_path) if source.is_dir() else _model_context(name, source, golden_path)


def _model_context(name: str, model_path: Path, golden_path: Path | None) -> BuildContext:
    """The bundled handler with a model."""
    model = _read_model(model_path)
    sha256 = hashlib.sha256(model).hexdigest()
    try:
        summary = model_summary.summarize(model, sha256)
    except model_summary.UnreadableModelError as error:
        raise StagingError(f"model_path {model_path} {error}") from None
    staged_model = f"model{model_path.suffix}"
    manifest = {"model": {"file": staged_model, "sha256": sha256, "version": sha256[:12], "name": name}}
    files = {path.name: path.read_bytes() for pattern in _HANDLER_FILES for path in handler_folder().glob(pattern)}
    files[staged_model] = model
    files["manifest.json"] = (json.dumps(manifest, indent=1) + "\n").encode()

    expectations = None
    golden_path = golden_path or _golden_beside(model_path)
    if golden_path is not None:
        expectations = golden.load(golden_path, sha256)
        difference = model_summary.difference(expectations.records, expectations.predictions, summary)
        if difference:
            raise StagingError(f"golden file {golden_path} does not fit the model: {difference}")

    content_hash = _hash(files)
    path = STAGING_ROOT / f"{name}-{content_hash[:12]}"
    _write(path, files)
    return BuildContext(path, content_hash, sha256[:12], expectations, summary)


def _own_context(path: Path, golden_path: Path | None) -> BuildContext:
    if not (path / "Dockerfile").is_file():
        raise StagingError(f"context_path {path} has no Dockerfile; name a folder that `docker build` could build")
    files = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}
    content_hash = _hash(files)
    expectations = golden.load(golden_path) if golden_path is not None else None
    return BuildContext(path, content_hash, content_hash[:12], expectations, None)


def content_tag(context: BuildContext, base_image: str, platform: str) -> str:
    """Names everything that an image is made from, in twenty hexadecimal digits."""
    return hashlib.sha256("\n".join((context.content_hash, base_image, platform)).encode()).hexdigest()[:20]


def handler_folder() -> Path:
    """Where the bundled handler lies: inside the installed package, else beside it in the repository."""
    here = Path(__file__).resolve().parent
    installed, repository = here / "function", here.parent / "function"
    return installed if installed.is_dir() else repository


def _read_model(path: Path) -> bytes:
    if path.suffix not in MODEL_SUFFIXES:
        raise StagingError(
            f"model_path {path} ends in {path.suffix or 'nothing'!r}; XGBoost's save_model writes "
            f"{' or '.join(MODEL_SUFFIXES)}, which is what can be deployed (a pickle cannot)"
        )
    try:
        model = path.read_bytes()
    except OSError as error:
        raise StagingError(f"model_path {path} cannot be read: {error.strerror}; train it or name another") from None
    return model


def _golden_beside(model_path: Path) -> Path | None:
    path = model_path.with_name("golden.json")
    return path if path.exists() else None


def _hash(files: dict[str, bytes]) -> str:
    """SHA-256 over names and contents; lengths stand between them so that no two sets of files run together."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{len(name.encode())}:{name}:{len(files[name])}:".encode() + files[name])
    return digest.hexdigest()


def _write(path: Path, files: dict[str, bytes]) -> None:
    """Puts the files into a new folder and moves it to `path` in one step, so that nobody sees half a context."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        fresh = Path(scratch) / "context"
        fresh.mkdir(mode=0o755)
        for name, content in files.items():
            (fresh / name).write_bytes(content)
            (fresh / name).chmod(0o644)
            os.utime(fresh / name, (_FILE_TIME, _FILE_TIME))
        shutil.rmtree(path, ignore_errors=True)
        fresh.rename(path)
