"""The local demonstration: what `python -m local` does, from the emulator's start to its end."""

import argparse
import contextlib
import time
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path

from components import golden
from local import caller, report, stack_config
from local.cloud import Cloud, Credentials
from local.deployment import Deployment, program_log
from local.docker.images import DockerImages, why_not
from local.emulator import Emulator
from local.errors import LocalError
from local.expectation import expectation, source
from local.images import Images
from local.resources import Target
from local.staged_images import StagedImages

PROJECT = Path(__file__).resolve().parent.parent
MODEL_KEY = "modelPath"
"""The program's configuration key for the model file, declared in Pulumi.yaml."""


def run(options: argparse.Namespace) -> None:
    """Deploy, call, and tear down or serve.

    Args:
        options: The command line, see `local.__main__`.

    Raises:
        LocalError: Something on the way failed.
    """
    program_log().handlers = [report.Warnings()]
    stack = stack_config.load(PROJECT, options.stack, model_override(options.model))
    model = PROJECT / stack.config[f"{stack.project}:{MODEL_KEY}"]
    expected = expectation(model)

    report.heading("Emulator")
    started = time.monotonic()
    with contextlib.ExitStack() as afterwards, Emulator(options.port, stack.region) as emulator:
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
        prove_predictions(endpoint.post(body, invoker), expected, source(model))
        if options.command == "serve":
            serve(emulator, endpoint, invoker, expected)
    print("\nTorn down. Next: `make serve` keeps the endpoint up; `pulumi up` deploys the same program to AWS.")


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


def deploy(deployment: Deployment, stack: stack_config.Stack) -> dict[str, str]:
    """Run the program and show what it makes."""
    report.heading("Deployment")
    lines, started = report.ResourceLines(), time.monotonic()
    outputs = deployment.deploy(stack, lines)
    report.fact("resources", lines.summary(time.monotonic() - started))
    report.heading("Endpoint")
    report.fact("url", outputs["endpoint"])
    report.fact("model", outputs["model_version"])
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
        report.outcome(status, what)
        if status != HTTPStatus.FORBIDDEN:
            raise LocalError(f"a call {what} was answered with {status}, must be refused with 403")


def prove_predictions(answer: caller.Answer, expected: golden.Golden, source_of_expected: str) -> None:
    """Show the predictions beside the expected ones, then compare them.

    Raises:
        LocalError: They differ, or there are none.
    """
    report.outcome(answer.status, "signed by the invoker role")
    if answer.status != HTTPStatus.OK:
        raise LocalError(f"the endpoint answered {answer.status}: {answer.body.decode(errors='replace')[:500]}")
    predictions = answer.json()
    if isinstance(predictions, list) and len(predictions) == len(expected.predictions):
        report.predictions(expected, predictions, source_of_expected)
    try:
        golden.check(expected, predictions)
    except golden.GoldenError as error:
        raise LocalError(f"the endpoint's answer is not what it must be: {error}") from None


def serve(emulator: Emulator, endpoint: caller.Endpoint, invoker: Credentials, expected: golden.Golden) -> None:
    """Keep the endpoint up until Ctrl-C, or until the emulator ends by itself."""
    report.heading("Serving until Ctrl-C. For another terminal (credentials of the emulator, worthless elsewhere):")
    report.client_commands(endpoint, invoker, expected)
    while emulator.running:
        time.sleep(0.2)


def model_override(model: Path | None) -> dict[str, str]:
    """The configuration value for another model, as a path that does not depend on the working directory."""
    return {} if model is None else {MODEL_KEY: str(model.resolve())}
