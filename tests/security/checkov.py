"""What does Checkov say? Run as a team would run it, on many deployments at once.

It pins old versions of what the project itself uses, so it lives in an environment of its own below .cache/, made from
checkov.txt the first time. Leaves out which findings count: see `verdict.py`.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fake_engine import Deployment
from tests.security import terraform_plan
from tests.security.findings import Finding, Findings

LOCK = Path(__file__).with_suffix(".txt")
PROJECT = Path(__file__).parents[2]


class CheckovUnavailableError(RuntimeError):
    """Checkov cannot be installed here. The message is one line, for people."""


@dataclass(frozen=True)
class Checkov:
    """Checkov in its environment."""

    environment: Path

    def scan(self, deployments: Mapping[str, Deployment]) -> Findings:
        """What Checkov finds in a Terraform plan of the deployments, by their labels of letters and digits."""
        plan = terraform_plan.plan(deployments)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "plan.json")
            file.write_text(json.dumps(plan))
            report = json.loads(self._output("--file", file, "--output", "json"))
        expected = len(plan["planned_values"]["root_module"]["resources"])
        seen, broken = report["summary"]["resource_count"], report["summary"]["parsing_errors"]
        assert (seen, broken) == (expected, 0), f"Checkov read {seen} of {expected} resources, {broken} parsing errors"
        findings: Findings = {label: set() for label in deployments}
        for failed in report["results"]["failed_checks"]:
            label, _, name = failed["resource"].partition(".")[2].partition(terraform_plan.SEPARATOR)
            findings[label].add(Finding(f"checkov:{failed['check_id']}", name))
        return findings

    def _output(self, *arguments: str | Path) -> str:
        script = self.environment / ("Scripts" if os.name == "nt" else "bin") / "checkov"
        options = ("--framework", "terraform_plan", "--skip-download", "--soft-fail", "--quiet", "--compact")
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("BC_", "CKV_", "PYTHON"))}
        environment = ours | {"LOG_LEVEL": "ERROR"}
        done = subprocess.run(
            [script, *options, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, f"checkov ended with {done.returncode}: {done.stderr[-2000:]}"
        return done.stdout


def install() -> Checkov:
    """Checkov, installed the first time below .cache/.

    Raises:
        CheckovUnavailableError: There is no uv, or no package index in reach.
    """
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    environment = PROJECT / ".cache" / "checkov" / wanted
    if not environment.exists():
        environment.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=environment.parent) as scratch:
            fresh = Path(scratch) / "environment"
            uv = find_uv()
            _uv(uv, "venv", "--quiet", "--relocatable", "--no-project", "--python", sys.executable, fresh)
            _uv(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", fresh, LOCK)
            # One step, so that an interrupted installation leaves nothing that looks whole.
            if not environment.exists():
                fresh.rename(environment)
    return Checkov(environment)


def find_uv() -> str:
    """The uv on the PATH, or the one that the project's set-up put into .cache/.

    Raises:
        CheckovUnavailableError: There is none.
    """
    own = PROJECT / ".cache" / "uv" / ("Scripts" if os.name == "nt" else "bin")
    uv = shutil.which("uv") or shutil.which("uv", path=str(own))
    if uv is None:
        raise CheckovUnavailableError("Checkov needs uv, on the PATH or in .cache/uv: run `make setup`")
    return uv


def _uv(uv: str, *arguments: str | Path) -> None:
    done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].strip()
        raise CheckovUnavailableError(
            f"Checkov cannot be installed: is the Python package index in reach? `uv {arguments[0]}` says: {reason}"
        )
