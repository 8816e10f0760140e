"""What do the scanners say? Checkov, cfn-guard and cfn-lint, run as a team would run them, on many deployments at once.

They pin old versions of what the project itself uses, so they live in an environment of their own below .cache/, made
from requirements-scanners.txt the first time. Leaves out which findings count: see `verdict.py`.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fake_engine import Deployment
from tests.security import cloudformation, terraform_plan

REQUIREMENTS = Path(__file__).with_name("requirements-scanners.txt")
PROJECT = Path(__file__).parents[2]
#: The folder of cfn-guard's package, beside the environment's own folders.
_GUARD = "cfn-guard"
#: CloudFormation takes 500 resources in a template.
_LINTED_TOGETHER = 25


class ScannersUnavailableError(RuntimeError):
    """The scanners cannot be installed or run here. The message is one line, for people."""


@dataclass(frozen=True, order=True)
class Finding:
    """One rule that one resource breaks.

    Attributes:
        scanner: `checkov`, `cfn-guard`, `cfn-lint` or `own`.
        rule: The rule's name there.
        resource: The resource's name in Pulumi.
    """

    scanner: str
    rule: str
    resource: str


Findings = dict[str, set[Finding]]


@dataclass(frozen=True)
class Scanners:
    """The scanners of one environment."""

    environment: Path

    def checkov(self, deployments: Mapping[str, Deployment]) -> Findings:
        """What Checkov finds in a Terraform plan of the deployments, by their labels."""
        plan = terraform_plan.plan(deployments)
        options = ["--framework", "terraform_plan", "--skip-download", "--soft-fail", "--quiet", "--compact"]
        with _written({"plan.json": plan}) as folder:
            report = json.loads(
                self._output(_script(self.environment, "checkov"), "-f", folder / "plan.json", *options, "-o", "json")
            )
        expected = len(plan["planned_values"]["root_module"]["resources"])
        seen, broken = report["summary"]["resource_count"], report["summary"]["parsing_errors"]
        assert (seen, broken) == (expected, 0), f"Checkov read {seen} of {expected} resources, {broken} parsing errors"
        findings: Findings = {label: set() for label in deployments}
        for failed in report["results"]["failed_checks"]:
            label, _, name = failed["resource"].partition(".")[2].partition(terraform_plan.SEPARATOR)
            findings[label].add(Finding("checkov", failed["check_id"], name))
        return findings

    def cfn_guard(self, deployments: Mapping[str, Deployment]) -> Findings:
        """What AWS Control Tower's proactive rules find in a CloudFormation template of the deployments."""
        template = _merged(deployments)
        options = ["--structured", "--show-summary", "none", "--output-format", "json"]
        with _written({"template.json": template}) as folder:
            command: list[str | Path] = [
                _guard_binary(self.environment),
                "validate",
                "--data",
                folder / "template.json",
                *options,
            ]
            # 0: every rule kept, 19: some broken. Anything else is a failure of its own.
            output = self._output(*command, "--rules", *self._guard_rules(template), good=(0, 19))
        names = _names(deployments)
        findings: Findings = {label: set() for label in deployments}
        (report,) = json.loads(output)
        assert report["compliant"] or report["not_compliant"], "cfn-guard applied no rule at all"
        for broken in report["not_compliant"]:
            for path in set(_paths(broken)):
                if place := re.match(r"/Resources/(\w+)", path):
                    label, name = names[place[1]]
                    findings[label].add(Finding("cfn-guard", broken["Rule"]["name"], name))
        return findings

    def cfn_lint(self, deployments: Mapping[str, Deployment]) -> Findings:
        """What cfn-lint finds in CloudFormation templates of the deployments: whether they are valid ones at all."""
        labels = list(deployments)
        chunks = [labels[start : start + _LINTED_TOGETHER] for start in range(0, len(labels), _LINTED_TOGETHER)]
        templates = {
            f"{index}.json": _merged({label: deployments[label] for label in chunk})
            for index, chunk in enumerate(chunks)
        }
        with _written(templates) as folder:
            output = self._output(
                _script(self.environment, "cfn-lint"),
                *("--regions", "eu-central-1", "--non-zero-exit-code", "none", "--format", "json", "--"),
                *(folder / name for name in templates),
            )
        names = _names(deployments)
        findings: Findings = {label: set() for label in deployments}
        for match in json.loads(output):
            path = match["Location"]["Path"]
            assert path[:1] == ["Resources"], f"cfn-lint refuses a whole template: {match['Message']}"
            label, name = names[path[1]]
            findings[label].add(Finding("cfn-lint", match["Rule"]["Id"], name))
        return findings

    def _guard_rules(self, template: dict[str, Any]) -> list[Path]:
        """The rules for the types in a template: hundreds of others would look through it in vain, at length."""
        types = {resource["Type"] for resource in template["Resources"].values()}
        rules = (self.environment / _GUARD / "package" / "rules").glob("**/*.guard")
        return sorted(path for path in rules if any(type_ in path.read_text(encoding="utf-8") for type_ in types))

    def _output(self, *command: str | Path, good: tuple[int, ...] = (0,)) -> str:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("BC_", "CKV_", "PYTHON"))}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean | {"LOG_LEVEL": "ERROR"})
        assert done.returncode in good, f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout


