"""The wine quality endpoint: takes the stack's settings, creates the component, exports what clients need.

Every argument of the component is a setting. Their defaults are listed in Pulumi.yaml, their meaning in
docs/reference.md; a stack's own values stand in Pulumi.<stack>.yaml.
"""

import pulumi
import pulumi_aws as aws

from components import MLInferenceFunction, stack_settings

wine_quality = MLInferenceFunction(pulumi.get_project(), stack_settings())

pulumi.export("endpoint", wine_quality.endpoint)
pulumi.export("region", aws.get_region_output().region)
pulumi.export("invoker_role_arn", wine_quality.invoker_role_arn)
pulumi.export("client_policy_json", wine_quality.client_policy_json)
pulumi.export("function_name", wine_quality.function_name)
pulumi.export("log_group_name", wine_quality.log_group_name)
pulumi.export("image_uri", wine_quality.image_uri)
pulumi.export("model_version", wine_quality.model_version)
pulumi.export("model", wine_quality.model_summary)
pulumi.export("batch", wine_quality.batch)
pulumi.export("cost_per_1000_predictions_usd", wine_quality.cost_per_1000_predictions_usd)
