"""Which findings count? All but those whose premise a deployment refutes, and those that a waiver names.

A premise is what a rule takes for granted and this deployment shows to be otherwise, such as that code comes in a zip
file that could be signed. It is looked at in the deployment every time; weakened there, the finding is back. A waiver
is a risk taken, with its reason; there are at most three.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.fake_engine import Deployment
from tests.security import deployments as d
from tests.security import own_rules
from tests.security.findings import Finding

WAIVERS = Path(__file__).with_name("waivers.yaml")

#: Whether the deployment refutes what the rule takes for granted.
Premise = Callable[[Deployment], bool]


@dataclass(frozen=True)
class Waiver:
    """Findings that are meant to be, until the argument is given."""

    argument: str
    rules: frozenset[str]
    reason: str


def waivers() -> list[Waiver]:
    """The entries of the waiver file."""
    return [
        Waiver(entry["argument"], frozenset(entry["rules"]), entry["reason"])
        for entry in yaml.safe_load(WAIVERS.read_text(encoding="utf-8"))
    ]


def without_refuted(deployment: Deployment, findings: Iterable[Finding]) -> set[Finding]:
    """The findings whose rule's premise the deployment does not refute."""
    return {
        finding for finding in findings if (premise := PREMISES.get(finding.rule)) is None or not premise(deployment)
    }


def counting(deployment: Deployment, findings: Iterable[Finding], given: Collection[str] = ()) -> set[Finding]:
    """The findings that neither a premise nor a waiver explains.

    Args:
        deployment: What was scanned.
        findings: What was found in it.
        given: Names of the arguments it was made with. A waiver whose argument was given is none.
    """
    waived = {rule for waiver in waivers() if waiver.argument not in given for rule in waiver.rules}
    return {finding for finding in without_refuted(deployment, findings) if finding.rule not in waived}


def code_is_an_image_by_digest(deployment: Deployment) -> bool:
    """Lambda refuses a signing configuration for images; the digest and immutable tags say which code runs.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
    """
    functions = deployment.all(d.FUNCTION)
    pinned = all(
        function.inputs["packageType"] == "Image" and re.search(r"@sha256:[0-9a-f]{64}$", function.inputs["imageUri"])
        for function in functions
    )
    return pinned and not list(own_rules.tags_are_immutable(deployment))


def nobody_can_invoke_asynchronously(deployment: Deployment) -> bool:
    """A dead letter queue keeps events of asynchronous invocations; by way of the URL all are synchronous.

    So nothing can be lost as long as every grant is bound to the URL, and no event source exists. A queue would rather
    do harm: it would store what clients sent, and the execution role would have to reach it.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    sources = [resource for resource in deployment.resources if "ventSourceMapping" in resource.type]
    unbound = [
        *own_rules.permission_is_bound_to_the_url(deployment),
        *own_rules.role_of_clients_is_bound_to_the_url(deployment),
    ]
    # A public URL is another finding, and no less synchronous.
    public = {grant.name for grant in deployment.all(d.PERMISSION) if grant.inputs.get("functionUrlAuthType") == "NONE"}
    return not sources and not set(unbound) - public


def account_trusted_is_the_own_one(deployment: Deployment) -> bool:
    """Trusting the own account delegates to its IAM: who may assume the role still needs to be allowed to.

    That is no risk while the role can do nothing but call this endpoint.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    return not [
        *own_rules.role_of_clients_is_assumed_within_the_account(deployment),
        *own_rules.role_of_clients_is_bound_to_the_url(deployment),
        *own_rules.execution_role_is_lambdas(deployment),
    ]


def there_are_no_variables(deployment: Deployment) -> bool:
    """Checkov calls a key without variables drift; the key encrypts the function's snapshots and image as well.

    https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
    """
    return all("environment" not in function.inputs for function in deployment.all(d.FUNCTION))


def runs_log_failures_without_rows(deployment: Deployment) -> bool:
    """The history of a run has its rows and predictions, which belong into no log; that it failed is logged."""
    return not list(own_rules.batch_logs_no_rows(deployment))


def nothing_is_traced(deployment: Deployment) -> bool:
    """One argument switches tracing off for requests and runs alike, and is found by the requests."""
    return bool(list(own_rules.requests_are_traced(deployment)))


def buckets_hold_copies_for_a_while(deployment: Deployment) -> bool:
    """Versions, replicas, logs of access and notifications are for data that lives nowhere else.

    Rows are copies of what the caller has, answers can be had again, and both are forgotten; nobody else reaches them.
    What belongs to a bucket is a resource of its own, whose reference to it a plan without expressions does not show.
    """
    return not list(own_rules.bucket_is_private_encrypted_and_forgets(deployment))


def buckets_have_the_key_that_all_have(deployment: Deployment) -> bool:
    """S3 encrypts with a key of its own where no key was given for anything."""
    return not list(own_rules.one_key_encrypts_everything(deployment))


PREMISES: dict[str, Premise] = {
    "checkov:CKV_AWS_284": nothing_is_traced,
    "checkov:CKV_AWS_285": runs_log_failures_without_rows,
    "checkov:CKV_AWS_18": buckets_hold_copies_for_a_while,
    "checkov:CKV_AWS_21": buckets_hold_copies_for_a_while,
    "checkov:CKV_AWS_144": buckets_hold_copies_for_a_while,
    "checkov:CKV2_AWS_6": buckets_hold_copies_for_a_while,
    "checkov:CKV2_AWS_61": buckets_hold_copies_for_a_while,
    "checkov:CKV2_AWS_62": buckets_hold_copies_for_a_while,
    "checkov:CKV_AWS_145": buckets_have_the_key_that_all_have,
    "checkov:CKV_AWS_272": code_is_an_image_by_digest,
    "checkov:CKV_AWS_116": nobody_can_invoke_asynchronously,
    "checkov:CKV_AWS_61": account_trusted_is_the_own_one,
    "checkov:CKV_AWS_173": there_are_no_variables,
}
