"""What does a change of each argument do to a living stack?

One stack, on which the arguments are changed one after the other. A change is made in place or by replacement as AWS
allows it, and moves the endpoint never: its address hangs on the function's name and the alias, which nothing changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from components import MLInferenceFunctionArgs
from components.ml_inference_function import labelled
from local.cloud import Cloud
from tests.engine.conftest import NewStack
from tests.engine.stack import Outcome

pytestmark = pytest.mark.slow

KEY = "arn:aws:kms:eu-central-1:000000000000:key/11111111-2222-3333-4444-555555555555"
PARTNER = "arn:aws:iam::111122223333:role/partner"
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
READ = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}'
EXISTING = "existing"
NEW_VERSION = {"wine-function": "update", "wine-golden-check": "replace", "wine-live": "update"}
NEW_IMAGE = {"wine-build": "replace", "wine-image": "update", **NEW_VERSION}
PUBLIC = {"wine-everybody-invoke-url": "create", "wine-everybody-invoke": "create"}
LIFECYCLES = {f"wine-batch-{bucket}-lifecycle": "update" for bucket in ("input", "output")}
BATCH = {
    **{f"wine-batch{tail}": "create" for tail in ("", "-role", "-data", "-runs", "-logs", "-failed")},
    **{
        f"wine-batch-{bucket}{tail}": "create"
        for bucket in ("input", "output")
        for tail in ("", "-private", "-encryption", "-lifecycle", "-tls")
    },
}


def label(value: str) -> str:
    """What the component calls the resources of one value among several."""
    ((short, _),) = labelled([value])
    return short


TAGGED = ("execution-role", "function", "invoker-role", "logs", "repository")


@dataclass(frozen=True)
class Change:
    """New values of one argument, or of two that go together, and what has to happen."""

    arguments: Mapping[str, Any]
    steps: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return ",".join(f"{key}={value}" for key, value in self.arguments.items())


CHANGES = [
    Change({"memory_mb": 2048}, NEW_VERSION),
    Change({"timeout_seconds": 5}, NEW_VERSION),
    Change({"ephemeral_storage_mb": 1024}, NEW_VERSION),
    Change({"environment": {"MODE": "test"}}, NEW_VERSION),
    Change({"missing_values": {"value": -999}}, NEW_VERSION),
    Change({"output_names": ["quality"]}, NEW_VERSION),
    Change({"tracing": False}, {"wine-execution": "update", **NEW_VERSION}),
    Change({"snap_start": True, "ephemeral_storage_mb": 512}, NEW_VERSION),
    Change({"snap_start": None}, NEW_VERSION),
    Change({"architecture": "arm64"}, NEW_IMAGE),
    Change({"base_image": "public.ecr.aws/lambda/python:3.14"}, NEW_IMAGE),
    Change({"reserved_concurrency": 5}, {"wine-function": "update"}),
    Change({"provisioned_concurrency": 2}, {"wine-provisioned": "create"}),
    Change({"provisioned_concurrency": 3}, {"wine-provisioned": "update"}),
    Change({"log_retention_days": 7}, {"wine-logs": "update"}),
    Change({"image_retention": 20}, {"wine-lifecycle": "replace"}),
    Change({"force_delete": False}, {"wine-repository": "update"}),
    Change({"force_delete": True}, {"wine-repository": "update"}),
    Change({"cors": {"allow_origins": ["https://example.com"]}}, {"wine-url": "update"}),
    Change({"cors": None}, {"wine-url": "update"}),
    Change({"tags": {"team": "wine"}}, {f"wine-{name}": "update" for name in TAGGED}),
    Change(
        {"invoker_arns": [PARTNER]},
        {f"wine-invoker-{label(PARTNER)}-{grant}": "create" for grant in ("invoke-url", "invoke")},
    ),
    Change(
        {"invoker_arns": []},
        {f"wine-invoker-{label(PARTNER)}-{grant}": "delete" for grant in ("invoke-url", "invoke")},
    ),
    Change({"invoker_role_names": [EXISTING]}, {f"wine-invoker-{label(EXISTING)}-invoke": "create"}),
    Change({"invoker_principals": [PARTNER]}, {"wine-invoker-role": "update"}),
    Change({"execution_policies": [READ]}, {f"wine-execution-{label(READ)}": "create"}),
    Change({"execution_policy_arns": [MANAGED]}, {f"wine-execution-{label(MANAGED)}": "create"}),
    Change(
        {"permissions_boundary_arn": BOUNDARY},
        {"wine-execution-role": "update", "wine-invoker-role": "update"},
    ),
    Change(
        {"alarms": {}},
        {f"wine-{name}": "create" for name in ("errors", "throttles", "p99-duration", "near-timeout")},
    ),
    Change({"alarms": {"p99_duration_ms": 50}}, {"wine-p99-duration": "update"}),
    Change({"dashboard": True}, {"wine-dashboard": "create"}),
    Change({"batch": {}}, BATCH),
    Change({"batch": {"retention_days": 7, "max_concurrency": 3}}, {"wine-batch": "update", **LIFECYCLES}),
    Change({"batch": None}, dict.fromkeys(BATCH, "delete")),
    Change({"expected_duration_ms": 20}),
    Change(
        {"vpc": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}},
        {"wine-execution": "update", **NEW_VERSION},
    ),
    Change({"invoker_principals": []}, {"wine-invoker-role": "update"}),
    Change({"create_invoker_role": False}, {"wine-invoker-role": "delete", "wine-invoker-role-invoke": "delete"}),
    Change({"invoker_role_names": []}, {f"wine-invoker-{label(EXISTING)}-invoke": "delete"}),
    Change({"authorization": "NONE", "allow_public_access": True}, {"wine-url": "update", **PUBLIC}),
    # Whoever brings a role has to attach what belongs to it.
    Change(
        {
            "execution_role_arn": f"arn:aws:iam::000000000000:role/{EXISTING}",
            "execution_policies": [],
            "execution_policy_arns": [],
            "permissions_boundary_arn": None,
        },
        {
            **{f"wine-execution{tail}": "delete" for tail in ("", "-role", f"-{label(READ)}", f"-{label(MANAGED)}")},
            **NEW_VERSION,
        },
    ),
]

#: The emulator cannot change the key of a living log group: this one is previewed only.
NEW_KEY = Change(
    {"kms_key_arn": KEY},
    {
        "wine-repository": "replace",
        "wine-lifecycle": "replace",
        "wine-image": "update",
        "wine-logs": "update",
        **NEW_VERSION,
    },
)

#: test_canary.py has a story of its own.
OF_THE_ROLLOUT = {"canary_percent"}
#: Arguments that say what is deployed. A changed model is the subject of test_deployment.py, an image of your own that
#: of test_own_images.py.
OF_THE_IMAGE = {
    *("model_path", "context_path", "image_uri", "golden_path", "training_ranges_path"),
    *("dockerfile", "build_args", "target", "cache_from"),
}


@dataclass(frozen=True)
class Changed:
    """What a change did, and where the endpoint was afterwards."""

    outcome: Outcome
    url: str


@pytest.fixture(scope="module")
def changed(cloud: Cloud, new_stack: NewStack) -> list[Changed]:
    """What the first deployment did, each of `CHANGES`, one without a change, and what `NEW_KEY` would do."""
    cloud.iam.create_role(RoleName=EXISTING, AssumeRolePolicyDocument=TRUST)
    stack = new_stack("arguments")
    done = [Changed(stack.up(), stack.values("wine-url")["functionUrl"])]
    for change in CHANGES:
        stack.arguments |= change.arguments
        done.append(Changed(stack.up(), stack.values("wine-url")["functionUrl"]))
    done.append(Changed(stack.up(), stack.values("wine-url")["functionUrl"]))
    stack.arguments |= NEW_KEY.arguments
    done.append(Changed(stack.preview(), stack.values("wine-url")["functionUrl"]))
    stack.destroy()
    cloud.iam.delete_role(RoleName=EXISTING)
    return done


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=map(str, CHANGES))
def test_an_argument_changes_what_it_must_and_nothing_else(changed: list[Changed], number: int) -> None:
    outcome = changed[1 + number].outcome
    assert outcome.errors == []
    assert outcome.changes == CHANGES[number].steps


def test_no_argument_moves_the_endpoint(changed: list[Changed]) -> None:
    assert len({change.url for change in changed}) == 1


def test_with_every_argument_given_a_second_deployment_changes_nothing(changed: list[Changed]) -> None:
    unchanged = changed[1 + len(CHANGES)].outcome
    assert unchanged.succeeded
    assert unchanged.changes == {}


def test_another_key_takes_a_new_repository_and_no_new_endpoint(changed: list[Changed]) -> None:
    preview = changed[-1].outcome
    assert preview.errors == []
    assert preview.changes == NEW_KEY.steps


def test_every_argument_is_changed_here() -> None:
    here = {argument for change in (*CHANGES, NEW_KEY) for argument in change.arguments}
    assert here == MLInferenceFunctionArgs.__annotations__.keys() - OF_THE_IMAGE - OF_THE_ROLLOUT


def test_a_preview_with_every_argument_on_an_empty_stack_reports_no_error(new_stack: NewStack) -> None:
    everything = {key: value for change in (*CHANGES, NEW_KEY) for key, value in change.arguments.items()}
    outcome = new_stack("empty", **everything).preview()
    assert (outcome.succeeded, outcome.errors) == (True, [])
