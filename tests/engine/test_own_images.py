"""An image of your own, built here or elsewhere: what does a change of how it is made do to a living stack?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.cloud import Cloud
from tests.engine.conftest import NewStack
from tests.engine.endpoint import EndpointStack, live_version
from tests.engine.stack import Outcome

pytestmark = pytest.mark.slow

DOCKERFILE = """\
FROM scratch AS base
ARG COLOUR=none
FROM base AS serving
CMD ["handler.handler"]
"""
HANDLER = "def handler(event, context):\n    return [0.5] * len(event)\n"
NEW_VERSION = {"wine-function": "update", "wine-live": "update"}
NEW_IMAGE = {"wine-build": "replace", "wine-image": "update", **NEW_VERSION}
BUILDER = ("wine-repository", "wine-lifecycle", "wine-build", "wine-image")


def by_digest(stack: EndpointStack) -> str:
    """The stack's image as it would be called in somebody else's repository."""
    digest = stack.values("wine-image")["repoDigest"].partition("@")[2]
    return f"000000000000.dkr.ecr.eu-central-1.amazonaws.com/team/wine@{digest}"


@dataclass(frozen=True)
class Change:
    """New values of arguments, some of which the stack has yet to say, and what has to happen."""

    what: str
    arguments: Mapping[str, Any | Callable[[EndpointStack], Any]]
    steps: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.what


CHANGES = [
    Change("a model's golden check is no longer asked", {"model_path": None, "context_path": "own"},
           {**NEW_IMAGE, "wine-golden-check": "delete"}),
    Change("nothing", {}),
    Change("a build argument", {"build_args": {"COLOUR": "red"}}, NEW_IMAGE),
    Change("a stage", {"target": "serving"}, NEW_IMAGE),
    Change("a Dockerfile", {"dockerfile": "other.Dockerfile"}, NEW_IMAGE),
    # The plugin builds again, and what comes out is the same.
    Change("a cache", {"cache_from": ["base:1"]}, {"wine-build": "replace", "wine-image": "update"}),
    Change(
        "an image that was built elsewhere",
        {**dict.fromkeys(("context_path", "build_args", "target", "dockerfile", "cache_from")), "image_uri": by_digest},
        {**dict.fromkeys(BUILDER, "delete"), **NEW_VERSION},
    ),
    Change("nothing of it", {}),
    Change("a golden file for it", {"golden_path": "golden.json"},
           {"wine-golden-check": "create"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def changed(cloud: Cloud, new_stack: NewStack) -> list[tuple[Outcome, str]]:
    """What each change did, and which version took traffic afterwards."""
    stack = new_stack("own-images")
    (stack.folder / "own").mkdir()
    for path, text in {
        "own/handler.py": HANDLER,
        "own/Dockerfile": DOCKERFILE,
        "other.Dockerfile": DOCKERFILE,
        "golden.json": '{"model_sha256": "", "tolerance": 0, "records": [{"a": 1}], "predictions": [0.5]}',
    }.items():
        Path(stack.folder / path).write_text(text, encoding="utf-8")
    assert stack.up().succeeded
    done = []
    for change in CHANGES:
        given = {key: value(stack) if callable(value) else value for key, value in change.arguments.items()}
        stack.arguments |= given
        done.append((stack.up(), live_version(cloud, stack)))
    stack.destroy()
    return done


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=map(str, CHANGES))
def test_an_argument_of_the_image_changes_what_it_must_and_nothing_else(
    changed: list[tuple[Outcome, str]], number: int
) -> None:
    outcome, _ = changed[number]
    assert outcome.errors == []
    assert outcome.changes == CHANGES[number].steps


def test_every_changed_image_is_served(changed: list[tuple[Outcome, str]]) -> None:
    versions = [version for _, version in changed]
    assert versions == ["2", "2", "3", "4", "5", "5", "6", "6", "6"]
