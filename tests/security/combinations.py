"""Which arguments are combined with which? Every value of every argument with every value of every other one.

A value that weakens something on purpose declares the findings it makes. A combination is either refused before
anything registers, because of one of the contradictions below, or gives exactly the findings that its values declare.
"""

import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
from allpairspy import AllPairs  # type: ignore[import-untyped]

from components import Architecture, Authorization
from tests.security import deployments as d

#: Label of a value, by argument.
Combination = dict[str, str]

#: The argument is left out.
LEFT_OUT = "left out"
#: Arguments that only make sense together, combined as one.
ACCESS = "authorization and allow_public_access"
SOURCE = "context_path and dockerfile and build_args and target and cache_from and image_uri"
_SEED = 7


@dataclass(frozen=True)
class Value:
    """A value of an argument, and the findings (`scanner:rule`) that choosing it makes on purpose.

    A callable value is called while the program runs.
    """

    value: Any
    findings: frozenset[str] = frozenset()


def _on_purpose(value: Any, *findings: str) -> Value:
    return Value(value, frozenset(findings))


def _later(value: Any) -> Callable[[], pulumi.Output[Any]]:
    """What another resource has yet to give: unknown in a preview, the value afterwards."""
    return lambda: pulumi.CustomResource("test:index:Other", f"other-{next(_OTHERS)}", {}).id.apply(lambda _: value)


_OTHERS = itertools.count()

READ_A_BUCKET = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}],
    }
)

_OWN = {
    "context_path": "own",
    "dockerfile": "own/Dockerfile",
    "build_args": {"COLOUR": "red"},
    "target": "serving",
    "cache_from": ["base:1"],
}

VALUES: dict[str, dict[str, Value]] = {
    SOURCE: {
        "own": Value(_OWN),
        "own, an argument that nothing reads": Value(_OWN | {"build_args": {"COLOR": "red"}}),
        "built": Value({"image_uri": d.IMAGE_URI}),
        "built, unknown": Value({"image_uri": _later(d.IMAGE_URI)}),
        "built, by tag": Value({"image_uri": d.IMAGE_URI.replace("@sha256", "")}),
        "built, and to build": Value({"image_uri": d.IMAGE_URI, "target": "serving"}),
    },
    "architecture": {"arm64": Value("arm64"), "enumeration": Value(Architecture.ARM64)},
    "memory_mb": {"least": Value(128), "most": Value(10_240), "as a float": Value(2048.0)},
    "timeout_seconds": {"least": Value(1), "most": Value(900)},
    "ephemeral_storage_mb": {"most": Value(10_240)},
    "environment": {
        "plain": Value({"MODE": "test"}),
        "secret": Value(lambda: {"TOKEN": pulumi.Output.secret("hush")}),
        "unknown": Value(lambda: {"TABLE": _later("table")()}),
    },
    "log_retention_days": {
        "short": _on_purpose(7, "checkov:CKV_AWS_338"),
        "long": Value(3653),
    },
    "image_retention": {"least": Value(10)},
    "force_delete": {"false": Value(False)},
    ACCESS: {
        "public": _on_purpose(
            {"authorization": Authorization.NONE, "allow_public_access": True},
            "checkov:CKV_AWS_258",
            "checkov:CKV_AWS_301",
            "own:url_demands_iam",
            "own:permission_names_one_principal",
            "own:permission_is_bound_to_the_url",
        ),
        "private": Value({"authorization": "AWS_IAM", "allow_public_access": False}),
        "public, said once": Value({"authorization": "NONE"}),
        "public, not meant": Value({"allow_public_access": True}),
    },
    "create_invoker_role": {"false": Value(False)},
    "invoker_principals": {
        "own": Value([d.CLIENT_ARN]),
        "unknown": Value(lambda: [_later(d.CLIENT_ARN)()]),
        "another account's": _on_purpose([d.PARTNER_ARN], "own:role_of_clients_is_assumed_within_the_account"),
        "everybody": Value(["*"]),
    },
    "execution_policies": {
        "one": _on_purpose([READ_A_BUCKET], "own:execution_role_reaches_nothing_else"),
        "unknown": _on_purpose(lambda: [_later(READ_A_BUCKET)()], "own:execution_role_reaches_nothing_else"),
    },
    "execution_policy_arns": {
        "one": _on_purpose(
            ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"], "own:execution_role_reaches_nothing_else"
        )
    },
    "execution_role_arn": {"known": Value(d.CLIENT_ARN), "unknown": Value(_later(d.CLIENT_ARN))},
    "permissions_boundary_arn": {"known": Value(d.BOUNDARY_ARN), "unknown": Value(_later(d.BOUNDARY_ARN))},
    "invoker_role_names": {"one": Value(["reporting"]), "two": Value(["reporting", "batch"])},
    "invoker_arns": {
        "own": Value([d.CLIENT_ARN]),
        "another account's": _on_purpose([d.PARTNER_ARN], "own:permission_stays_in_the_account"),
        "everybody": Value(["*"]),
        "an account": Value([f"arn:aws:iam::{d.OTHER_ACCOUNT_ID}:root"]),
    },
    "cors": {
        "named": Value({"allow_origins": ["https://a.example"], "allow_credentials": True, "max_age_seconds": 60}),
        "any": _on_purpose(
            {"allow_origins": ["*"], "allow_methods": ["POST"]},
            "own:cors_names_its_origins",
        ),
        "any with credentials": Value({"allow_origins": ["*"], "allow_credentials": True}),
    },
    "reserved_concurrency": {"none": Value(0), "some": Value(5)},
    "canary_percent": {"some": Value(10)},
    "provisioned_concurrency": {"some": Value(2), "more": Value(6)},
    "snap_start": {"true": Value(True)},
    "tracing": {"false": _on_purpose(False, "own:requests_are_traced")},
    "kms_key_arn": {"known": Value(d.KMS_KEY_ARN), "unknown": Value(_later(d.KMS_KEY_ARN))},
    "vpc": {
        "known": Value(d.VPC),
        "unknown": Value(lambda: {key: _later(ids)() for key, ids in d.VPC.items()}),
        "unknown ids": Value(lambda: {key: [_later(id_)() for id_ in ids] for key, ids in d.VPC.items()}),
    },
    "alarms": {
        "silent": _on_purpose({}, "own:alarm_tells_somebody"),
        "known": Value({"topic_arn": d.TOPIC_ARN, "p99_duration_ms": 50}),
        "unknown": Value(lambda: {"topic_arn": _later(d.TOPIC_ARN)()}),
        "on drift": Value({"topic_arn": d.TOPIC_ARN, "out_of_range_percent": 5}),
    },
    "training_ranges_path": {"known": Value("ranges.json")},
    "dashboard": {"true": Value(True)},
    "batch": {
        "own buckets": Value({}),
        "given": Value(
            {"input_bucket": "rows", "output_bucket": "answers", "rows_per_batch": 50, "max_concurrency": 4}
        ),
        "unknown": Value(lambda: {"input_bucket": _later("rows")()}),
    },
    "missing_values": {"known": Value({"value": -999, "allow_null": ["*"]})},
    "output_names": {"known": Value(["quality"])},
    "base_image": {"by digest": Value("public.ecr.aws/lambda/python@sha256:" + "0" * 64)},
    "expected_duration_ms": {"long": Value(250.5)},
    "tags": {"known": Value({"team": "wine"}), "unknown": Value(lambda: {"team": _later("wine")()})},
}


