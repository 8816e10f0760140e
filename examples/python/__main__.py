"""A model file as an endpoint: the component is installed and imported like any other Python package.

Arguments are a typed mapping, so that an editor completes them and a type checker finds a misspelt one. Outputs of
other resources go in where the types say `Input`, such as the topic that the alarms tell.
"""

import pulumi
import pulumi_aws as aws
from pulumi_ml_inference import MLInferenceFunction

config = pulumi.Config()

on_call = aws.sns.Topic("on-call")

wine = MLInferenceFunction(
    "wine",
    {
        "model_path": config.require("modelPath"),
        "memory_mb": 512,
        "alarms": {"topic_arn": on_call.arn, "p99_duration_ms": 250},
        "tags": {"team": "cellar"},
    },
)

pulumi.export("endpoint", wine.endpoint)
pulumi.export("client_policy_json", wine.client_policy_json)
pulumi.export("model_summary", wine.model_summary)
