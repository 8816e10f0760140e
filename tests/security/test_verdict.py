"""Are waivers few, reasoned, needed, and gone when the argument that they name is given?"""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.fake_engine import Deployment
from tests.security import deployments as d
from tests.security import own_rules, verdict
from tests.security.checkov import Checkov
from tests.security.deployments import Deployer
from tests.security.findings import Finding, Findings, rules
from tests.security.verdict import Waiver

WAIVERS = {waiver.argument: waiver for waiver in verdict.waivers()}

#: What ends the findings of each waiver.
GIVEN: Mapping[str, Any] = {"kms_key_arn": d.KMS_KEY_ARN, "reserved_concurrency": 5, "vpc": d.VPC}
#: Makes the finding of a waived rule that only concerns functions with variables.
VARIABLES = {"environment": {"ALLOW_MISSING": "1"}}


@pytest.fixture(scope="session")
def defaults(deploy: Deployer) -> Deployment:
    return deploy()


@pytest.fixture(scope="session")
def deployments(deploy: Deployer, defaults: Deployment) -> dict[str, Deployment]:
    return {
        "defaults": defaults,
        "variables": deploy(VARIABLES),
        **{argument.replace("_", ""): deploy({**VARIABLES, argument: value}) for argument, value in GIVEN.items()},
        "everything": deploy({**VARIABLES, **GIVEN}),
    }


@pytest.fixture(scope="session")
def scanned(deployments: dict[str, Deployment], checkov: Checkov) -> Findings:
    return checkov.scan(deployments)


def test_at_most_three_findings_are_waived_each_with_a_reason() -> None:
    assert len(verdict.waivers()) <= 3
    assert all(len(waiver.reason) > 100 for waiver in verdict.waivers())


def test_every_waiver_names_an_argument_that_this_file_gives() -> None:
    assert WAIVERS.keys() == GIVEN.keys()


def test_the_defaults_break_no_own_rule(defaults: Deployment) -> None:
    assert own_rules.findings(defaults) == set()


@pytest.mark.slow
def test_the_defaults_have_no_finding_but_the_waived(defaults: Deployment, scanned: Findings) -> None:
    assert verdict.counting(defaults, scanned["defaults"]) == set()


@pytest.mark.slow
def test_with_every_such_argument_given_nothing_is_waived(
    deployments: dict[str, Deployment], scanned: Findings
) -> None:
    assert verdict.without_refuted(deployments["everything"], scanned["everything"]) == set()


@pytest.mark.slow
@pytest.mark.parametrize("waiver", WAIVERS.values(), ids=WAIVERS)
def test_a_waiver_is_needed_until_its_argument_is_given(
    deployments: dict[str, Deployment], scanned: Findings, waiver: Waiver
) -> None:
    label = waiver.argument.replace("_", "")
    assert waiver.rules <= rules(scanned["variables"])
    assert not waiver.rules & rules(verdict.without_refuted(deployments[label], scanned[label]))


def test_a_waiver_whose_argument_was_given_hides_nothing(defaults: Deployment) -> None:
    finding = Finding("checkov:CKV_AWS_158", "wine-logs")
    assert verdict.counting(defaults, {finding}) == set()
    assert verdict.counting(defaults, {finding}, given={"kms_key_arn"}) == {finding}
