"""A program runs unmodified; what it registers exists on the emulator; what nobody knows is refused."""

import json
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.deployment import Deployment
from local.errors import LocalError
from local.resources import Target
from local.staged_images import StagedImages
from tests.local.toy_program import HANDLER, IMPORTS, PROGRAM, Toy


class Seen:
    """Remembers what happened to which resource."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}

    def __call__(self, done: str, _type: str, name: str, _seconds: float) -> None:
        self.done[name] = done


def live_version(deployment: Deployment) -> str:
    function = deployment.outputs["function"]
    return deployment.target.cloud.lambda_.get_alias(FunctionName=function, Name="live")["FunctionVersion"]


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The small program as it is, to look at."""
    deployment = Deployment(Target(cloud, StagedImages()))
    deployment.deploy(Toy(tmp_path_factory.mktemp("toy")).stack(memory=256))
    return deployment


def test_what_the_program_registers_exists_on_the_emulator(deployed: Deployment) -> None:
    outputs = deployed.outputs
    function = deployed.target.cloud.lambda_.get_function_configuration(FunctionName=outputs["function"])
    assert function["MemorySize"] == 256
    assert outputs["answer"] == "3"
    assert live_version(deployed) == outputs["version"] == "1"


def test_a_secret_reaches_aws_but_not_the_outputs(deployed: Deployment) -> None:
    outputs = deployed.outputs
    function = deployed.target.cloud.lambda_.get_function_configuration(FunctionName=outputs["function"])
    assert function["Environment"]["Variables"] == {"TOKEN": "a-secret-value"}
    assert outputs["token"] == "[secret]"
    assert "a-secret-value" not in str(outputs)


def test_a_function_starts_without_loading_what_it_does_not_use(deployment: Deployment, toy: Toy) -> None:
    toy.write_handler("import sys\ndef handler(event, context):\n    return 'botocore' in sys.modules\n")
    assert deployment.deploy(toy.stack())["answer"] == "false"


def test_an_unchanged_program_changes_nothing(deployment: Deployment, toy: Toy) -> None:
    first, seen = deployment.deploy(toy.stack()), Seen()
    assert deployment.deploy(toy.stack(), seen) == first
    assert set(seen.done.values()) == {"same"}


def test_new_code_becomes_a_new_version_that_the_alias_moves_to(deployment: Deployment, toy: Toy) -> None:
    deployment.deploy(toy.stack())
    toy.write_handler(HANDLER.replace("sum", "max"))
    seen = Seen()
    outputs = deployment.deploy(toy.stack(), seen)
    assert outputs["answer"] == "2"
    assert live_version(deployment) == "2"
    assert seen.done == {
        "role": "same",
        "image": "updated",
        "function": "updated",
        "check": "replaced",
        "live": "updated",
    }


def test_a_changed_setting_becomes_a_new_version(deployment: Deployment, toy: Toy) -> None:
    deployment.deploy(toy.stack(memory=128))
    outputs = deployment.deploy(toy.stack(memory=512))
    version = deployment.target.cloud.lambda_.get_function_configuration(
        FunctionName=outputs["function"], Qualifier=live_version(deployment)
    )
    assert (version["Version"], version["MemorySize"]) == ("2", 512)


def test_bad_code_leaves_the_good_version_live_until_it_is_mended(deployment: Deployment, toy: Toy) -> None:
    deployment.deploy(toy.stack())
    toy.write_handler("def handler(event, context):\n    raise ValueError('predictions are off')\n")
    with pytest.raises(LocalError, match="predictions are off"):
        deployment.deploy(toy.stack())
    assert live_version(deployment) == "1"
    toy.write_handler(HANDLER.replace("sum", "max"))
    assert deployment.deploy(toy.stack())["answer"] == "2"
    assert live_version(deployment) == "3"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("aws.sqs.Queue('queue')", "aws:sqs/queue:Queue cannot be deployed locally"),
        (
            "aws.iam.Role('other', assume_role_policy='{}', force_detach_policies=True)",
            "has no property 'forceDetachPolicies' here",
        ),
        ("docker.Image('other', image_name='a:b', build={'context': '.', 'network': 'host'})", "'network'"),
        ("pulumi.export('zone', aws.get_availability_zones_output().names)", "cannot be answered locally"),
        ("pulumi.export('old', aws.iam.Role.get('old', 'old-role').arn)", "cannot be read locally"),
    ],
    ids=["type", "property", "nested property", "function", "existing resource"],
)
def test_what_nobody_taught_is_refused(deployment: Deployment, toy: Toy, line: str, message: str) -> None:
    toy.write(f"{IMPORTS}\n{line}\n")
    with pytest.raises(LocalError) as caught:
        deployment.deploy(toy.stack())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


