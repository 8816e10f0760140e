"""An endpoint whose arguments are configuration, so that a test can change them one by one."""

import pulumi

from components import MLInferenceFunction

endpoint = MLInferenceFunction("wine", pulumi.Config().require_object("arguments"))
for output in MLInferenceFunction.__annotations__:
    if not output.startswith("_"):
        pulumi.export(output, getattr(endpoint, output))
