"""The TypeScript example in a folder of its own, with its packages, ready to be compiled and run."""

import contextlib
import hashlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.reuse import node_sdk
from tests.reuse.conftest import REPOSITORY, SCHEMA, copy_of_the_model

EXAMPLE = REPOSITORY / "examples" / "typescript"
#: Of the example's packages but the generated one; `npm ci` refuses it where it does not fit what the example asks for.
LOCK = Path(__file__).with_name("package-lock.json")


def manifest() -> str:
    """The example's, without the package that the Pulumi CLI would generate."""
    wanted = json.loads((EXAMPLE / "package.json").read_text())
    del wanted["dependencies"][node_sdk.PACKAGE]
    return json.dumps(wanted)


def installed() -> Path:
    """A folder with the example's packages, kept for the next time."""
    state = hashlib.sha256(manifest().encode() + LOCK.read_bytes()).hexdigest()
    kept = REPOSITORY / ".cache" / f"typescript-example-{state[:12]}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as temporary:
            folder = Path(temporary, "packages")
            folder.mkdir()
            (folder / "package.json").write_text(manifest())
            shutil.copyfile(LOCK, folder / "package-lock.json")
            npm = [str(shutil.which("npm")), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(npm, cwd=folder, check=True, capture_output=True)
            with contextlib.suppress(OSError):  # another process of these tests was faster
                folder.rename(kept)
    return kept


def copied(folder: Path) -> Path:
    """Copies the example into a folder where nothing of this repository but the model is beside it."""
    copy_of_the_model(folder)
    ignored = shutil.ignore_patterns("node_modules", "sdks", ".build")
    program = shutil.copytree(EXAMPLE, folder / "examples" / "typescript", ignore=ignored)
    # Node looks for packages in every folder above: the generated one lies beside the program, the others further up.
    node_sdk.write(program / "node_modules" / node_sdk.PACKAGE, SCHEMA)
    (folder / "node_modules").symlink_to(installed() / "node_modules", target_is_directory=True)
    return program


def compiled(program: Path, *sources: str) -> str:
    """Compiles the example's source, or others in its place; returns what the compiler complains of."""
    settings = json.loads((program / "tsconfig.json").read_text())
    settings["compilerOptions"] |= {"noEmit": False, "preserveSymlinks": True}
    (program / "tsconfig.json").write_text(json.dumps(settings | ({"files": sources} if sources else {})))
    compiler = program.parents[1] / "node_modules" / "typescript" / "bin" / "tsc"
    command = ["node", "--preserve-symlinks", str(compiler)]
    return subprocess.run(command, cwd=program, capture_output=True, text=True, check=False, timeout=300).stdout
