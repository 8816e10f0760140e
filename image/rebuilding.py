"""What does a second build cost? Nothing if nothing changed, one layer if the model did.

Told by the digests of the layers: a layer that was made again has new times in it, and so another digest.
"""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

from components import golden
from image.build import Image, Wanted, build
from local.docker.command import Builder, remove
from local.errors import LocalError


def check_again(first: Image, want: Wanted, builder: Builder) -> None:
    """Build again without a change.

    Raises:
        LocalError: Something was made again.
    """
    again = build(want, first.base, builder, _repository(first))
    if again.context.content_hash != first.context.content_hash or again.name != first.name:
        raise LocalError("the same model was staged into another context: staging depends on something else")
    if again.layers != first.layers:
        raise LocalError(f"nothing changed, but {builder.name} made {_changed(first, again)} layer(s) again")


def check_changed_model(first: Image, want: Wanted, builder: Builder, folder: Path) -> None:
    """Build with a model of other bytes and the same predictions; its image and context are removed again.

    Args:
        first: The image that was built before, by the same builder.
        want: What was built.
        builder: How.
        folder: An empty one to put the changed model into.

    Raises:
        LocalError: Not exactly the layer of the model was made again.
    """
    other = replace(want, model=changed_model(want.model, folder))
    changed = build(other, first.base, builder, f"{_repository(first)}-changed-model")
    remove(changed.name)
    shutil.rmtree(changed.context.path)
    if changed.layers[:-1] != first.layers[:-1]:
        raise LocalError(
            f"another model, but {builder.name} made {_changed(first, changed)} layers again: only the last holds it"
        )
    if changed.layers[-1] == first.layers[-1]:
        raise LocalError("another model gave the very same image: the model is not in the last layer")


def changed_model(model: Path, folder: Path) -> Path:
    """A copy of a model that predicts the same and is another file, with golden predictions of its own."""
    import xgboost

    booster = xgboost.Booster(model_file=model)
    booster.set_attr(image_test="changed")
    changed = folder / model.name
    booster.save_model(changed)
    beside = model.with_name(golden.GOLDEN_FILE)
    if beside.exists():
        sha256 = hashlib.sha256(changed.read_bytes()).hexdigest()
        replace(golden.load(beside), model_sha256=sha256).write(folder / golden.GOLDEN_FILE)
    return changed


def _changed(first: Image, second: Image) -> int:
    return sum(one != other for one, other in zip(first.layers, second.layers, strict=False))


def _repository(image: Image) -> str:
    return image.name.rpartition(":")[0]
