"""Do arguments that are combined with each other open a hole, or a preview fail?"""

import itertools
from typing import Any

import pulumi
import pytest

from components import MLInferenceFunctionArgs
from components.testing import AwsMocks
from tests.fake_engine import Deployment
from tests.security import combinations, own_rules, verdict
from tests.security.checkov import Checkov
from tests.security.combinations import VALUES, Combination
from tests.security.deployments import ALIAS, FUNCTION, Deployer
from tests.security.findings import Findings, rules

pytestmark = pytest.mark.slow

NUMBER = 200
LEAST_REFUSED = 50
#: What may be registered although the component refuses its arguments: the stack, and what the arguments come from.
NOT_THE_COMPONENT = {"pulumi:pulumi:Stack", "test:index:Other"}


@pytest.fixture(scope="session")
def possible() -> dict[str, Combination]:
    return {f"c{index:03}": combination for index, combination in enumerate(combinations.possible(NUMBER))}


@pytest.fixture(scope="session")
def deployed(possible: dict[str, Combination], deploy: Deployer) -> dict[str, Deployment]:
    return {label: deploy(combinations.arguments(combination)) for label, combination in possible.items()}


@pytest.fixture(scope="session")
def scanned(deployed: dict[str, Deployment], checkov: Checkov) -> Findings:
    found = checkov.scan(deployed)
    return {label: found[label] | own_rules.findings(deployment) for label, deployment in deployed.items()}


def test_every_argument_is_combined() -> None:
    """A new one has values here; a model is what there is without another source."""
    combined = {name for factor in VALUES for name in factor.split(" and ")}
    assert MLInferenceFunctionArgs.__annotations__.keys() - {"model_path", "golden_path"} == combined


def test_every_pair_of_values_that_can_meet_meets(possible: dict[str, Combination]) -> None:
    met = {
        frozenset(pair) for combination in possible.values() for pair in itertools.combinations(combination.items(), 2)
    }
    assert len(possible) == NUMBER
    assert combinations.pairs_that_can_meet() <= met


def test_a_combination_has_no_finding_but_those_its_values_declare(
    possible: dict[str, Combination], deployed: dict[str, Deployment], scanned: Findings
) -> None:
    wrong = {}
    for label, combination in possible.items():
        given = combinations.arguments(combination)
        found = rules(verdict.counting(deployed[label], scanned[label], given))
        if found != combinations.declared(combination):
            wrong[label] = (found ^ combinations.declared(combination), given)
    assert not wrong, f"{len(wrong)} of {len(possible)} combinations differ, such as {next(iter(wrong.values()))}"


def test_a_combination_can_be_previewed_while_nothing_is_known(
    possible: dict[str, Combination], deploy: Deployer
) -> None:
    failed = {}
    for label, combination in possible.items():
        try:
            preview = deploy(combinations.arguments(combination), preview=True)
            assert preview.one(ALIAS)
            assert preview.one(FUNCTION)
        except Exception as error:  # noqa: BLE001 - whatever a preview raises is what is looked for
            failed[label] = (error, combinations.arguments(combination))
    assert not failed, f"{len(failed)} of {len(possible)} previews fail, such as {next(iter(failed.values()))}"


def test_a_contradiction_is_refused_before_anything_registers(
    deploy: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    contradictions = combinations.refused(LEAST_REFUSED)
    assert len(contradictions) >= LEAST_REFUSED
    registered: list[str] = []
    register = AwsMocks.new_resource

    def record(mocks: AwsMocks, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        registered.append(args.typ)
        return register(mocks, args)

    monkeypatch.setattr(AwsMocks, "new_resource", record)
    for combination in contradictions:
        with pytest.raises(pulumi.RunError):
            deploy(combinations.arguments(combination))
    assert set(registered) <= NOT_THE_COMPONENT


def test_every_value_that_weakens_is_seen(possible: dict[str, Combination], scanned: Findings) -> None:
    """A declared finding that no rule ever made would be a hole in the rules."""
    declared = {finding for values in VALUES.values() for value in values.values() for finding in value.findings}
    assert declared <= {rule for findings in scanned.values() for rule in rules(findings)}
    assert possible
