"""Is every weakened default caught?"""

from collections.abc import Mapping

import pytest

from tests.fake_engine import Deployment
from tests.security import own_rules, verdict
from tests.security.checkov import Checkov
from tests.security.findings import Findings, rules
from tests.security.mutations import ARGUMENTS, MUTATIONS, Mutation

Hardened = dict[str, Deployment]

SCANNERS = ("own", "checkov")
OWN = [mutation for mutation in MUTATIONS if mutation.rules("own")]
SCANNED = {f"m{index:03}": mutation for index, mutation in enumerate(MUTATIONS) if mutation.rules("checkov")}
CAUGHT_BY = set[str]().union(*(mutation.rules(*SCANNERS) for mutation in MUTATIONS))


@pytest.fixture(scope="session")
def weakened(hardened: Hardened) -> Mapping[str, Deployment]:
    """Every mutation that Checkov has to catch, and what was weakened."""
    return hardened | {label: mutation.weaken(hardened[mutation.of]) for label, mutation in SCANNED.items()}


@pytest.fixture(scope="session")
def scanned(weakened: Mapping[str, Deployment], checkov: Checkov) -> Findings:
    """What Checkov finds in all of them, in one run."""
    return checkov.scan(weakened)


@pytest.mark.parametrize("mutation", OWN, ids=lambda mutation: mutation.what)
def test_a_weakened_default_is_caught_by_an_own_rule(hardened: Hardened, mutation: Mutation) -> None:
    assert mutation.rules("own") <= rules(own_rules.findings(mutation.weaken(hardened[mutation.of])))


@pytest.mark.slow
@pytest.mark.parametrize("label", SCANNED, ids=lambda label: SCANNED[label].what)
def test_a_weakened_default_is_caught_by_checkov(
    weakened: Mapping[str, Deployment], scanned: Findings, label: str
) -> None:
    mutation = SCANNED[label]
    found = verdict.counting(weakened[label], scanned[label], ARGUMENTS[mutation.of])
    assert mutation.rules("checkov") <= rules(found)


@pytest.mark.parametrize("base", ARGUMENTS)
def test_what_is_not_weakened_breaks_no_own_rule(hardened: Hardened, base: str) -> None:
    assert own_rules.findings(hardened[base]) == set()


@pytest.mark.slow
@pytest.mark.parametrize("base", ARGUMENTS)
def test_what_is_not_weakened_breaks_no_rule_of_checkov(hardened: Hardened, scanned: Findings, base: str) -> None:
    assert verdict.counting(hardened[base], scanned[base], ARGUMENTS[base]) == set()


@pytest.mark.parametrize("rule", own_rules.RULES)
def test_every_own_rule_catches_a_mutation(rule: str) -> None:
    """A rule that nothing can break would be decoration."""
    assert f"own:{rule}" in CAUGHT_BY


@pytest.mark.parametrize("rule", verdict.PREMISES)
def test_every_premise_that_stops_holding_brings_its_finding_back(rule: str) -> None:
    assert rule in CAUGHT_BY


def test_at_least_25_defaults_are_weakened() -> None:
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 25


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_every_mutation_is_caught_by_rules_that_are_asked(mutation: Mutation) -> None:
    assert mutation.rules(*SCANNERS) == set(mutation.caught_by.split()) != set()