def is_contradiction(combination: Mapping[str, str]) -> bool:
    """Whether the component has to refuse it, by what its documentation says."""
    chosen = {factor: VALUES[factor][label].value for factor, label in combination.items() if label != LEFT_OUT}
    reserved, provisioned = chosen.get("reserved_concurrency"), chosen.get("provisioned_concurrency")
    snap_start = chosen.get("snap_start", False)
    return (
        combination.get(SOURCE, "").partition(", ")[2] not in ("", "unknown")
        or (SOURCE in chosen and ("training_ranges_path" in chosen or combination.get("alarms") == "on drift"))
        or combination.get("invoker_principals") == "everybody"
        or ("invoker_principals" in chosen and "create_invoker_role" in chosen)
        or ("execution_role_arn" in chosen and bool(chosen.keys() & {"execution_policies", "execution_policy_arns"}))
        # A new version is asked something, unless nothing is known of it.
        or (reserved == 0 and SOURCE not in chosen)
        or (combination.get("alarms") == "on drift" and combination.get("training_ranges_path") == LEFT_OUT)
        or combination.get(ACCESS) in ("public, said once", "public, not meant")
        or (combination.get(ACCESS) == "public" and bool(chosen.keys() & {"invoker_arns", "invoker_role_names"}))
        or combination.get("invoker_arns") in ("everybody", "an account")
        or combination.get("cors") == "any with credentials"
        or (reserved is not None and provisioned is not None and provisioned > reserved)
        or (snap_start and provisioned is not None)
        or ("canary_percent" in chosen and provisioned is not None)
        or (snap_start and chosen.get("ephemeral_storage_mb", 512) > 512)
    )


def possible(number: int) -> list[Combination]:
    """So many combinations without a contradiction; every pair of values that can meet is in one."""
    return list(itertools.islice(_distinct(number, lambda row: not is_contradiction(row)), number))


def refused(least: int) -> list[Combination]:
    """At least so many combinations with a contradiction."""
    return [row for row in _distinct(2 * least, lambda _: True) if is_contradiction(row)]


def pairs_that_can_meet() -> set[frozenset[tuple[str, str]]]:
    """All pairs of values of two arguments that do not exclude each other."""
    labelled = [(factor, label) for factor in VALUES for label in (LEFT_OUT, *VALUES[factor])]
    return {
        frozenset(pair)
        for pair in itertools.combinations(labelled, 2)
        if pair[0][0] != pair[1][0] and not is_contradiction(dict(pair))
    }


def _distinct(least: int, accepted: Callable[[Combination], bool]) -> Iterator[Combination]:
    """Pairwise covers in one order of arguments and values after the other, until there are enough combinations."""
    order, seen = random.Random(_SEED), set[str]()
    while len(seen) < least:
        factors = order.sample(sorted(VALUES), len(VALUES))
        labels = [order.sample(both := [LEFT_OUT, *VALUES[factor]], len(both)) for factor in factors]
        for row in AllPairs(labels, filter_func=partial(_accepted, factors, accepted)):
            combination = dict(zip(factors, row, strict=True))
            if (key := str(sorted(combination.items()))) not in seen:
                seen.add(key)
                yield combination


def _accepted(factors: list[str], accepted: Callable[[Combination], bool], row: list[str]) -> bool:
    """Whether a row, which may still be in the making, is acceptable."""
    return accepted(dict(zip(factors, row, strict=False)))


def arguments(combination: Combination) -> dict[str, Any]:
    """The combination as the component takes it."""
    chosen = {factor: VALUES[factor][label].value for factor, label in combination.items() if label != LEFT_OUT}
    return {**chosen.pop(ACCESS, {}), **chosen.pop(SOURCE, {}), **chosen}


def declared(combination: Combination) -> set[str]:
    """The findings that its values make on purpose."""
    chosen = (VALUES[factor][label] for factor, label in combination.items() if label != LEFT_OUT)
    return {finding for value in chosen for finding in value.findings}
