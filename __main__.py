"""The wine quality endpoint: reads the stack's configuration, creates the component, exports what clients need.

Configuration is documented, with its defaults, in Pulumi.yaml; a stack's own values stand in Pulumi.<stack>.yaml.
"""

import pulumi
import pulumi_aws as aws

from components import MLInferenceFunction

config = pulumi.Config()

wine_quality = MLInferenceFunction(
    pulumi.get_project(),
    {
        "model_path": config.require("modelPath"),
        "base_image": config.require("baseImage"),
        "architecture": config.require("architecture"),  # type: ignore[typeddict-item]  # the component checks it
        "memory_mb": config.require_int("memoryMb"),
        "timeout_seconds": config.require_int("timeoutSeconds"),
        "log_retention_days": config.require_int("logRetentionDays"),
        "invoker_arns": config.require_object("invokerArns"),
    },
)

pulumi.export("endpoint", wine_quality.endpoint)
pulumi.export("region", aws.get_region_output().region)
pulumi.export("invoker_role_arn", wine_quality.invoker_role_arn)
pulumi.export("client_policy_json", wine_quality.client_policy_json)
pulumi.export("function_name", wine_quality.function_name)
pulumi.export("log_group_name", wine_quality.log_group_name)
pulumi.export("image_uri", wine_quality.image_uri)
pulumi.export("model_version", wine_quality.model_version)
pulumi.export("model", wine_quality.model_summary)
pulumi.export("cost_per_1000_predictions_usd", wine_quality.cost_per_1000_predictions_usd)