def install() -> Scanners:
    """The scanners, installed the first time below .cache/.

    Raises:
        ScannersUnavailableError: There is no uv, no package index in reach, or no cfn-guard for this system.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    environment = PROJECT / ".cache" / "scanners" / wanted
    if not environment.exists():
        environment.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=environment.parent) as scratch:
            fresh = Path(scratch) / "environment"
            _fill(fresh)
            # One step, so that an interrupted installation leaves nothing that looks whole.
            if not environment.exists():
                fresh.rename(environment)
    return Scanners(environment)


def _fill(environment: Path) -> None:
    uv = find_uv()
    _uv(uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", sys.executable, environment)
    _uv(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", environment, REQUIREMENTS)
    (package,) = environment.glob("**/cdklabs/cdk_validator_cfnguard/_jsii/*.tgz")
    with tarfile.open(package) as archive:
        archive.extractall(environment / _GUARD, filter="data")
    _guard_binary(environment)


def find_uv() -> str:
    """The uv on the PATH, or the one that the project's set-up put into .cache/.

    Raises:
        ScannersUnavailableError: There is none.
    """
    own = PROJECT / ".cache" / "uv" / ("Scripts" if os.name == "nt" else "bin")
    uv = shutil.which("uv") or shutil.which("uv", path=str(own))
    if uv is None:
        raise ScannersUnavailableError("the scanners need uv, on the PATH or in .cache/uv: run `make setup`")
    return uv


def _uv(uv: str, *arguments: str | Path) -> None:
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].strip()
        raise ScannersUnavailableError(
            f"the scanners cannot be installed: is the Python package index in reach? "
            f"`uv {arguments[0]}` says: {reason}"
        )


def _script(environment: Path, name: str) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / name


def _guard_binary(environment: Path) -> Path:
    system = {"Linux": "ubuntu", "Darwin": "macos"}.get(platform.system(), "none")
    machine = {"arm64": "aarch64", "aarch64": "aarch64"}.get(platform.machine().lower(), "x86_64")
    binary = environment / _GUARD / "package" / "bin" / system / machine / "cfn-guard"
    if not binary.exists():
        raise ScannersUnavailableError(f"cfn-guard is packaged for Linux and macOS, not for {platform.system()}")
    return binary


@contextmanager
def _written(documents: Mapping[str, Any]) -> Iterator[Path]:
    """A folder with these files of JSON, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, document in documents.items():
            (Path(folder) / name).write_text(json.dumps(document))
        yield Path(folder)


def _merged(deployments: Mapping[str, Deployment]) -> dict[str, Any]:
    """One template of all the deployments; their labels stand before the logical ids."""
    resources: dict[str, Any] = {}
    for label, deployment in deployments.items():
        resources |= cloudformation.template(deployment, label)["Resources"]
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _names(deployments: Mapping[str, Deployment]) -> dict[str, tuple[str, str]]:
    """Label and Pulumi name by logical id."""
    return {
        logical_id: (label, name)
        for label, deployment in deployments.items()
        for logical_id, name in cloudformation.names(deployment, label).items()
    }


def _paths(report: Any) -> Iterator[str]:
    """All places in the template that a broken rule names."""
    if isinstance(report, dict):
        for key, value in report.items():
            if key == "path" and isinstance(value, str):
                yield value
            else:
                yield from _paths(value)
    elif isinstance(report, list):
        for item in report:
            yield from _paths(item)
