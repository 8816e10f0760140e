"""The local demonstration: what `python -m local` does, from the emulator's start to its end."""

import argparse
import contextlib
import os
import time
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Any

from components import golden
from local import caller, report, serving, stack_config
from local.cloud import Cloud, Credentials
from local.deployment import Deployment, program_log
from local.docker import leftovers
from local.docker.images import DockerImages, why_not
from local.emulator import Emulator, claimed_port
from local.errors import LocalError
from local.expectation import expectation, source
from local.images import Images
from local.resources import Target
from local.staged_images import StagedImages

PROJECT = Path(__file__).resolve().parent.parent

SERVED_PORT = 4570
"""Where `serve` is found each time, unless somebody else is there."""


def run(options: argparse.Namespace) -> None:
    """Deploy, call, and tear down or serve.

    Args:
        options: The command line, see `local.__main__`.

    Raises:
        LocalError: Something on the way failed.
    """
    program_log().handlers = [report.Warnings()]
    stack = configured(options)
    os.chdir(stack.folder)
    leftovers.sweep()
    with report.waiting("reading the model"):
        expected = expectation(stack.model)

    report.heading("Emulator")
    started = time.monotonic()
    with contextlib.ExitStack() as afterwards, Emulator(port(options), stack.region) as emulator:
        report.fact("ministack", f"{version('ministack')}, IAM checks on, ready in {time.monotonic() - started:.1f} s")
        report.fact("address", emulator.url)

        cloud = Cloud(emulator.url, stack.region)
        maker = images(emulator.port, options.docker)
        afterwards.callback(maker.close)
        outputs = deploy(Deployment(Target(cloud, maker)), stack)

        endpoint = caller.Endpoint(outputs["endpoint"], emulator.port, stack.region)
        role_arn = outputs["invoker_role_arn"]
        user = caller.create_user(cloud, role_arn)
        invoker = caller.assume(cloud, user, role_arn)
        body = expected.payload().encode()
        prove_refusals(endpoint, body, user, invoker)
        prove_predictions(endpoint.post(body, invoker), expected, source(stack.model))
        if options.command == "serve":
            served = serving.Served(cloud, endpoint, outputs, user, invoker, stack.model, expected)
            serving.serve(served, lambda: emulator.running)
    report.console.print(
        "\nTorn down. Next: `make serve` keeps the endpoint up; `pulumi up` deploys the same program to AWS."
    )


def configured(options: argparse.Namespace) -> stack_config.Stack:
    """The stack's settings under those of the command line, and named after the model if that is another one."""
    settings = stack_config.assignments(options.set)
    if "ALLOW_MISSING" in os.environ:
        settings.setdefault("environment", {}).setdefault("ALLOW_MISSING", os.environ["ALLOW_MISSING"])
    stack = stack_config.load(PROJECT, options.stack, settings)
    return stack if options.model is None else stack.named_after(options.model)


def port(options: argparse.Namespace) -> int | None:
    """The port that was asked for; none for a free one."""
    if options.port is not None or options.command != "serve":
        asked: int | None = options.port
        return asked
    try:
        return claimed_port(SERVED_PORT)
    except LocalError:
        report.fact("port", f"{SERVED_PORT} is taken, so a free one; PORT=… names another")
        return None


def images(port: int, docker: bool | None) -> Images:
    """With a Docker engine if there is one, or as the user wants it."""
    reason = "--no-docker was given" if docker is False else why_not()
    if reason is None:
        report.fact("image", "built by the Docker engine, pushed to the emulator's registry, run by digest")
        return DockerImages(port, note=build_note, otherwise=None if docker else StagedImages())
    if docker:
        raise LocalError(f"--docker was given, but {reason}")
    report.fact("image", f"none is built ({reason}): the staged code runs in the emulator's Python worker")
    return StagedImages()


def build_note(text: str) -> None:
    """Show what becomes of an image: `<which>: <what>`."""
    which, _, what = text.partition(": ")
    report.fact(which, what)


def deploy(deployment: Deployment, stack: stack_config.Stack) -> dict[str, Any]:
    """Run the program and show what it makes."""
    report.heading(f"Deployment of {stack.project}, stack {stack.name}")
    lines, started = report.ResourceLines(), time.monotonic()
    with report.waiting("deploying"):
        outputs = deployment.deploy(stack, lines)
    report.fact("resources", lines.summary(time.monotonic() - started))
    report.heading("Model")
    model = outputs["model"]
    report.fact("file", f"{os.path.relpath(stack.model)}, version {outputs['model_version']}")
    report.fact("objective", f"{model['objective']}, {model['trees']} trees, depth {model['depth']}")
    report.fact("features", f"{len(model['features'])}: {report.names(model['features'])}")
    report.heading("Endpoint")
    report.fact("url", outputs["endpoint"])
    return outputs


def prove_refusals(endpoint: caller.Endpoint, body: bytes, user: Credentials, invoker: Credentials) -> None:
    """Show that nobody but the invoker role is answered.

    Raises:
        LocalError: Somebody is.
    """
    report.heading("Calls")
    for what, stranger in (
        ("unsigned", None),
        ("signed by the invoker role with a wrong secret", caller.with_wrong_secret(invoker)),
        ("signed by an IAM user who may assume the role, but has not", user),
    ):
        status = endpoint.post(body, stranger).status
        report.outcome(status, what, HTTPStatus.FORBIDDEN)
        if status != HTTPStatus.FORBIDDEN:
            raise LocalError(f"a call {what} was answered with {status}, must be refused with 403")


def prove_predictions(answer: caller.Answer, expected: golden.Golden, source_of_expected: str) -> None:
    """Show the predictions beside the expected ones, then compare them.

    Raises:
        LocalError: They differ, or there are none.
    """
    report.outcome(answer.status, "signed by the invoker role", HTTPStatus.OK)
    if answer.status != HTTPStatus.OK:
        raise LocalError(f"the endpoint answered {answer.status}: {answer.body.decode(errors='replace')[:500]}")
    predictions = answer.json()
    if isinstance(predictions, list) and len(predictions) == len(expected.predictions):
        report.predictions(expected.records, predictions, expected.predictions, source_of_expected)
    try:
        expected.check(predictions)
    except golden.GoldenError as error:
        raise LocalError(f"the endpoint's answer is not what it must be: {error}") from None
