"""What is deployed here to be attacked? The component on mocks, with a model so small that it costs no time.

Also the names by which the other files of this folder speak of resources.
"""

import contextlib
import copy
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import pulumi
import xgboost

from components import MLInferenceFunction, staging
from components.training_ranges import write_ranges
from components.write_golden import write_golden
from tests import fake_engine
from tests.fake_engine import ACCOUNT_ID, REGION, Deployment, Resource

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
IMAGE = "docker:index/image:Image"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
CHECK = "aws:lambda/invocation:Invocation"
ALIAS = "aws:lambda/alias:Alias"
URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"
PROVISIONED = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"
BUCKET = "aws:s3/bucket:Bucket"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BUCKET_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"

OTHER_ACCOUNT_ID = "210987654321"
KMS_KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/0a1b2c3d-0000-4000-8000-000000000000"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:on-call"
CLIENT_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/team/client"
BOUNDARY_ARN = f"arn:aws:iam::{ACCOUNT_ID}:policy/boundary"
IMAGE_URI = f"{ACCOUNT_ID}.dkr.ecr.{REGION}.amazonaws.com/team/wine@sha256:{'0a' * 32}"
PARTNER_ARN = f"arn:aws:iam::{OTHER_ACCOUNT_ID}:role/partner"
VPC = {
    "subnet_ids": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"],
    "security_group_ids": ["sg-0a1b2c3d4e5f60718"],
}

OUTPUTS = [name for name in MLInferenceFunction.__annotations__ if not name.startswith("_")]


def write_model(folder: Path) -> Path:
    """Trains a model of two features and writes it with the golden file that belongs to it."""
    rows = np.random.default_rng(0).random((64, 2), dtype=np.float32)
    data = xgboost.DMatrix(rows, rows.sum(axis=1), feature_names=["a", "b"])
    model = xgboost.train({"max_depth": 2, "nthread": 1}, data, 3)
    path = folder / "model.ubj"
    model.save_model(path)
    write_golden(path, pd.DataFrame(rows[:2], columns=["a", "b"]))
    write_ranges(path, pd.DataFrame(rows, columns=["a", "b"]))
    return path


class Deployer:
    """Deploys the component with some arguments on mocks, in the model's folder: contexts are staged below it."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._predictions = json.loads(model.with_name("golden.json").read_text())["predictions"]
        # The context is the same every time, and writing it would be half of the work of hundreds of runs.
        self._stage = functools.cache(staging.stage)

    def __call__(self, args: Mapping[str, Any] | None = None, *, preview: bool = False) -> Deployment:
        """All registrations and outputs of one run.

        Args:
            args: Arguments of the component besides the model. Callables are called while the program runs, because
                an `Output` can only be made there.
            preview: Whether the outputs of resources stay unknown.

        Raises:
            pulumi.RunError: The component refused the arguments.
        """

        def program() -> dict[str, pulumi.Output[Any]]:
            given = {key: value() if callable(value) else value for key, value in (args or {}).items()}
            source = {} if {"context_path", "image_uri"} & given.keys() else {"model_path": self._model.name}
            component = MLInferenceFunction("wine", {**source, **given})  # type: ignore[typeddict-item]
            return {output: getattr(component, output) for output in OUTPUTS}

        with contextlib.chdir(self._model.parent), mock.patch.object(staging, "stage", self._stage):
            return fake_engine.run(program, preview=preview, golden_answer=self._predictions)


def changed(deployment: Deployment, name: str, change: Callable[[dict[str, Any]], object]) -> Deployment:
    """A copy in which the inputs of the resource with this name were changed in place."""
    assert any(resource.name == name for resource in deployment.resources), f"no resource is called {name}"

    def altered(resource: Resource) -> Resource:
        if resource.name != name:
            return resource
        inputs = copy.deepcopy(resource.inputs)
        change(inputs)
        return replace(resource, inputs=inputs)

    return Deployment([altered(resource) for resource in deployment.resources], deployment.outputs)


def without(deployment: Deployment, name: str) -> Deployment:
    """A copy that lacks the resource with this name."""
    kept = [resource for resource in deployment.resources if resource.name != name]
    assert len(kept) == len(deployment.resources) - 1, f"no resource is called {name}"
    return Deployment(kept, deployment.outputs)


def revealed(value: Any) -> Any:
    """Inputs as the provider gets them: without the marks that stand around secrets."""
    if isinstance(value, Mapping):
        return revealed(value["secret"]) if value.keys() == {"secret"} else {k: revealed(v) for k, v in value.items()}
    return [revealed(item) for item in value] if isinstance(value, list) else value
