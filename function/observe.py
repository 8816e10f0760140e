"""The one line that a request leaves in the log: enough to operate the function, nothing that a client sent.

The line is also a CloudWatch embedded metric, so that metrics cost neither a call nor a wait.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import sys
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

METRICS_NAMESPACE = "METRICS_NAMESPACE"
"""Environment variable: the CloudWatch namespace of the metrics; empty for none."""

DEFAULT_NAMESPACE = "MLInference"

# Each metric and dimension set is billed as one custom metric, hence one set and few metrics.
_METRICS = (
    ("Duration", "Milliseconds"),
    ("Rows", "Count"),
    ("ColdStarts", "Count"),
    ("ClientErrors", "Count"),
    ("ServerErrors", "Count"),
)


class Log:
    """Writes the lines of one execution environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._function = json.dumps(environment.get("AWS_LAMBDA_FUNCTION_NAME", "local"))
        namespace = environment.get(METRICS_NAMESPACE, DEFAULT_NAMESPACE)
        metrics = [{"Name": name, "Unit": unit} for name, unit in _METRICS]
        definition = [{"Namespace": namespace, "Dimensions": [["FunctionName"]], "Metrics": metrics}]
        self._definition = json.dumps(definition, separators=(",", ":"))
        self._with_metrics = bool(namespace)
        self._cold = True

    def warm(self) -> None:
        """Note that the process has started, for an event that leaves no line."""
        self._cold = False

    def request(
        self,
        *,
        request_id: str,
        route: str,
        rows: int,
        status: int,
        milliseconds: float,
        model_version: str,
        error: str | None,
    ) -> None:
        """Write the line of one request.

        Args:
            request_id: AWS's id of the request, letters, digits and dashes.
            route: The route's name out of the table of routes, never the path that the client sent.
            rows: Number of rows predicted.
            status: HTTP status; of a direct invocation what it would have been.
            milliseconds: Time from the event to the response.
            model_version: Version of the served model; empty if none is.
            error: The type of an unexpected exception and where it arose, never its message.
        """
        # Put together by hand: all but the error is numbers and words of ours, and most of the line is always the same.
        ms, cold = f"{milliseconds:.3f}", self._cold
        self._cold = False
        line = (
            f'{{"request_id":"{request_id}","route":"{route}","rows":{rows},"status":{status},"ms":{ms},'
            f'"model_version":"{model_version}","cold":{"true" if cold else "false"}'
        )
        if error is not None:
            line += f',"error":{json.dumps(error)}'
        if self._with_metrics:
            line += (
                f',"FunctionName":{self._function},"Duration":{ms},"Rows":{rows},"ColdStarts":{int(cold)},'
                f'"ClientErrors":{int(400 <= status < 500)},"ServerErrors":{int(status >= 500)},'
                f'"_aws":{{"Timestamp":{int(time() * 1000)},"CloudWatchMetrics":{self._definition}}}'
            )
        sys.stdout.write(line + "}\n")
        sys.stdout.flush()
