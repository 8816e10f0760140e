"""Does the TypeScript example fit the schema, and deploy through the plugin?

The program runs on Pulumi's own Node.js SDK, which registers a remote component with the engine's stand-in; that lets
the plugin construct it. The typed package between the two is a stand-in as well: see `node_sdk.py`.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.reuse import node_sdk
from tests.reuse.conftest import GOLDEN, REPOSITORY, SCHEMA, Plugin, copy_of_the_model
from tests.reuse.recording_engine import PROJECT, STACK

EXAMPLE = REPOSITORY / "examples" / "typescript"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node.js with npm"),
]


@pytest.fixture(scope="module")
def installed() -> Path:
    """A folder with the example's npm packages, all but the generated one; kept for the next time."""
    manifest = json.loads((EXAMPLE / "package.json").read_text())
    del manifest["dependencies"][node_sdk.PACKAGE]
    wanted = json.dumps(manifest)
    folder = REPOSITORY / ".cache" / f"typescript-example-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(wanted)
        npm = [str(shutil.which("npm")), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(npm, cwd=folder, check=True, capture_output=True)
        (folder / "complete").touch()
    return folder


@pytest.fixture
def program(installed: Path, tmp_path: Path) -> Path:
    """The example with its packages, in a folder of its own."""
    copy_of_the_model(tmp_path)
    ignored = shutil.ignore_patterns("node_modules", "sdks", ".build")
    folder = shutil.copytree(EXAMPLE, tmp_path / "examples" / "typescript", ignore=ignored)
    # Node looks for packages in every folder above: the generated one lies beside the program, the others further up.
    node_sdk.write(folder / "node_modules" / node_sdk.PACKAGE, SCHEMA)
    (tmp_path / "node_modules").symlink_to(installed / "node_modules", target_is_directory=True)
    return folder


def compiled(program: Path, *sources: str) -> str:
    """Compiles the example's source, or others in its place; returns what the compiler complains of."""
    settings = json.loads((program / "tsconfig.json").read_text())
    settings["compilerOptions"] |= {"noEmit": False, "preserveSymlinks": True}
    (program / "tsconfig.json").write_text(json.dumps(settings | ({"files": sources} if sources else {})))
    compiler = program.parents[1] / "node_modules" / "typescript" / "bin" / "tsc"
    command = ["node", "--preserve-symlinks", str(compiler)]
    return subprocess.run(command, cwd=program, capture_output=True, text=True, check=False, timeout=300).stdout


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
