"""Do the shipped mocks answer as AWS would, and can a program be tested with them in a few lines?"""

import asyncio
import contextlib
import contextvars
import re
import runpy
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components import MLInferenceFunction, RefusedError, stack_settings
from components.testing import AwsMocks, Deployment, deploy
from tests.components.conftest import GOLDEN, MODEL, OUTPUTS, small_model

ZONES = "aws:index/getAvailabilityZones:getAvailabilityZones"
WINE: Any = {"model_path": str(MODEL)}
EVERYTHING: Any = {
    **WINE,
    "alarms": {},
    "dashboard": True,
    "provisioned_concurrency": 2,
    "invoker_arns": ["arn:aws:iam::210987654321:role/client"],
    "invoker_role_names": ["batch"],
    "batch": {},
}


def wine(args: Any = WINE, **mocks: Any) -> Deployment:
    def program() -> None:
        component = MLInferenceFunction("wine", args)
        for output in OUTPUTS:
            pulumi.export(output, getattr(component, output))

    return deploy(program, AwsMocks(GOLDEN, **mocks))


@pytest.fixture(autouse=True)
def in_a_project_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


@pytest.fixture(scope="module")
def deployed(project: Path) -> Deployment:
    """One without further arguments, to look at and to compare with."""
    with contextlib.chdir(project):
        return wine()


def test_every_output_of_the_component_is_known() -> None:
    unknown = {name for name, value in wine(EVERYTHING).outputs.items() if value is None}
    assert not unknown


@pytest.fixture(scope="module")
def elsewhere(project: Path) -> Deployment:
    with contextlib.chdir(project):
        return wine(account_id="210987654321", region="us-east-1")


@pytest.mark.parametrize(
    ("output", "pattern"),
    [
        ("endpoint", r"https://[a-z0-9]{32}\.lambda-url\.us-east-1\.on\.aws/"),
        ("function_arn", r"arn:aws:lambda:us-east-1:210987654321:function:wine-function-\w{7}"),
        ("alias_arn", r"arn:aws:lambda:us-east-1:210987654321:function:wine-function-\w{7}:live"),
        ("execution_role_arn", r"arn:aws:iam::210987654321:role/wine-execution-role-\w{7}"),
        ("repository_url", r"210987654321\.dkr\.ecr\.us-east-1\.amazonaws\.com/wine-repository-\w{7}"),
        ("image_uri", r"210987654321\.dkr\.ecr\.us-east-1\.amazonaws\.com/wine-repository-\w{7}@sha256:[0-9a-f]{64}"),
        ("log_group_name", r"/aws/lambda/wine-\w{7}"),
    ],
)
def test_names_are_those_of_the_account_and_region(elsewhere: Deployment, output: str, pattern: str) -> None:
    assert re.fullmatch(pattern, elsewhere.outputs[output])


def test_the_alias_points_at_the_published_version(deployed: Deployment) -> None:
    assert deployed.one("aws:lambda/alias:Alias").inputs["functionVersion"] == "1"


def test_a_version_that_predicts_otherwise_is_refused() -> None:
    with pytest.raises(RefusedError, match="version 1 of the function is not served"):
        wine(golden_answer=[0.0])


def test_predictions_that_nobody_named_are_asked_for() -> None:
    with pytest.raises(LookupError, match=re.escape("AwsMocks('path/to/golden.json')")):
        deploy(lambda: MLInferenceFunction("wine", WINE))


def test_a_model_without_golden_file_needs_no_answer(tmp_path: Path) -> None:
    model = small_model(tmp_path / "small.ubj")
    deployed = deploy(lambda: MLInferenceFunction("small", {"model_path": str(model)}))
    assert deployed.one("aws:lambda/alias:Alias").inputs["functionVersion"] == "1"


def test_a_preview_knows_no_more_than_the_inputs() -> None:
    registered = deploy(lambda: pulumi.export("arn", MLInferenceFunction("wine", WINE).function_arn), preview=True)
    assert registered.outputs == {}
    assert registered.one("aws:lambda/function:Function").inputs["memorySize"] == 1024


def test_a_program_in_a_file_is_tested_with_what_it_exports() -> None:
    Path("__main__.py").write_text(
        "import pulumi\nfrom components import MLInferenceFunction\n"
        f"wine = MLInferenceFunction('wine', {WINE!r} | {{'memory_mb': pulumi.Config().require_int('memory')}})\n"
        "pulumi.export('endpoint', wine.endpoint)\n"
    )
    deployed = deploy(lambda: runpy.run_path("__main__.py"), AwsMocks(GOLDEN), config={"project:memory": "2048"})
    assert deployed.one("aws:lambda/function:Function").inputs["memorySize"] == 2048
    assert deployed.outputs["endpoint"].startswith("https://")


