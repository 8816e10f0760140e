"""What goes into the image? Stages a Docker build context that is byte-identical for identical input.

The context is the bundled handler (`function/`), the model and a manifest. Names, contents,
modes and times of its files depend on the input alone, so an unchanged model rebuilds nothing, on any machine.
Leaves out everything else that happens to lie beside the handler: caches, notes, local files.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import bundled_handler, context_digest, golden, model_summary, staged_folders, training_ranges
from .bundled_handler import model_reader

#: The handler looks for it beside the model, and the Dockerfile takes what is called `model.*` along.
STAGED_RANGES = "model.ranges.json"

_HANDLER_FILES = ("*.py", "Dockerfile", ".dockerignore", "requirements.txt")


class StagingError(ValueError):
    """The files that were named cannot become an image. The message says what to do."""


@dataclass(frozen=True)
class Content:
    """What is known of an image's content before it runs.

    Attributes:
        question: What a new version is asked before it takes traffic: the golden file's records, or a made-up one for a
            model without; None for a caller's own context or image without golden file.
        summary: What is in the model; None for a caller's own context or image.
    """

    question: golden.Golden | golden.MadeUp | None
    summary: model_summary.ModelSummary | None


@dataclass(frozen=True)
class BuildContext(Content):
    """A folder from which Docker builds the image.

    Attributes:
        path: The folder; relative to the working directory if the bundled handler is in it, else as it was given.
        dockerfile: The Dockerfile, which may lie outside.
        content_hash: The Docker plugin's digest of both, 64 hexadecimal digits; see `context_digest`.
        model_version: First 12 digits of the model's SHA-256, or of `content_hash` for a caller's own context.
    """

    path: Path
    dockerfile: Path
    content_hash: str
    model_version: str


def stage(
    name: str,
    source: Path,
    golden_path: Path | None = None,
    dockerfile: Path | None = None,
    ranges_path: Path | None = None,
) -> BuildContext:
    """Makes the build context of a model file, or takes a caller's own as it is.

    Args:
        name: The component's name; the endpoint reports it.
        source: XGBoost model file, `.ubj` or `.json`; or a folder with a Dockerfile.
        golden_path: Golden predictions; by default `golden.json` beside the model, if there is one.
        dockerfile: The Dockerfile of a caller's own context, from the working directory; by default the one in it.
        ranges_path: What training saw of each feature, for a model file.

    Raises:
        StagingError: The model is missing, cut short or of another format; the golden file's records or the training
            ranges are not of this model; the folder has no Dockerfile, or a file in it cannot be read; `.build` cannot
            be written.
        golden.GoldenError: The golden file cannot be used or belongs to another model.
    """
    if source.is_dir():
        return _own_context(source, dockerfile or source / "Dockerfile", golden_path)
    return _model_context(name, source, golden_path, ranges_path)


def built_elsewhere(golden_path: Path | None = None) -> Content:
    """What is known of an image that somebody else built.

    Raises:
        golden.GoldenError: The golden file cannot be used.
    """
    return Content(golden.load(golden_path) if golden_path is not None else None, None)


def _model_context(name: str, model_path: Path, golden_path: Path | None, ranges_path: Path | None) -> BuildContext:
    """The bundled handler with a model."""
    model = _read_model(model_path)
    sha256 = hashlib.sha256(model).hexdigest()
    try:
        found = model_reader.read(model)
    except model_reader.UnreadableModelError as error:
        raise StagingError(f"model_path {model_path} {error}") from None
    summary = model_summary.summarize(found, sha256)
    staged_model = "model.ubj" if model_reader.is_ubjson(model) else "model.json"
    about = {"file": staged_model, "version": sha256[:12], "name": name}
    entry = {**about, **model_reader.identity(model), **found.found()}
    handler = bundled_handler.folder()
    files = {path.name: path.read_bytes() for pattern in _HANDLER_FILES for path in handler.glob(pattern)}
    files[staged_model] = model
    files["manifest.json"] = (json.dumps({"model": entry}, indent=1) + "\n").encode()
    if ranges_path is not None:
        files[STAGED_RANGES] = _ranges(ranges_path, sha256, found).encode()

    golden_path = golden_path or _golden_beside(model_path)
    question = _made_up(found, model_path) if golden_path is None else _golden(golden_path, sha256, summary)

    folder = f"{name}-{_hash(files)[:12]}"
    try:
        path = staged_folders.stage(folder, files)
    except OSError as error:
        raise StagingError(
            f"the build context cannot be written to {staged_folders.ROOT / folder}: {error.strerror}; it needs a "
            "working directory where files may be written"
        ) from None
    dockerfile = path / "Dockerfile"
    return BuildContext(question, summary, path, dockerfile, _digest(path, dockerfile), sha256[:12])


def _golden(path: Path, model_sha256: str, summary: model_summary.ModelSummary) -> golden.Golden:
    expectations = golden.load(path, model_sha256)
    difference = model_summary.difference(expectations.records, expectations.predictions, summary)
    if difference:
        raise StagingError(f"golden file {path} does not fit the model: {difference}")
    return expectations


def _ranges(path: Path, model_sha256: str, model: model_reader.Model) -> str:
    try:
        return training_ranges.load(path, model_sha256, model).text()
    except training_ranges.RangesError as error:
        raise StagingError(str(error)) from None


def _made_up(model: model_reader.Model, path: Path) -> golden.MadeUp:
    question = golden.MadeUp(model.example(), model.outputs)
    size = len(question.payload().encode())
    if size > golden.MAX_PAYLOAD_BYTES:
        raise StagingError(
            f"model_path {path}: a record of its {len(model.features)} features is {size} bytes, and Lambda takes at "
            f"most {golden.MAX_PAYLOAD_BYTES}; train on fewer columns or with shorter names"
        )
    return question


def _own_context(path: Path, dockerfile: Path, golden_path: Path | None) -> BuildContext:
    if not dockerfile.is_file():
        inside = path / dockerfile
        raise StagingError(
            f"context_path {path} has no Dockerfile at {dockerfile}; "
            + (
                f"paths start at the working directory, so name {inside}"
                if inside.is_file()
                else "name one that is there"
                if dockerfile.parent != path
                else "name a folder that `docker build` could build, or its dockerfile"
            )
        )
    content_hash = _digest(path, dockerfile)
    known = built_elsewhere(golden_path)
    return BuildContext(known.question, known.summary, path, dockerfile, content_hash, content_hash[:12])


def _digest(path: Path, dockerfile: Path) -> str:
    try:
        return context_digest.digest(path, dockerfile)
    except context_digest.ContextError as error:
        raise StagingError(str(error)) from None


def content_tag(context: BuildContext, build: Mapping[str, object]) -> str:
    """Names everything that an image is made from, in twenty hexadecimal digits.

    The Docker plugin builds and pushes again when the context's digest changes or any property of `build` does, and the
    repository takes no tag twice: so both are what the tag is made of.

    Args:
        context: What is built.
        build: The property `build` of the image resource: context, Dockerfile, arguments, target, platform.
    """
    named = json.dumps([context.content_hash, build], sort_keys=True)
    return hashlib.sha256(named.encode()).hexdigest()[:20]


def _read_model(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StagingError(f"model_path {path} cannot be read: {error.strerror}; train it or name another") from None


def _golden_beside(model_path: Path) -> Path | None:
    path = model_path.with_name(golden.GOLDEN_FILE)
    return path if path.exists() else None


def _hash(files: dict[str, bytes]) -> str:
    """SHA-256 over names and contents; lengths stand between them so that no two sets of files run together."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{len(name.encode())}:{name}:{len(files[name])}:".encode() + files[name])
    return digest.hexdigest()
