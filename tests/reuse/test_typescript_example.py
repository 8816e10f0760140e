"""Does the TypeScript example fit the schema, and deploy through the plugin?

The program runs on Pulumi's own Node.js SDK, which registers a remote component with the engine's stand-in; that lets
the plugin construct it. The typed package between the two is a stand-in as well: see `node_sdk.py`.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.reuse.conftest import GOLDEN, Plugin
from tests.reuse.recording_engine import PROJECT, STACK
from tests.reuse.typescript_example import compiled, copied

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js with npm"),
]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The example with its packages, in a folder of its own."""
    return copied(tmp_path)


def test_the_compiler_refuses_what_the_schema_does_not_know(program: Path) -> None:
    source = (program / "index.ts").read_text()
    changes = {
        "misspelt": ("memoryMb", "memoryMB", "'memoryMB' does not exist in type"),
        "processor": ('"arm64"', '"arm"', "is not assignable to type 'Architecture | undefined'"),
        "nested": ("250", '"250"', "Type 'string' is not assignable to type 'number'"),
    }
    for name, (old, new, _) in changes.items():
        (program / f"{name}.ts").write_text(source.replace(old, new))
    complaints = compiled(program, *(f"{name}.ts" for name in changes))
    for name, (*_, complaint) in changes.items():
        assert any(line.startswith(f"{name}.ts") and complaint in line for line in complaints.splitlines()), complaints


def test_the_program_compiles_and_deploys_through_the_plugin(program: Path, plugin: Plugin) -> None:
    assert compiled(program) == ""
    # The plugin works in the folder of its project, which here is another one than the program's.
    config = {f"{PROJECT}:modelPath": "model/wine_quality.ubj"}
    run = program.parents[1] / "node_modules" / "@pulumi" / "pulumi" / "cmd" / "run"
    arguments = ["--monitor", plugin.engine.address, "--engine", plugin.engine.address, "--project", PROJECT]
    ended = subprocess.run(
        ["node", "--preserve-symlinks", str(run), *arguments, "--stack", STACK, "--parallel", "8", "./index.js"],
        cwd=program,
        env=os.environ | {"PULUMI_CONFIG": json.dumps(config), "PULUMI_NODEJS_TYPESCRIPT": "false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,  # the SDK waits for ever after some errors, counting on the engine to end it
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    recorded = plugin.engine.recorded
    function = recorded.one("aws:lambda/function:Function")
    assert (function.name, function.inputs["memorySize"]) == ("wine-function", 512)
    assert function.inputs["tags"] == {"team": "cellar", "stack": STACK}
    assert recorded.outputs["modelVersion"] == GOLDEN["model_sha256"][:12]
    assert recorded.outputs["endpoint"].startswith("https://")
