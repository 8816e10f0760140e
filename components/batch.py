"""More rows than one machine: a state machine whose Distributed Map scores files of S3 with the live model.

Nothing of it is a scheduler of our own: the engine reads, batches, retries, counts and writes. Leaves out what the
state machine does (batch_definition.py) and what its role may do (policies.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from . import batch_definition, policies
from .refusal import RefusedError

#: Where log groups that services deliver to are named, so that their resource policy does not outgrow its limit.
#: https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
_VENDED_LOGS = "/aws/vendedlogs/states"


@dataclass(frozen=True)
class Surroundings:
    """What the rest of the component gives to batch scoring.

    Attributes:
        name: The component's name.
        args: Its checked arguments, with `batch` among them.
        outputs: Numbers that a prediction has; None for an image of your own.
        alias: The live alias.
        account_id: The account.
        partition: `aws`, or another one.
        parent: The component.
    """

    name: str
    args: Mapping[str, Any]
    outputs: int | None
    alias: aws.lambda_.Alias
    account_id: pulumi.Output[str]
    partition: pulumi.Output[str]
    parent: pulumi.Resource

    def child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a child of the component."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(depends_on))


def limits(args: Mapping[str, Any], outputs: int | None) -> tuple[int, int]:
    """Rows of a batch and batches at the same time, as given or as they fit.

    Args:
        args: Checked arguments of the component.
        outputs: Numbers that a prediction has; None if that is not known.

    Raises:
        RefusedError: The answer to so many rows would not fit into a payload of Step Functions, or the function may not
            do so much at the same time.
    """
    given, most = args["batch"], batch_definition.most_rows_per_batch(outputs or 1)
    rows: int = given.get("rows_per_batch", min(batch_definition.ROWS_PER_BATCH, most))
    if rows > most:
        raise RefusedError(
            f"batch rows_per_batch {rows}: the answer to so many rows of {outputs or 1} number(s) each may exceed the "
            f"{batch_definition.PAYLOAD_BYTES} bytes that Step Functions carries; {most} rows always fit"
        )
    # 0 switches the function off for as long as it stands there, and says nothing of how much it may do afterwards.
    reserved = args.get("reserved_concurrency") or batch_definition.MOST_CONCURRENT
    concurrency: int = given.get("max_concurrency", min(batch_definition.CONCURRENCY, reserved))
    if concurrency > reserved:
        raise RefusedError(
            f"batch max_concurrency {concurrency} does not fit into reserved_concurrency {reserved}; allow fewer "
            "batches at the same time, so that requests are answered as well"
        )
    return rows, concurrency


def declare(around: Surroundings) -> pulumi.Output[dict[str, Any]]:
    """Declares the state machine and what it needs; returns what a caller has to know of it."""
    name, args, given = around.name, around.args, around.args["batch"]
    rows, concurrency = limits(args, around.outputs)
    input_bucket = _bucket(around, "input")
    output_bucket = _bucket(around, "output")

    logs = aws.cloudwatch.LogGroup(
        f"{name}-batch-logs",
        name_prefix=f"{_VENDED_LOGS}/{name}-batch-",
        retention_in_days=args["log_retention_days"],
        kms_key_id=args.get("kms_key_arn"),
        tags=args["tags"],
        opts=pulumi.ResourceOptions(parent=around.parent, ignore_changes=["name_prefix"]),
    )
    role = aws.iam.Role(
        f"{name}-batch-role",
        assume_role_policy=around.account_id.apply(policies.batch_trust),
        permissions_boundary=args.get("permissions_boundary_arn"),
        tags=args["tags"],
        opts=around.child(),
    )
    data = aws.iam.RolePolicy(
        f"{name}-batch-data",
        role=role.name,
        policy=pulumi.Output.all(
            around.partition, input_bucket, output_bucket, around.alias.arn, args.get("kms_key_arn")
        ).apply(lambda known: policies.batch_data(*known, tracing=args["tracing"])),
        opts=around.child(),
    )

    machine = aws.sfn.StateMachine(
        f"{name}-batch",
        type="STANDARD",
        role_arn=role.arn,
        definition=pulumi.Output.all(around.alias.arn, input_bucket, output_bucket).apply(
            lambda known: batch_definition.definition(
                batch_definition.Run(
                    alias_arn=known[0],
                    input_bucket=known[1],
                    output_bucket=known[2],
                    rows_per_batch=rows,
                    concurrency=concurrency,
                    tolerated_failure_percent=given["tolerated_failure_percent"],
                    timeout_seconds=args["timeout_seconds"],
                )
            )
        ),
        # Without the data of executions: rows and predictions are nobody's to read in a log.
        logging_configuration={
            "level": "ERROR",
            "include_execution_data": False,
            "log_destination": pulumi.Output.concat(logs.arn, ":*"),
        },
        tracing_configuration={"enabled": args["tracing"]},
        tags=args["tags"],
        # Step Functions refuses a state machine whose role may not deliver its logs yet.
        opts=around.child(data, logs),
    )
    aws.iam.RolePolicy(
        f"{name}-batch-runs",
        role=role.name,
        policy=machine.arn.apply(policies.batch_runs),
        opts=around.child(),
    )
    if "alarms" in args:
        _alarm(around, machine)
    return pulumi.Output.all(machine.arn, role.arn, input_bucket, output_bucket, around.alias.function_name).apply(
        lambda known: {
            "state_machine_arn": known[0],
            "role_arn": known[1],
            "input_bucket": known[2],
            "output_bucket": known[3],
            "function_name": known[4],
            "rows_per_batch": rows,
            "max_concurrency": concurrency,
            "memory_mb": args["memory_mb"],
            "architecture": args["architecture"].value,
        }
    )


def _bucket(around: Surroundings, what: str) -> pulumi.Output[str]:
    """The bucket that was given, or one that is encrypted, private, reached by TLS alone, and forgets."""
    given = around.args["batch"]
    if f"{what}_bucket" in given:
        return pulumi.Output.from_input(given[f"{what}_bucket"])
    # A component's name may have underscores, a bucket's may not.
    name, args = f"{around.name.replace('_', '-')}-batch-{what}", around.args
    bucket = aws.s3.Bucket(
        name,
        force_destroy=args["force_delete"],
        tags=args["tags"],
        opts=around.child(),
    )
    of_bucket = pulumi.ResourceOptions(parent=bucket)
    aws.s3.BucketPublicAccessBlock(
        f"{name}-private",
        bucket=bucket.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=of_bucket,
    )
    key = args.get("kms_key_arn")
    by_default: Any = {"sse_algorithm": "aws:kms", "kms_master_key_id": key} if key else {"sse_algorithm": "AES256"}
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=bucket.bucket,
        rules=[{"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": True}],
        opts=of_bucket,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=bucket.bucket,
        rules=[
            {
                "id": "forget",
                "status": "Enabled",
                "filter": {},
                "expiration": {"days": given["retention_days"]},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
            }
        ],
        opts=of_bucket,
    )
    aws.s3.BucketPolicy(
        f"{name}-tls",
        bucket=bucket.bucket,
        policy=bucket.arn.apply(policies.tls_only),
        opts=of_bucket,
    )
    return bucket.bucket


def _alarm(around: Surroundings, machine: aws.sfn.StateMachine) -> None:
    topic = around.args["alarms"].get("topic_arn")
    actions = [topic] if topic is not None else []
    aws.cloudwatch.MetricAlarm(
        f"{around.name}-batch-failed",
        alarm_description=f"{around.name}: a batch run failed: look at it in Step Functions, then redrive it",
        namespace="AWS/States",
        metric_name="ExecutionsFailed",
        dimensions={"StateMachineArn": machine.arn},
        statistic="Sum",
        threshold=0,
        comparison_operator="GreaterThanThreshold",
        period=60,
        evaluation_periods=1,
        treat_missing_data="notBreaching",
        alarm_actions=actions,
        ok_actions=actions,
        tags=around.args["tags"],
        opts=around.child(),
    )
