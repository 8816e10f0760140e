"""Tests of the program beside this file: `python -m pytest`, in a second, without AWS, Docker or the Pulumi CLI.

`deploy` runs the program on mocks that answer as AWS would, and keeps what it registered and exported.
"""

import runpy

import pytest
from pulumi_ml_inference import RefusedError
from pulumi_ml_inference.testing import AwsMocks, Deployment, deploy

MODEL = "../../model/wine_quality.ubj"
GOLDEN = "../../model/golden.json"


def wine(mocks: AwsMocks, model: str = MODEL) -> Deployment:
    return deploy(lambda: runpy.run_path("__main__.py"), mocks, config={"project:modelPath": model})


def test_the_function_gets_by_with_half_a_gigabyte() -> None:
    deployed = wine(AwsMocks(GOLDEN))
    assert deployed.one("aws:lambda/function:Function").inputs["memorySize"] == 512
    assert deployed.outputs["endpoint"].startswith("https://")


def test_every_alarm_tells_whoever_is_on_call() -> None:
    deployed = wine(AwsMocks(GOLDEN))
    topic = deployed.one("aws:sns/topic:Topic")
    alarms = deployed.all("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert alarms
    assert all(deployed.depends(alarm, topic) for alarm in alarms)


def test_a_model_that_predicts_otherwise_takes_no_traffic() -> None:
    with pytest.raises(RefusedError, match="is not served"):
        wine(AwsMocks(golden_answer=[0.0]))


def test_a_model_that_is_missing_is_refused_before_anything_registers() -> None:
    with pytest.raises(RefusedError, match="no-such-model"):
        wine(AwsMocks(GOLDEN), model="no-such-model.ubj")
