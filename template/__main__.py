"""A trained model as a private endpoint. Every argument is a setting: `pulumi config set memoryMb 2048`."""

import pulumi
from pulumi_ml_inference import MLInferenceFunction, stack_settings

model = MLInferenceFunction(pulumi.get_project(), stack_settings())

pulumi.export("endpoint", model.endpoint)
pulumi.export("invoker_role_arn", model.invoker_role_arn)
pulumi.export("model", model.model_summary)
