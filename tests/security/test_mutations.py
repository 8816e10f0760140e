"""Is every weakened default caught?"""

from collections.abc import Mapping

import pytest

from tests.fake_engine import Deployment
from tests.security import own_rules, verdict
from tests.security.mutations import ARGUMENTS, MUTATIONS, Mutation
from tests.security.scanners import Finding, Findings, Scanners

Hardened = dict[str, Deployment]

SCANNERS = ("checkov", "cfn-guard")
OWN = [mutation for mutation in MUTATIONS if mutation.rules("own")]
SCANNED = {f"m{index:03}": mutation for index, mutation in enumerate(MUTATIONS) if mutation.rules(*SCANNERS)}
CAUGHT_BY = set[str]().union(*(mutation.rules("own", *SCANNERS) for mutation in MUTATIONS))


def rules(findings: set[Finding]) -> set[str]:
    return {f"{finding.scanner}:{finding.rule}" for finding in findings}


@pytest.fixture(scope="session")
def weakened(hardened: Hardened) -> Mapping[str, Deployment]:
    """Every mutation that a scanner has to catch, and what was weakened."""
    return hardened | {label: mutation.weaken(hardened[mutation.of]) for label, mutation in SCANNED.items()}


@pytest.fixture(scope="session")
def scanned(weakened: Mapping[str, Deployment], installed_scanners: Scanners) -> Findings:
    """What the scanners find in all of them, in one run of each."""
    checkov, guard = installed_scanners.checkov(weakened), installed_scanners.cfn_guard(weakened)
    return {label: checkov[label] | guard[label] for label in weakened}


@pytest.mark.parametrize("mutation", OWN, ids=lambda mutation: mutation.what)
def test_a_weakened_default_is_caught_by_an_own_rule(hardened: Hardened, mutation: Mutation) -> None:
    assert mutation.rules("own") <= rules(own_rules.findings(mutation.weaken(hardened[mutation.of])))


@pytest.mark.slow
@pytest.mark.parametrize("label", SCANNED, ids=lambda label: SCANNED[label].what)
def test_a_weakened_default_is_caught_by_the_scanners(
    weakened: Mapping[str, Deployment], scanned: Findings, label: str
) -> None:
    mutation = SCANNED[label]
    found = verdict.counting(weakened[label], scanned[label], ARGUMENTS[mutation.of])
    assert mutation.rules(*SCANNERS) <= rules(found)


@pytest.mark.parametrize("base", ARGUMENTS)
def test_what_is_not_weakened_breaks_no_own_rule(hardened: Hardened, base: str) -> None:
    assert own_rules.findings(hardened[base]) == set()


@pytest.mark.slow
@pytest.mark.parametrize("base", ARGUMENTS)
def test_what_is_not_weakened_breaks_no_rule_of_a_scanner(hardened: Hardened, scanned: Findings, base: str) -> None:
    assert verdict.counting(hardened[base], scanned[base], ARGUMENTS[base]) == set()


@pytest.mark.parametrize("rule", own_rules.RULES)
def test_every_own_rule_catches_a_mutation(rule: str) -> None:
    """A rule that nothing can break would be decoration."""
    assert f"own:{rule}" in CAUGHT_BY


@pytest.mark.parametrize(("scanner", "rule"), verdict.PREMISES)
def test_every_premise_that_stops_holding_brings_its_finding_back(scanner: str, rule: str) -> None:
    assert f"{scanner}:{rule}" in CAUGHT_BY


def test_at_least_25_defaults_are_weakened() -> None:
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 25


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_every_mutation_is_caught_by_rules_that_are_asked(mutation: Mutation) -> None:
    assert mutation.rules("own", *SCANNERS) == set(mutation.caught_by.split()) != set()
