"""An engine whose plugins reach the emulator through a proxy that makes requests go wrong, and that can be killed."""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pulumi.automation import PulumiCommand

from local.cloud import Cloud
from local.emulator import Emulator
from local.images import Images
from local.resources import State, Target, resource_type
from local.staged_images import StagedImages
from tests.engine import plugins
from tests.engine.fault_proxy import Cut, FaultProxy
from tests.engine.inventory import of_state
from tests.engine.stack import Engine, Outcome, Resource, Stack


@dataclass(frozen=True)
class Drill:
    """The engine, and what can be done to it."""

    engine: Engine
    proxy: FaultProxy
    stand_ins: plugins.StandIns
    process: Path

    def kill(self, command: Callable[[], Outcome], at: int, carried_out: bool) -> Outcome:
        """Run a command and end its process when its n-th request to AWS is on its way.

        Args:
            command: What to run.
            at: Which request, from 1.
            carried_out: Whether that request reaches AWS.
        """
        with self.proxy.counting(Cut(at, carried_out, self._kill)):
            outcome = command()
            # What the plugins still try on their own must not reach the emulator when the next command runs.
            self.stand_ins.settle()
        return outcome

    def count(self, command: Callable[[], Outcome]) -> int:
        """How many requests a command makes."""
        with self.proxy.counting():
            outcome = command()
        assert outcome.succeeded, outcome.text
        return self.proxy.requests

    def recover(self, stack: Stack, cloud: Cloud) -> None:
        """Do what docs/recovery.md says after a command was killed, up to the next `pulumi up`."""
        stack.command("cancel", "--yes")
        for resource in stack.pending:
            if resource.pending == "creating":
                remove(cloud, stack, resource)
        if stack.pending:
            outcome = stack.refresh(clear_pending_creates=True)
            assert outcome.succeeded, outcome.text

    def _kill(self) -> None:
        os.kill(int(self.process.read_text()), signal.SIGKILL)


def remove(cloud: Cloud, stack: Stack, half_made: Resource) -> None:
    """Remove what a killed command may have made, by the name that Pulumi had chosen for it.

    Nobody uses it yet: what is being created has not been handed on.
    """
    known, name, inputs = of_state(stack), half_made.inputs.get("name"), half_made.inputs
    if half_made.type == "aws:cloudwatch/logGroup:LogGroup":  # its name begins so; AWS's provider chooses the rest
        for group in cloud.logs.describe_log_groups(logGroupNamePrefix=inputs["namePrefix"])["logGroups"]:
            if f"log group {group['logGroupName']}" not in known:
                cloud.logs.delete_log_group(logGroupName=group["logGroupName"])
    elif half_made.type.startswith("aws:") and half_made.type != "aws:lambda/invocation:Invocation":
        state = State(str(name), inputs, {"name": name})
        resource_type(half_made.type).delete(Target(cloud, StagedImages()), state)


@contextlib.contextmanager
def drill(engine: Engine, emulator: Emulator, images: Images, folder: Path) -> Iterator[Drill]:
    """A drill for as long as the block lasts.

    Args:
        engine: The engine.
        emulator: The emulator behind the proxy.
        images: Who makes container images.
        folder: A new folder for what the drill needs.
    """
    process = folder / "process"
    command = folder / "bin" / "pulumi"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\necho $$ > "{process}"\nexec "{engine.command.command}" "$@"\n')
    command.chmod(0o755)
    with FaultProxy(emulator.port).serving() as proxy, plugins.serving(proxy.url, images) as stand_ins:
        killable = PulumiCommand(root=str(folder), skip_version_check=True)
        yield Drill(engine.attached_to(stand_ins.ports, command=killable), proxy, stand_ins, process)
