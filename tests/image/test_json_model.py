"""Does an image that was built from a JSON model hold it as UBJSON, and answer under the version that was staged?"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import xgboost

from components import golden
from image import behaviour, build, checks, contents, events
from image.build import Image, Wanted
from image.lambda_container import LambdaContainer
from local.docker import command
from local.docker.base_image import base_image
from tests.image.conftest import Trial

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def json_model(wanted: Wanted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed model as JSON, with its golden predictions."""
    model = tmp_path_factory.mktemp("json") / "wine.json"
    xgboost.Booster(model_file=wanted.model).save_model(model)
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    known = golden.load(wanted.model.with_name("golden.json"))
    replace(known, model_sha256=sha256).write(model.with_name("golden.json"))
    return model


@pytest.fixture(scope="module")
def image(tried: Trial, wanted: Wanted, json_model: Path) -> Iterator[Image]:
    """The image of that model. All but its last layer is what the trial has built."""
    name = f"{tried.name.partition(':')[0]}-json"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(json_model.parent)  # contexts are staged below the working directory
        base = base_image(wanted.base, say=lambda _line: None)
        try:
            yield build.build(replace(wanted, model=json_model), base, command.builder(), name)
        finally:
            command.remove(*command.tags(name))


def test_the_image_holds_ubjson_and_no_json_model(image: Image) -> None:
    staged = checks.staged(image)
    assert "model.json" in staged
    added = checks.read(image)
    contents.check_files(added, staged)
    assert "var/task/model.ubj" in {entry.path for entry in added.files}
    assert "var/task/model.json" not in {entry.path for layer in added.layers for entry in layer}


def test_it_answers_under_the_version_that_was_staged(
    image: Image, json_model: Path, running: Callable[..., LambdaContainer]
) -> None:
    container = running(image.name)
    known = behaviour.expected(json_model)
    behaviour.check_golden(container, known)
    (answer,) = container.invoke([events.url_event(json.dumps(known.records))])
    assert answer.body["headers"]["x-model-version"] == image.context.model_version == known.model_sha256[:12]