ENDPOINT = """
common = {{"function": function.name, "qualifier": alias.name, "principal": "arn:aws:iam::000000000000:role/caller"}}
aws.lambda_.Permission("url", action="lambda:InvokeFunctionUrl", function_url_auth_type="AWS_IAM", **common)
aws.lambda_.Permission("via", action="lambda:InvokeFunction", invoked_via_function_url=True, **common)
url = aws.lambda_.FunctionUrl(
    "endpoint", function_name=function.name, qualifier=alias.name, authorization_type="AWS_IAM",
    cors={{"allow_origins": ["{origin}"]}},
)
pulumi.export("url", url.function_url)
"""


def test_an_endpoint_keeps_its_address_when_its_settings_change(deployment: Deployment, toy: Toy) -> None:
    client = deployment.target.cloud.lambda_
    toy.write(PROGRAM + ENDPOINT.format(origin="https://one.test"))
    before = deployment.deploy(toy.stack())
    toy.write(PROGRAM + ENDPOINT.format(origin="https://two.test"))
    seen = Seen()
    after = deployment.deploy(toy.stack(), seen)
    settings = client.get_function_url_config(FunctionName=after["function"], Qualifier="live")
    assert settings["FunctionUrl"] == after["url"] == before["url"]
    assert settings["Cors"]["AllowOrigins"] == ["https://two.test"]
    assert [name for name, done in seen.done.items() if done != "same"] == ["endpoint"]


def test_both_grants_are_statements_of_the_alias(deployment: Deployment, toy: Toy) -> None:
    toy.write(PROGRAM + ENDPOINT.format(origin="https://one.test"))
    function = deployment.deploy(toy.stack())["function"]
    policy = deployment.target.cloud.lambda_.get_policy(FunctionName=function, Qualifier="live")["Policy"]
    conditions = {statement["Action"]: statement["Condition"] for statement in json.loads(policy)["Statement"]}
    assert conditions == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }


def test_a_rejected_secret_is_not_quoted(deployment: Deployment, toy: Toy) -> None:
    toy.write(PROGRAM.replace('config.require_int("memory")', 'pulumi.Output.secret("hidden, indeed")'))
    with pytest.raises(LocalError, match=r"function: Parameter validation failed: .*MemorySize.*str") as caught:
        deployment.deploy(toy.stack())
    assert "hidden" not in str(caught.value)


def test_a_refusal_of_awss_names_the_resource(deployment: Deployment, toy: Toy) -> None:
    toy.write(IMPORTS + "\naws.iam.RolePolicy('lost', role='no-such-role', policy='{}')\n")
    with pytest.raises(
        LocalError, match=r"aws:iam/rolePolicy:RolePolicy lost: PutRolePolicy was refused: .*no-such-role"
    ):
        deployment.deploy(toy.stack())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("raise pulumi.RunError('model.ubj is missing')", "^model.ubj is missing$"),
        ("raise ValueError('too\\nmuch')", "ValueError: too much"),
        ("syntax error", "SyntaxError"),
        ("raise SystemExit(3)", "exit"),
    ],
)
def test_a_failing_program_is_one_line(deployment: Deployment, toy: Toy, line: str, message: str) -> None:
    toy.write(f"import pulumi\n{line}\n")
    with pytest.raises(LocalError, match=message) as caught:
        deployment.deploy(toy.stack())
    assert "\n" not in str(caught.value)


def test_the_program_runs_in_its_own_folder_and_leaves_ours(deployment: Deployment, toy: Toy) -> None:
    toy.write("import os, pulumi\npulumi.export('folder', os.getcwd())\n")
    here = Path.cwd()
    assert deployment.deploy(toy.stack()) == {"folder": str(toy.folder)}
    assert Path.cwd() == here


def test_two_deployments_do_not_know_each_other(target: Target, toy: Toy) -> None:
    first, second = Deployment(target), Deployment(target)
    assert first.deploy(toy.stack())["function"] != second.deploy(toy.stack())["function"]
