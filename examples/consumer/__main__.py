"""A service that calls the endpoint of another stack: it learns the address and gets the right to call from there.

`client_policy_json` holds both rights that a Function URL asks for, on the alias that takes traffic. Attached to the
service's own role it is all that is needed within one account; in another account, name the role in `invoker_arns` of
the endpoint as well.
"""

import json

import pulumi
import pulumi_aws as aws

endpoint_stack = pulumi.StackReference(pulumi.Config().require("endpointStack"))

service = aws.iam.Role(
    "service",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    ),
)
aws.iam.RolePolicy(
    "service-calls-the-model", role=service.name, policy=endpoint_stack.require_output("client_policy_json")
)
address = aws.ssm.Parameter("model-endpoint", type="String", value=endpoint_stack.require_output("endpoint"))

pulumi.export("address_parameter", address.name)
pulumi.export("service_role_arn", service.arn)
