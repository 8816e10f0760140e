"""Two models side by side, each with its own endpoint, and one setting that says which of them clients are told.

`pulumi config set live green && pulumi up` moves the exported address, and no function. Both sides stay up, so going
back takes the same time. The sides also run on different processors here: their dashboards show what that changes.
"""

import pulumi
from pulumi_ml_inference import Architecture, MLInferenceFunction, MLInferenceFunctionArgs

config = pulumi.Config()

sides: dict[str, MLInferenceFunctionArgs] = {
    "blue": {"model_path": config.require("blueModel"), "architecture": Architecture.X86_64, "dashboard": True},
    "green": {"model_path": config.require("greenModel"), "architecture": Architecture.ARM64, "dashboard": True},
}
live = config.require("live")
if live not in sides:
    raise pulumi.RunError(f"live must be one of {', '.join(sides)}, got {live!r}")

endpoints = {side: MLInferenceFunction(f"wine-{side}", args) for side, args in sides.items()}

pulumi.export("endpoint", endpoints[live].endpoint)
pulumi.export("client_policy_json", endpoints[live].client_policy_json)
for side, endpoint in endpoints.items():
    pulumi.export(f"{side}_endpoint", endpoint.endpoint)
    pulumi.export(f"{side}_model", endpoint.model_version)
    pulumi.export(f"{side}_cost_per_1000_usd", endpoint.cost_per_1000_predictions_usd)
