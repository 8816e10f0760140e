"""What does a finding say, whoever found it?"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One rule that one resource breaks.

    Attributes:
        rule: The rule's name after its scanner's: `checkov:CKV_AWS_50`, or `own:url_demands_iam`.
        resource: The resource's name in Pulumi.
    """

    rule: str
    resource: str


#: What was found in deployments, by their labels.
Findings = dict[str, set[Finding]]


def rules(findings: Iterable[Finding]) -> set[str]:
    """The rules that are broken, by whatever resource."""
    return {finding.rule for finding in findings}
