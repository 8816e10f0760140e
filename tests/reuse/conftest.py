"""The component package's plugin as a process of its own, and an engine that records what it registers."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from pulumi.runtime.proto import errors_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.reuse import recording_engine
from tests.reuse.recording_engine import Recorded, RecordingEngine

REPOSITORY = Path(__file__).parents[2]
GOLDEN = json.loads((REPOSITORY / "model" / "golden.json").read_text())
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
def running_plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plugin]:
    """The plugin, started as the language host does: `python <folder> <engine>`, in the project's folder."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(REPOSITORY / "model", folder / "model", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    engine = RecordingEngine()
    with recording_engine.serving(engine) as address:
        command = [sys.executable, str(REPOSITORY / "components"), address]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, f"the plugin did not start, exit status {process.wait()}"
            try:
                with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                    engine.plugin = provider_pb2_grpc.ResourceProviderStub(channel)
                    engine.plugin.Configure(provider_pb2.ConfigureRequest())
                    yield Plugin(engine.plugin, engine, folder)
            finally:
                process.terminate()


@pytest.fixture
def plugin(running_plugin: Plugin) -> Plugin:
    """The plugin, with nothing registered yet; the function answers what the model must answer."""
    running_plugin.engine.clear(golden_answer=GOLDEN["predictions"])
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
