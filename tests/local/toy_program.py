"""A Pulumi program with one function, in a folder of its own, for tests to vary."""

from pathlib import Path

from local import stack_config

IMPORTS = """
import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
"""
PROGRAM = (
    IMPORTS
    + """
config = pulumi.Config()
trust = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",' \\
    ' "Principal": {"Service": "lambda.amazonaws.com"}}]}'
role = aws.iam.Role("role", assume_role_policy=trust)
image = docker.Image("image", image_name="registry.test/toy:latest", build={"context": "context"})
function = aws.lambda_.Function(
    "function", package_type="Image", image_uri=image.repo_digest, role=role.arn, publish=True,
    memory_size=config.require_int("memory"),
    environment={"variables": {"TOKEN": pulumi.Output.secret("a-secret-value")}},
)
check = aws.lambda_.Invocation("check", function_name=function.name, qualifier=function.version, input="[1, 2]")
proved = pulumi.Output.all(function.version, check.result).apply(lambda both: both[0])
alias = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=proved)

pulumi.export("function", function.name)
pulumi.export("version", alias.function_version)
pulumi.export("answer", check.result)
pulumi.export("token", pulumi.Output.secret("a-secret-value"))
"""
)
HANDLER = "def handler(event, context):\n    return sum(event)\n"


class Toy:
    """A program with one function, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "context").mkdir()
        (folder / "context" / "Dockerfile").write_text('FROM scratch\nCMD ["handler.handler"]\n')
        (folder / "Pulumi.yaml").write_text(
            "name: toy\nruntime: python\nconfig:\n  memory: {type: integer, default: 128}\n"
        )
        self.write(PROGRAM)
        self.write_handler(HANDLER)

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(program)

    def write_handler(self, code: str) -> None:
        (self.folder / "context" / "handler.py").write_text(code)

    def stack(self, **overrides: object) -> stack_config.Stack:
        return stack_config.load(self.folder, overrides=overrides)