def test_nothing_is_left_for_the_next_test(deployed: Deployment) -> None:
    second = wine()
    assert {resource.urn for resource in deployed.resources} == {resource.urn for resource in second.resources}
    assert deployed.outputs == second.outputs


def within_a_loop() -> Deployment:
    async def test() -> Deployment:
        return wine()

    return asyncio.run(test())


def after_a_loop() -> Deployment:
    asyncio.run(asyncio.sleep(0))
    return wine()


def in_a_thread() -> Deployment:
    with ThreadPoolExecutor() as threads:
        return threads.submit(wine).result()


@pytest.mark.parametrize("run", [within_a_loop, after_a_loop, in_a_thread])
def test_asynchronous_tests_and_threads_can_deploy_too(deployed: Deployment, run: Callable[[], Deployment]) -> None:
    assert len(run().resources) == len(deployed.resources)
    with pytest.raises(RefusedError, match="is not served"):
        wine(golden_answer=[0.0])


def test_they_serve_pulumis_own_way_of_testing() -> None:
    seen: list[str] = []

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def test() -> pulumi.Output[None]:
        return MLInferenceFunction("wine", WINE).endpoint.apply(seen.append)

    def suite() -> None:
        pulumi.runtime.set_mocks(AwsMocks(GOLDEN))
        test()

    contextvars.copy_context().run(suite)
    assert seen[0].startswith("https://")


def test_other_functions_are_answered_by_a_class_of_ones_own() -> None:
    class OurMocks(AwsMocks):
        def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
            return ({"names": ["a", "b"]}, []) if args.token == ZONES else super().call(args)

    def program() -> None:
        pulumi.export("zones", aws.get_availability_zones_output().names)
        pulumi.export("region", aws.get_region_output().region)

    assert deploy(program, OurMocks()).outputs == {"zones": ["a", "b"], "region": "eu-central-1"}
    with pytest.raises(Exception, match=f"AwsMocks has no answer for {ZONES}"):
        deploy(program)


def test_the_only_resource_of_a_type_is_asked_for_in_words(deployed: Deployment) -> None:
    with pytest.raises(AssertionError, match=r"expected one aws:iam/role:Role whose name ends in '', got \['wine-exec"):
        deployed.one("aws:iam/role:Role")


def other_golden_file() -> Any:
    small_model(Path("model.ubj"))
    return {"model_path": "model.ubj", "golden_path": str(GOLDEN)}


def unreadable_context() -> Any:
    Path("own").mkdir()
    return {"context_path": "own"}


REFUSED: dict[str, Callable[[], object]] = {
    "argument": lambda: MLInferenceFunction("wine", WINE | {"memory_mb": 1}),
    "unknown argument": lambda: MLInferenceFunction("wine", WINE | {"memory": 1024}),
    "name": lambda: MLInferenceFunction("No Name", WINE),
    "model": lambda: MLInferenceFunction("wine", {"model_path": str(GOLDEN)}),
    "golden file": lambda: MLInferenceFunction("wine", other_golden_file()),
    "context": lambda: MLInferenceFunction("wine", unreadable_context()),
    "setting of the stack": lambda: MLInferenceFunction("wine", stack_settings()),
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_every_refusal_has_one_type(program: Callable[[], object]) -> None:
    with pytest.raises(RefusedError) as caught:
        deploy(program, AwsMocks(GOLDEN), config={"project:memory": "1024"})
    assert "\n" not in str(caught.value)


def test_the_documentation_runs() -> None:
    """Every Python block of docs/testing.md, in a folder with a program, its model and its golden file."""
    page = (MODEL.parents[1] / "docs" / "testing.md").read_text(encoding="utf-8")
    shutil.copyfile(MODEL, "wine.ubj")
    shutil.copyfile(GOLDEN, "golden.json")
    Path("__main__.py").write_text(
        "import pulumi\nfrom components import MLInferenceFunction\n"
        "wine = MLInferenceFunction('wine', {'model_path': 'wine.ubj', 'memory_mb': 512})\n"
        "pulumi.export('endpoint', wine.endpoint)\n"
    )
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL))
    names: dict[str, Any] = {"pulumi": pulumi, "MLInferenceFunction": MLInferenceFunction}

    def suite() -> None:
        exec(blocks.replace("pulumi_ml_inference", "components"), names)  # noqa: S102 - the page is ours
        for name in [name for name in names if name.startswith("test_")]:
            names[name]()

    contextvars.copy_context().run(suite)
    assert names["OurMocks"]("golden.json").region == "eu-central-1"
