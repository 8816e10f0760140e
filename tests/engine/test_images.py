"""The same with a Docker engine: are images built, pushed, run and removed as the stack says?"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.docker.images import DockerImages
from local.emulator import Emulator
from tests.engine import endpoint, plugins, small_model
from tests.engine.endpoint import EndpointStack
from tests.engine.inventory import inventory
from tests.engine.stack import Engine, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.docker]


@dataclass(frozen=True)
class Story:
    """What happened, in order."""

    before: set[str]
    first: Outcome
    predictions: list[float]
    images: int
    again: Outcome
    without_image: Outcome
    rebuilt: Outcome
    images_after_rebuild: int
    worse: Outcome
    predictions_after_worse: list[float]
    after_destroy: set[str]


@pytest.fixture(scope="module")
def story(
    emulator: Emulator, cloud: Cloud, unplugged: Engine, good_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    with plugins.serving(emulator.url, DockerImages(emulator.port, note=print)) as stand_ins:
        engine, before = unplugged.attached_to(stand_ins.ports), inventory(cloud)
        stack = EndpointStack(engine, "images", {"model_path": str(good_model)})
        first = stack.up()
        assert first.errors == []
        predictions = endpoint.answer(cloud, stack)
        repository = stack.values("wine-repository")["name"]
        images = len(cloud.ecr.list_images(repositoryName=repository)["imageIds"])
        again = stack.up()
        everything = cloud.ecr.list_images(repositoryName=repository)["imageIds"]
        cloud.ecr.batch_delete_image(repositoryName=repository, imageIds=everything)
        without_image, rebuilt = stack.refresh(), stack.up(replace=["**wine-build"])
        images_after_rebuild = len(cloud.ecr.list_images(repositoryName=repository)["imageIds"])
        worse_model = small_model.train(tmp_path_factory.mktemp("models") / "worse", slope=3, wrong_by=0.25)
        stack.arguments["model_path"] = str(worse_model)
        worse, after_worse = stack.up(), endpoint.answer(cloud, stack)
        stack.destroy()
        yield Story(
            before,
            first,
            predictions,
            images,
            again,
            without_image,
            rebuilt,
            images_after_rebuild,
            worse,
            after_worse,
            inventory(cloud),
        )
    names = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}").split()
    for name in names:
        if name.startswith(f"localhost:{emulator.port}/"):
            docker("image", "rm", name)


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def test_a_built_image_answers_as_the_model_does(story: Story, good_model: Path) -> None:
    assert story.predictions == pytest.approx(small_model.predictions(good_model), abs=1e-6)


def test_an_image_is_pushed_once(story: Story) -> None:
    assert story.images == 1


def test_an_unchanged_model_is_not_built_again(story: Story) -> None:
    assert story.again.succeeded
    assert story.again.changes == {}


def test_an_image_that_was_deleted_by_hand_is_not_missed_by_a_refresh_but_built_again_on_demand(story: Story) -> None:
    """https://github.com/pulumi/pulumi-docker/issues/593: the provider does not look into the registry."""
    assert (story.without_image.succeeded, story.without_image.changes) == (True, {})
    assert story.rebuilt.errors == []
    assert story.rebuilt.changes.items() >= {"wine-build": "replace", "wine-image": "update"}.items()
    assert story.images_after_rebuild == 1


def test_the_final_diagnostics_say_why_a_model_is_not_served_with_its_numbers(story: Story) -> None:
    assert not story.worse.succeeded
    (error,) = story.worse.errors
    assert "is not served: golden check failed: record 0: expected" in error
    assert error in story.worse.text.partition("Diagnostics:")[2]


def test_a_model_that_is_not_served_changes_nothing_for_clients(story: Story) -> None:
    assert "wine-live" not in story.worse.changes
    assert story.predictions_after_worse == story.predictions


def test_a_destroyed_stack_takes_its_images_along(story: Story) -> None:
    assert story.after_destroy == story.before
