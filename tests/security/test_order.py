"""Does everything wait for what it needs, whatever is chosen? The complete list of orders that a deployment relies on.

An edge is asserted where AWS would accept the wrong order and do harm later, or refuse it at random. The reason of each
stands beside it.
"""

import pytest

from components.ml_inference_function import labelled
from tests.fake_engine import Deployment
from tests.security import deployments as d
from tests.security.deployments import Deployer

Which = tuple[str, str]

EXECUTION_POLICY: Which = (d.ROLE_POLICY, "-execution")
EXECUTION_ROLE: Which = (d.ROLE, "-execution-role")
INVOKER_ROLE: Which = (d.ROLE, "-invoker-role")
INVOKER_POLICY: Which = (d.ROLE_POLICY, "-invoker-role-invoke")
((CLIENT, _), (REPORTING, _)) = labelled([d.CLIENT_ARN, "reporting"])
NAMED_ROLES_POLICY: Which = (d.ROLE_POLICY, f"-{REPORTING}-invoke")
GRANT_URL: Which = (d.PERMISSION, f"-{CLIENT}-invoke-url")
GRANT: Which = (d.PERMISSION, f"-{CLIENT}-invoke")
REPOSITORY: Which = (d.REPOSITORY, "")
LIFECYCLE: Which = (d.LIFECYCLE, "")
IMAGE: Which = (d.IMAGE, "")
LOG_GROUP: Which = (d.LOG_GROUP, "wine-logs")
FUNCTION: Which = (d.FUNCTION, "")
CHECK: Which = (d.CHECK, "")
ALIAS: Which = (d.ALIAS, "")
URL: Which = (d.URL, "")
PROVISIONED: Which = (d.PROVISIONED, "")
DASHBOARD: Which = (d.DASHBOARD, "")
ALARM: Which = (d.ALARM, "-errors")
BATCH: Which = (d.STATE_MACHINE, "-batch")
BATCH_ROLE: Which = (d.ROLE, "-batch-role")
BATCH_DATA: Which = (d.ROLE_POLICY, "-batch-data")
BATCH_RUNS: Which = (d.ROLE_POLICY, "-batch-runs")
BATCH_LOGS: Which = (d.LOG_GROUP, "-batch-logs")
BATCH_ALARM: Which = (d.ALARM, "-batch-failed")
ROWS: Which = (d.BUCKET, "-batch-input")

ORDER = [
    (LIFECYCLE, REPOSITORY, "it is the repository's"),
    (IMAGE, REPOSITORY, "it is pushed there"),
    (EXECUTION_POLICY, EXECUTION_ROLE, "it is the role's"),
    (EXECUTION_POLICY, LOG_GROUP, "it names the group that was made, not one by a guessed name"),
    (FUNCTION, EXECUTION_ROLE, "Lambda assumes it"),
    (FUNCTION, EXECUTION_POLICY, "else the first log lines are lost, and in a VPC the creation is refused"),
    (FUNCTION, LOG_GROUP, "else Lambda makes one of its own, without an end"),
    (FUNCTION, IMAGE, "Lambda pulls it when the function is made"),
    (CHECK, FUNCTION, "it asks the published version"),
    (CHECK, EXECUTION_POLICY, "its version writes logs"),
    (ALIAS, CHECK, "a version that was not proved takes no traffic"),
    (URL, ALIAS, "it stands on the alias"),
    (URL, CHECK, "a first deployment that fails the check has no endpoint"),
    (GRANT_URL, ALIAS, "it is a permission of the alias"),
    (GRANT, ALIAS, "it is a permission of the alias"),
    (INVOKER_POLICY, ALIAS, "it names the alias that was made"),
    (INVOKER_POLICY, INVOKER_ROLE, "it is the role's"),
    (NAMED_ROLES_POLICY, ALIAS, "it names the alias that was made"),
    (PROVISIONED, ALIAS, "environments stand behind the alias"),
    (PROVISIONED, CHECK, "environments of a version that is refused would cost money"),
    (ALARM, ALIAS, "it watches the alias"),
    (DASHBOARD, ALIAS, "it shows the alias"),
    (DASHBOARD, LOG_GROUP, "it asks the log group"),
    (BATCH, ALIAS, "it asks the alias that was made"),
    (BATCH, CHECK, "no run may ask a version that was not proved"),
    (BATCH, BATCH_DATA, "Step Functions refuses it while its role may not deliver its log"),
    (BATCH, BATCH_LOGS, "its log goes there"),
    (BATCH, ROWS, "it reads the bucket that was made"),
    (BATCH_DATA, BATCH_ROLE, "it is the role's"),
    (BATCH_RUNS, BATCH, "it names the state machine that was made"),
    (BATCH_ALARM, BATCH, "it watches the state machine"),
    *(
        ((kind, "-batch-input" + tail), ROWS, "it is the bucket's")
        for kind, tail in (
            (d.PUBLIC_ACCESS, "-private"),
            (d.ENCRYPTION, "-encryption"),
            (d.BUCKET_LIFECYCLE, "-lifecycle"),
            (d.BUCKET_POLICY, "-tls"),
        )
    ),
]

#: The other way round would be a circle, or keep an endpoint from being repaired.
NEVER = [
    (FUNCTION, ALIAS),
    (CHECK, ALIAS),
    (CHECK, URL),
    (LOG_GROUP, FUNCTION),
    (IMAGE, FUNCTION),
    (EXECUTION_ROLE, FUNCTION),
    (URL, GRANT),
    (FUNCTION, BATCH),
    (BATCH, BATCH_RUNS),
]


@pytest.fixture(scope="session")
def deployment(deploy: Deployer) -> Deployment:
    return deploy(
        {
            "invoker_arns": [d.CLIENT_ARN],
            "invoker_role_names": ["reporting"],
            "provisioned_concurrency": 1,
            "vpc": d.VPC,
            "alarms": {},
            "dashboard": True,
            "batch": {},
        }
    )


def shown(value: object) -> str:
    return value[0].rpartition(":")[2] + value[1] if isinstance(value, tuple) else ""


@pytest.mark.parametrize(("later", "earlier", "reason"), ORDER, ids=shown)
def test_what_is_needed_is_made_first(deployment: Deployment, later: Which, earlier: Which, reason: str) -> None:
    assert deployment.depends(deployment.one(*later), deployment.one(*earlier)), reason


@pytest.mark.parametrize(("one", "other"), NEVER, ids=shown)
def test_nothing_waits_for_what_comes_after_it(deployment: Deployment, one: Which, other: Which) -> None:
    assert not deployment.depends(deployment.one(*one), deployment.one(*other))


def test_every_resource_of_the_deployment_is_in_the_list(deployment: Deployment) -> None:
    """A new kind of resource has an order too."""
    listed = {which[0] for edge in ORDER for which in edge[:2]}
    aws = {resource.type for resource in deployment.resources if resource.type.startswith(("aws:", "docker:"))}
    assert aws == listed
