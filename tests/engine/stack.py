"""Stacks of Pulumi's own engine, through its Automation API with the program inside this process.

The language runtime of such a program is the SDK itself, so that no language host is needed. State is files in a
temporary folder, encrypted with a passphrase; nothing is downloaded.
"""

import contextlib
import dataclasses
import gc
import json
import re
import sys
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pulumi import automation
from pulumi.automation import events
from pulumi.automation._stack import StackInitMode

Program = Callable[[], None]

#: What an event calls the steps of a replacement.
REPLACEMENT = ("replace", "create-replacement", "delete-replaced")
#: The engine's messages name colours like this.
COLOUR = re.compile(r"<\{%.*?%\}>")

#: A program inside this process that fails is reported a second time, by the server that the engine calls it through.
REPEATED = ("Exception calling application: ", "an unhandled error occurred: ")


@dataclass(frozen=True)
class Engine:
    """The engine, and where it works.

    Attributes:
        command: The command `pulumi`.
        folder: Where the projects' folders are made.
        environment: Variables for every command: where state is kept, how plugins are found.
    """

    command: automation.PulumiCommand
    folder: Path
    environment: Mapping[str, str]

    def attached_to(self, ports: Mapping[str, int], command: automation.PulumiCommand | None = None) -> Self:
        """The same engine, attached to plugins that are running; with another command if one is given."""
        attached = ",".join(f"{package}:{port}" for package, port in ports.items())
        environment = {**self.environment, "PULUMI_DEBUG_PROVIDERS": attached}
        return dataclasses.replace(self, environment=environment, command=command or self.command)

    @property
    def backend(self) -> Path:
        """The folder with the state files."""
        return Path(urllib.parse.urlsplit(self.environment["PULUMI_BACKEND_URL"]).path)


@dataclass
class Outcome:
    """What one command did.

    Attributes:
        steps: What happened to each resource of a provider, by logical name: create, update, replace, delete, same, …
        causes: For an update or a replacement, the properties that differed.
        errors: The errors among the final diagnostics, in order.
        warnings: The warnings there.
        text: Everything that was printed.
        succeeded: Whether the command ended with 0.
    """

    steps: dict[str, str] = field(default_factory=dict)
    causes: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    text: str = ""
    succeeded: bool = True

    @property
    def changes(self) -> dict[str, str]:
        """The steps that are not `same`."""
        return {name: step for name, step in self.steps.items() if step != "same"}

    def note(self, event: automation.EngineEvent) -> None:
        """Keep what an event of the engine says."""
        # The second says what a refresh found.
        for happened in (event.resource_pre_event, event.res_outputs_event):
            if happened:
                self._note_step(happened.metadata)
        if event.diagnostic_event:
            message = COLOUR.sub("", event.diagnostic_event.message).strip()
            kept = {"error": self.errors, "warning": self.warnings}
            if not message.startswith(REPEATED):
                kept.get(event.diagnostic_event.severity, []).append(message)

    def _note_step(self, step: events.StepEventMetadata) -> None:
        name, state = step.urn.rpartition("::")[2], step.new or step.old
        if state is None or not state.custom or step.type.startswith("pulumi:"):
            return
        self.steps[name] = "replace" if step.op in REPLACEMENT else str(step.op.value)
        if step.diffs:
            self.causes[name] = sorted({*self.causes.get(name, []), *step.diffs})


@dataclass(frozen=True)
class Resource:
    """A resource in the state, secrets left encrypted.

    Attributes:
        pending: What a command that was killed was doing to it, such as `creating`.
    """

    urn: str
    type: str
    name: str
    id: str
    custom: bool
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    pending: str = ""


class Commands(automation.Stack):
    """The commands, without what the Automation API asks for after each: outputs and history cost as much again."""

    def outputs(self) -> automation.OutputMap:
        """Nothing; `Stack.outputs` asks."""
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary | None:  # noqa: ARG002
        """Nothing that anybody looks at."""
        return automation.UpdateSummary("", None, "", None, "", {}, None, None)  # type: ignore[arg-type]


