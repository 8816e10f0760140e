"""Deletes old versions of a function, which SnapStart keeps and AWS bills for as long as they exist.

    python -m pulumi_ml_inference.prune_versions "$(pulumi stack output function_name)" --keep 3

Run it after a deployment, in CI or by hand, with the credentials and the region that the AWS CLI would use. It keeps
the newest versions and every one that an alias names or gives a share to. It needs `boto3`, which a deployment does
not. A version that is gone already, or that has come into use meanwhile, is skipped: run it as often as you like.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: Enough to go back by one and to go back again.
KEEP = 3


def old_versions(client: "LambdaClient", function_name: str, keep: int) -> list[str]:
    """What can go, oldest first.

    Args:
        client: Lambda.
        function_name: The function.
        keep: How many of the newest versions stay, in use or not.

    Raises:
        botocore.exceptions.ClientError: AWS refused a question.
    """
    versions = [
        int(version["Version"])
        for page in client.get_paginator("list_versions_by_function").paginate(FunctionName=function_name)
        for version in page["Versions"]
        if version["Version"] != "$LATEST"
    ]
    used = {
        version
        for page in client.get_paginator("list_aliases").paginate(FunctionName=function_name)
        for alias in page["Aliases"]
        for version in (alias["FunctionVersion"], *alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
    }
    return [version for version in map(str, sorted(versions)[:-keep]) if version not in used]


def delete(client: "LambdaClient", function_name: str, version: str) -> bool:
    """Deletes a version, never the function.

    Returns:
        Whether it is gone; not if an alias came to use it, which Lambda itself keeps from harm.

    Raises:
        ValueError: It is no version's number, without which Lambda would delete the whole function.
        botocore.exceptions.ClientError: AWS refused for another reason.
    """
    if not version.isdecimal():
        raise ValueError(f"{version!r} is no version's number")
    try:
        client.delete_function(FunctionName=function_name, Qualifier=version)
    except client.exceptions.ResourceConflictException:
        return False
    except client.exceptions.ResourceNotFoundException:
        return True
    return True


def main(arguments: Sequence[str] | None = None, client: "LambdaClient | None" = None) -> int:
    """Deletes what is old and prints each version, or says in one line why not; the exit status is 1 then."""
    parser = argparse.ArgumentParser(
        prog="prune_versions", description="Delete old versions of a function, but none that an alias uses."
    )
    parser.add_argument("function_name", help="the stack's output function_name")
    parser.add_argument("--keep", type=_positive, default=KEEP, help="newest versions that stay (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="only print what would be deleted")
    given = parser.parse_args(arguments)
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        print("prune_versions needs boto3: pip install boto3", file=sys.stderr)
        return 1
    try:
        client = client or boto3.client("lambda")
        old = old_versions(client, given.function_name, given.keep)
        for version in old:
            if given.dry_run:
                print(f"would delete version {version}")
            elif delete(client, given.function_name, version):
                print(f"deleted version {version}")
            else:
                print(f"kept version {version}: an alias uses it by now")
        if not old:
            print("nothing to delete")
    except (BotoCoreError, ClientError) as error:
        print(f"prune_versions: {' '.join(str(error).split())}; what was printed before is done", file=sys.stderr)
        return 1
    return 0


def _positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
