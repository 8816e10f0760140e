"""Do resource options given on the component reach its children?"""

import contextvars
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pytest
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from components import MLInferenceFunction
from components.testing import AwsMocks
from tests.reuse.conftest import MODEL, REPOSITORY, Program
from tests.reuse.recording_engine import RecordingEngine

COMPONENT = "ml-inference:index:MLInferenceFunction"
Requests = list[resource_pb2.RegisterResourceRequest]


class RequestsOf(mocks.MockMonitor):
    """Keeps the requests themselves, which say more than a deployment does. Its methods bear the protocol's names."""

    def __init__(self, fake: mocks.Mocks) -> None:
        super().__init__(fake)
        self.requests: Requests = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        self.requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def registered(program: Callable[[], object]) -> tuple[Any, Requests]:
    """Runs a program; returns the component's request and those of its children and grandchildren."""
    fake = AwsMocks(REPOSITORY / "model" / "golden.json")
    monitor = RequestsOf(fake)

    def ran() -> None:
        pulumi.runtime.set_mocks(fake, project="foreign", stack="test", preview=False, monitor=monitor)
        pulumi.runtime.test(lambda: program() and None)()  # type: ignore[no-untyped-call]

    # In a copy of the context, so that the SDK's root stack is not still there for the next test.
    contextvars.copy_context().run(ran)
    (component,) = [request for request in monitor.requests if request.type == COMPONENT]
    return component, [request for request in monitor.requests if request.parent and COMPONENT in request.parent]


@pytest.fixture(autouse=True)
def in_a_project_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def wine(opts: pulumi.ResourceOptions, name: str = "wine") -> MLInferenceFunction:
    return MLInferenceFunction(name, {"model_path": str(REPOSITORY / MODEL), "alarms": {}, "dashboard": True}, opts)


def test_every_child_is_protected_with_the_component_but_what_new_models_and_settings_replace() -> None:
    component, children = registered(lambda: wine(pulumi.ResourceOptions(protect=True)))
    assert len(children) > 15
    assert component.protect
    unprotected = {child.name for child in children if not child.protect}
    assert unprotected == {"wine-build", "wine-golden-check", "wine-lifecycle"}


def test_providers_of_ones_own_make_every_child() -> None:
    def program() -> None:
        account = aws.Provider("other-account", region="eu-west-1")
        engine = docker.Provider("other-engine")
        wine(pulumi.ResourceOptions(providers=[account, engine]))

    _, children = registered(program)
    by_package: dict[str, set[str]] = {}
    for child in children:
        by_package.setdefault(child.type.split(":")[0], set()).add(child.provider)
    for package, name in {"aws": "other-account", "docker": "other-engine"}.items():
        (provider,) = by_package[package]
        assert f"::{name}::" in provider


def test_a_transformation_of_the_component_changes_its_children() -> None:
    def more_memory(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != "aws:lambda/function:Function":
            return None
        return pulumi.ResourceTransformationResult({**args.props, "memory_size": 3008}, args.opts)

    _, children = registered(lambda: wine(pulumi.ResourceOptions(transformations=[more_memory])))
    functions = [child for child in children if child.type == "aws:lambda/function:Function"]
    assert [child.object["memorySize"] for child in functions] == [3008]


def test_a_renamed_component_takes_its_children_along() -> None:
    """The engine finds a child's former name by putting the component's former name before what follows the new one."""
    renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="wine")])
    component, children = registered(lambda: wine(renamed, "claret"))
    assert [alias.spec.name for alias in component.aliases] == ["wine"]
    before = {(child.type, child.name) for child in registered(lambda: wine(pulumi.ResourceOptions()))[1]}
    assert {(child.type, child.name.replace("claret", "wine", 1)) for child in children} == before


def test_a_childs_name_begins_with_its_parents() -> None:
    """Else the engine does not find what it was called before its component got another name, and makes it again."""
    everything = {"model_path": str(REPOSITORY / MODEL), "alarms": {}, "dashboard": True, "batch": {}}
    component, children = registered(lambda: MLInferenceFunction("wine", everything))  # type: ignore[arg-type]
    assert {child.type for child in children} >= {
        "aws:sfn/stateMachine:StateMachine",
        "aws:s3/bucketPolicy:BucketPolicy",
    }
    assert [child.name for child in children if not child.name.startswith(child.parent.rpartition("::")[2])] == []
    assert component.name == "wine"


def test_what_a_component_depends_on_its_children_wait_for() -> None:
    def program() -> None:
        topic = aws.sns.Topic("first")
        wine(pulumi.ResourceOptions(depends_on=[topic]))

    component, _ = registered(program)
    assert any(urn.endswith("aws:sns/topic:Topic::first") for urn in component.dependencies)


TRANSFORMS_THE_COMPONENT = """
import pulumi
from pulumi_ml_inference import MLInferenceFunction


def more_memory(args):
    if args.type_ == "aws:lambda/function:Function":
        return pulumi.ResourceTransformResult(props={**args.props, "memorySize": 3008}, opts=args.opts)


opts = pulumi.ResourceOptions(transforms=[more_memory])
MLInferenceFunction("wine", {"model_path": "model/wine_quality.ubj"}, opts)
"""


@pytest.mark.together("installed component")
def test_a_transform_of_the_component_changes_its_children(
    project: Path, host: subprocess.Popen[str], served_engine: RecordingEngine
) -> None:
    """Transforms are the engine's to apply: to the children of what bears them, however deep."""
    (project / "Pulumi.yaml").write_text("name: transforms\n")
    (project / "__main__.py").write_text(TRANSFORMS_THE_COMPONENT)
    program = Program(project, host, served_engine)
    assert program.up().one("aws:lambda/function:Function").inputs["memorySize"] == 3008