class Stack:
    """One stack and the program that it is made of.

    Attributes:
        program: What the next command runs.
        folder: The project's folder, in which program and plugins run.
    """

    def __init__(
        self, engine: Engine, project: str, name: str, program: Program, config: Mapping[str, str] | None = None
    ) -> None:
        """Make the stack, with nothing deployed."""
        self.engine, self.project, self.name, self.program = engine, project, name, program
        self.folder = engine.folder / project
        self.folder.mkdir(exist_ok=True)
        self._workspace = automation.LocalWorkspace(
            work_dir=str(self.folder),
            env_vars=engine.environment,
            pulumi_command=engine.command,
            project_settings=automation.ProjectSettings(project, runtime="python"),
        )
        self._commands = Commands(name, self._workspace, StackInitMode.CREATE)
        if config:
            self.configure(config)

    def configure(self, config: Mapping[str, str], *, secret: bool = False) -> None:
        """Set values of the stack's configuration, by their full keys."""
        values = {key: automation.ConfigValue(value, secret) for key, value in config.items()}
        self._commands.set_all_config(values)

    def preview(self, **options: Any) -> Outcome:
        """`pulumi preview`."""
        return self._run(self._commands.preview, program=self.program, **options)

    def up(self, **options: Any) -> Outcome:
        """`pulumi up`."""
        return self._run(self._commands.up, program=self.program, **options)

    def refresh(self, **options: Any) -> Outcome:
        """`pulumi refresh`."""
        return self._run(self._commands.refresh, **options)

    def destroy(self, **options: Any) -> Outcome:
        """`pulumi destroy`."""
        return self._run(self._commands.destroy, **options)

    def command(self, *arguments: str) -> str:
        """Any other command on this stack; returns what it prints.

        Raises:
            automation.CommandError: It failed.
        """
        command = [*arguments, "--stack", self.name]
        return self.engine.command.run(command, str(self.folder), self.engine.environment).stdout

    def outputs(self) -> dict[str, Any]:
        """`pulumi stack output`, as somebody without a right to secrets sees it."""
        outputs: dict[str, Any] = json.loads(self.command("stack", "output", "--json"))
        return outputs

    @property
    def state_file(self) -> Path:
        """The file with the stack's state."""
        return self.engine.backend / ".pulumi" / "stacks" / self.project / f"{self.name}.json"

    @property
    def state(self) -> list[Resource]:
        """Everything in the state but the stack itself and its providers."""
        return [
            resource(state) for state in self._latest().get("resources", []) if not state["type"].startswith("pulumi:")
        ]

    @property
    def pending(self) -> list[Resource]:
        """What a command that was killed was doing."""
        operations = self._latest().get("pending_operations", [])
        return [resource(operation["resource"], operation["type"]) for operation in operations]

    def _latest(self) -> dict[str, Any]:
        return json.loads(self.state_file.read_text())["checkpoint"]["latest"] or {}

    def resource(self, name: str) -> Resource:
        """The resource with a logical name."""
        (resource,) = (resource for resource in self.state if resource.name == name and resource.custom)
        return resource

    def values(self, name: str) -> dict[str, Any]:
        """Its inputs and outputs."""
        return self.resource(name).outputs

    def _run(self, command: Callable[..., Any], **options: Any) -> Outcome:
        outcome, lines = Outcome(), list[str]()
        self._workspace.program = self.program  # what `run_program` runs
        with contextlib.chdir(self.folder):
            try:
                command(on_event=outcome.note, on_output=lines.append, on_error=lines.append, color="never", **options)
            except automation.CommandError:
                outcome.succeeded = False
                throw_away_broken_programs()
        outcome.text = "\n".join(lines)
        return outcome


def throw_away_broken_programs() -> None:
    """Collect what is left of programs that were broken off; its coroutines would complain that their loop is gone."""
    complain, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        gc.collect()
    finally:
        sys.unraisablehook = complain


def resource(state: dict[str, Any], pending: str = "") -> Resource:
    """A resource as it stands in a state file."""
    return Resource(
        urn=state["urn"],
        type=state["type"],
        name=state["urn"].rpartition("::")[2],
        id=state.get("id", ""),
        custom=state["custom"],
        inputs=state.get("inputs", {}),
        outputs=state.get("outputs", {}),
        pending=pending,
    )


@contextlib.contextmanager
def deployed(stack: Stack) -> Iterator[Stack]:
    """The stack with what its program asks for, until the block ends."""
    outcome = stack.up()
    assert outcome.succeeded, outcome.text
    yield stack
    outcome = stack.destroy()
    assert outcome.succeeded, outcome.text
