"""What would Pulumi register? The project's own tests on the mocks that it ships: see `components/testing.py`."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi import export

from components.testing import AwsMocks, Deployment, Resource, deploy

__all__ = ["ACCOUNT_ID", "REGION", "Deployment", "Resource", "run"]

ACCOUNT_ID = AwsMocks().account_id
REGION = AwsMocks().region


def run(
    program: Callable[[], Mapping[str, pulumi.Output[Any]] | None],
    *,
    preview: bool = False,
    golden_answer: object = (),
    config: Mapping[str, str] | None = None,
) -> Deployment:
    """Runs a program to its end; `golden_answer` is what a published version answers to its golden records.

    What the program returns counts as exported.
    """

    def exporting() -> None:
        for name, value in (program() or {}).items():
            export(name, value)

    mocks = AwsMocks(golden_answer=golden_answer)
    return deploy(exporting, mocks, preview=preview, config=config, project="wine-quality")
