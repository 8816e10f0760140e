"""The component package's plugin as a process of its own, and an engine that records what it registers."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
import yaml
from pulumi.runtime.proto import errors_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.components.conftest import a_model_is_read_once
from tests.reuse import recording_engine
from tests.reuse.recording_engine import Recorded, RecordingEngine

__all__ = ["a_model_is_read_once"]  # a fixture, here as there

REPOSITORY = Path(__file__).parents[2]
GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())
SCHEMA = json.loads((REPOSITORY / "components" / "schema.json").read_text(encoding="utf-8"))
MODEL = "model/wine_quality.ubj"


@dataclass
class Plugin:
    """A running plugin.

    Attributes:
        rpc: Its methods.
        engine: The engine that it registers with.
        folder: Its working directory, which is the Pulumi project's.
    """

    rpc: provider_pb2_grpc.ResourceProviderStub
    engine: RecordingEngine
    folder: Path

    def construct(
        self, inputs: dict[str, Any], *, preview: bool = False, **options: Any
    ) -> tuple[Recorded, dict[str, Any]]:
        """Constructs the component; returns what it registered and its outputs.

        Raises:
            grpc.RpcError: The plugin refused.
        """
        self.engine.preview = preview
        request = recording_engine.construct_request(self.engine.address, "wine", inputs, preview=preview, **options)
        response = self.rpc.Construct(request)
        return self.engine.recorded, recording_engine.plain(recording_engine.values(response.state))


@pytest.fixture(scope="session")
def served_engine() -> Iterator[RecordingEngine]:
    """An engine with an address."""
    engine = RecordingEngine()
    with recording_engine.serving(engine):
        yield engine


@pytest.fixture
def engine(served_engine: RecordingEngine) -> RecordingEngine:
    """The engine, with nothing registered yet; versions answer what their golden file, if any, expects."""
    served_engine.clear()
    return served_engine


@pytest.fixture(scope="session")
def running_plugin(served_engine: RecordingEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """The plugin, started as the language host does: `python <folder> <engine>`, in the project's folder."""
    folder = tmp_path_factory.mktemp("project")
    copy_of_the_model(folder)
    command = [sys.executable, str(REPOSITORY / "components"), served_engine.address]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, f"the plugin did not start, exit status {process.wait()}"
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                served_engine.plugin = provider_pb2_grpc.ResourceProviderStub(channel)
                served_engine.plugin.Configure(provider_pb2.ConfigureRequest())
                yield Plugin(served_engine.plugin, served_engine, folder)
        finally:
            process.terminate()


@pytest.fixture
def plugin(running_plugin: Plugin, engine: RecordingEngine) -> Plugin:
    """The plugin, with an engine in which nothing is registered yet."""
    assert running_plugin.engine is engine
    return running_plugin


Refused = Callable[[dict[str, Any]], str]


@pytest.fixture
def refusal(plugin: Plugin) -> Refused:
    """Constructs the component with inputs that it must refuse; returns what it said, registering nothing."""

    def refused(inputs: dict[str, Any]) -> str:
        with pytest.raises(grpc.RpcError) as caught:
            plugin.construct(inputs)
        assert not plugin.engine.recorded.resources, "something was registered before the refusal"
        return shown(caught.value)

    return refused


def shown(error: grpc.RpcError) -> str:
    """What the engine shows of a refusal: its message, and the reason for each input that it names."""
    said = [str(error.details())]
    metadata = dict(error.trailing_metadata() or ())
    for detail in status_pb2.Status.FromString(metadata.get("grpc-status-details-bin", b"")).details:
        inputs = errors_pb2.InputPropertiesError()
        detail.Unpack(inputs)
        said += [f"{wrong.property_path}: {wrong.reason}" for wrong in inputs.errors]
    return "\n".join(said)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file's working directory, beside a copy of the model: the context of its deployments is written once."""
    folder = tmp_path_factory.mktemp("project")
    copy_of_the_model(folder)
    return folder


@dataclass
class Program:
    """A Pulumi project in a folder of its own, beside a copy of the model.

    Attributes:
        folder: The project's folder, and the working directory it is run in.
        host: The process that runs it, with a Python in which the component is installed.
        engine: Where it registers.
    """

    folder: Path
    host: subprocess.Popen[str]
    engine: RecordingEngine

    def up(self, **config: Any) -> Recorded:
        """Runs the program, of which alone the engine knows then; returns what it registered and exported.

        Args:
            **config: Settings of the stack, on top of the project's defaults.

        Raises:
            ProgramError: The program failed.
        """
        self.engine.clear()
        project = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())
        declarations = project.get("config", {}).items()
        defaults = {key: declared["default"] for key, declared in declarations if "default" in declared}
        values = {f"{project['name']}:{key}": value for key, value in {**defaults, **config}.items()}
        settings = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        assert self.host.stdin is not None
        assert self.host.stdout is not None
        asked = {"folder": str(self.folder), "project": project["name"], "config": settings}
        print(json.dumps(asked), file=self.host.stdin, flush=True)
        if error := json.loads(self.host.stdout.readline()):
            raise ProgramError(error)
        return self.engine.recorded


class ProgramError(Exception):
    """A program failed; the message is its own."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built from this repository."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def python_with_component(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment in which the wheel is installed."""
    return new_environment(tmp_path_factory.mktemp("environment"), ["--no-deps", "--no-index", str(wheel)])


@pytest.fixture(scope="session")
def python_with_editable_component(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A new environment, and a copy of the sources that is installed in it as `pip install --editable` does."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / name, folder / name)
    for name in ("components", "function", "scripts"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--editable", str(folder)]
    return new_environment(tmp_path_factory.mktemp("editable"), options), folder


def new_environment(folder: Path, install: list[str]) -> Path:
    """An environment in which pip installed something; what that requires is seen in the environment of the tests.

    Args:
        folder: Where it is made.
        install: What `pip install` is given.

    Returns:
        Its Python.
    """
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    inside = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(inside, "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    return python


@pytest.fixture(scope="session")
def host(python_with_component: Path, served_engine: RecordingEngine) -> Iterator[subprocess.Popen[str]]:
    """A process that runs programs in that environment."""
    command = [str(python_with_component), str(Path(__file__).with_name("program_host.py")), served_engine.address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.terminate()


@pytest.fixture(scope="session")
def examples(
    host: subprocess.Popen[str], served_engine: RecordingEngine, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Program]:
    """The examples in Python, copied to where nothing of this repository but the model is beside them."""
    folder = tmp_path_factory.mktemp("elsewhere")
    copy_of_the_model(folder)
    ignored = shutil.ignore_patterns(".build", ".venv", "node_modules")
    return {
        name: Program(
            shutil.copytree(REPOSITORY / "examples" / name, folder / "examples" / name, ignore=ignored),
            host,
            served_engine,
        )
        for name in ("python", "blue_green", "consumer")
    }


def copy_of_the_model(folder: Path) -> None:
    """Puts the model and its golden file into a folder, under the name that they have in the repository."""
    (folder / "model").mkdir()
    for file in (REPOSITORY / MODEL, REPOSITORY / "model" / "golden.json"):
        shutil.copyfile(file, folder / "model" / file.name)
