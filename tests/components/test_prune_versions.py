"""Do old versions go, and none that anybody uses?"""

import contextlib
import io
import secrets
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from components import prune_versions
from local.cloud import Cloud

TRUST = '{"Version": "2012-10-17", "Statement": []}'


@contextlib.contextmanager
def made(cloud: Cloud) -> Iterator[str]:
    """A function with the versions 1 to 6, of which the alias names 2 and gives 3 a share."""
    client, name = cloud.lambda_, f"wine-{secrets.token_hex(4)}"
    role = cloud.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return event\n")
    client.create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
    )
    for number in range(6):
        client.update_function_configuration(FunctionName=name, Description=str(number))
        client.publish_version(FunctionName=name)
    shares: Any = {"AdditionalVersionWeights": {"3": 0.1}}
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="2", RoutingConfig=shares)
    yield name
    client.delete_function(FunctionName=name)
    cloud.iam.delete_role(RoleName=name)


@pytest.fixture
def function(cloud: Cloud) -> Iterator[str]:
    with made(cloud) as name:
        yield name


@pytest.fixture(scope="module")
def untouched(cloud: Cloud) -> Iterator[str]:
    """One from which nobody deletes anything."""
    with made(cloud) as name:
        yield name


def left(cloud: Cloud, function: str) -> list[str]:
    return [
        version["Version"] for version in cloud.lambda_.list_versions_by_function(FunctionName=function)["Versions"]
    ]


@pytest.mark.parametrize(
    ("arguments", "printed", "remain"),
    [
        (["--keep", "1"], "deleted version 1\ndeleted version 4\ndeleted version 5\n", "236"),
        ([], "deleted version 1\n", "23456"),
    ],
)
def test_the_newest_stay_and_every_one_that_an_alias_uses(
    cloud: Cloud,
    function: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    printed: str,
    remain: str,
) -> None:
    assert prune_versions.main([function, *arguments], cloud.lambda_) == 0
    assert capsys.readouterr().out == printed
    assert left(cloud, function) == ["$LATEST", *remain]
    again = prune_versions.main([function, *arguments], cloud.lambda_)
    assert (again, left(cloud, function)) == (0, ["$LATEST", *remain])


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["--keep=2", "--dry-run"], "would delete version 1\nwould delete version 4\n"),
        (["--keep=6"], "nothing to delete\n"),
    ],
)
def test_nothing_goes_where_all_are_kept_or_it_is_only_asked_what_would(
    cloud: Cloud, untouched: str, capsys: pytest.CaptureFixture[str], arguments: list[str], printed: str
) -> None:
    assert [prune_versions.main([untouched, *arguments], cloud.lambda_) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out == printed * 2
    assert left(cloud, untouched) == ["$LATEST", *"123456"]


def test_a_version_that_comes_into_use_meanwhile_stays(cloud: Cloud, function: str) -> None:
    assert "5" in prune_versions.old_versions(cloud.lambda_, function, keep=1)
    cloud.lambda_.update_alias(FunctionName=function, Name="live", FunctionVersion="5")
    assert not prune_versions.delete(cloud.lambda_, function, "5")
    assert "5" in left(cloud, function)


def test_a_version_that_is_gone_already_is_gone(cloud: Cloud, function: str) -> None:
    assert [prune_versions.delete(cloud.lambda_, function, "4") for _ in range(2)] == [True, True]


@pytest.mark.parametrize("version", ["", "$LATEST", "live", "-1"])
def test_nothing_but_a_version_is_ever_deleted(cloud: Cloud, untouched: str, version: str) -> None:
    with pytest.raises(ValueError, match="is no version's number"):
        prune_versions.delete(cloud.lambda_, untouched, version)
    assert len(left(cloud, untouched)) == 7


def test_what_aws_refuses_is_one_line(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert prune_versions.main(["nobody"], cloud.lambda_) == 1
    error = capsys.readouterr().err
    assert error.startswith("prune_versions: An error occurred (ResourceNotFoundException)")
    assert error.count("\n") == 1


@pytest.mark.parametrize("keep", ["0", "-1", "many", "1.5"])
def test_at_least_one_version_stays(keep: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        prune_versions.main(["wine", f"--keep={keep}"])
    assert f"must be a whole number above 0, got '{keep}'" in capsys.readouterr().err
