"""Who learns that something is wrong, and where does one look? Alarms and a dashboard on the live alias.

All of it watches the alias `live`, not the function, so that the golden check of a version that is never served
wakes nobody.
"""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

#: Metrics of one minute show a spike; five of them make an alarm that one slow request does not set off.
_PERIOD_SECONDS = 60
#: Columns of a CloudWatch dashboard.
_GRID_WIDTH = 24
#: Share of the timeout at which the longest request is near it.
NEAR_TIMEOUT = 0.8


def alarms(
    name: str,
    alias: aws.lambda_.Alias,
    *,
    timeout_seconds: int,
    p99_duration_ms: int,
    topic_arn: pulumi.Input[str] | None,
    tags: Mapping[str, Any],
    parent: pulumi.Resource,
) -> list[aws.cloudwatch.MetricAlarm]:
    """Declares four alarms: errors, throttles, slow requests, and requests near the timeout.

    Args:
        name: The component's name.
        alias: What to watch.
        timeout_seconds: The function's timeout in seconds.
        p99_duration_ms: Duration in milliseconds that 99 of 100 requests should keep.
        topic_arn: SNS topic to tell when an alarm goes on and off; nobody is told without.
        tags: Tags on every alarm.
        parent: The component.
    """
    near_timeout_ms = round(timeout_seconds * 1000 * NEAR_TIMEOUT)
    wanted: list[tuple[str, str, dict[str, Any], int, int, str]] = [
        ("errors", "Errors", {"statistic": "Sum"}, 0, 1, "requests failed: look into the log group"),
        ("throttles", "Throttles", {"statistic": "Sum"}, 0, 1, "requests were turned away: raise the concurrency"),
        ("p99-duration", "Duration", {"extended_statistic": "p99"}, p99_duration_ms, 5, "99th percentile too slow"),
        ("near-timeout", "Duration", {"statistic": "Maximum"}, near_timeout_ms, 1, "a request came near the timeout"),
    ]
    actions = [topic_arn] if topic_arn is not None else []
    return [
        aws.cloudwatch.MetricAlarm(
            f"{name}-{label}",
            alarm_description=f"{name}: {meaning}",
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions=_dimensions(alias),
            threshold=threshold,
            comparison_operator="GreaterThanThreshold",
            period=_PERIOD_SECONDS,
            evaluation_periods=minutes,
            # No request is no trouble: a quiet endpoint must not stay in alarm, or without a state.
            treat_missing_data="notBreaching",
            alarm_actions=actions,
            ok_actions=actions,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=parent),
            **statistic,
        )
        for label, metric, statistic, threshold, minutes, meaning in wanted
    ]


def dashboard(
    name: str,
    alias: aws.lambda_.Alias,
    *,
    region: pulumi.Input[str],
    log_group_name: pulumi.Input[str],
    about: str,
    timeout_seconds: int,
    parent: pulumi.Resource,
) -> aws.cloudwatch.Dashboard:
    """Declares a dashboard: what is served, how much, how fast, what went wrong, and the last errors' log lines."""
    body = pulumi.Output.all(alias.function_name, alias.name, region, log_group_name).apply(
        lambda known: dashboard_body(*known, about=about, timeout_seconds=timeout_seconds)
    )
    return aws.cloudwatch.Dashboard(
        f"{name}-dashboard",
        dashboard_name=alias.function_name,
        dashboard_body=body,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def dashboard_body(
    function_name: str, alias_name: str, region: str, log_group_name: str, *, about: str, timeout_seconds: int
) -> str:
    """The dashboard as CloudWatch wants it: JSON, on a grid 24 columns wide.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    resource = ["FunctionName", function_name, "Resource", f"{function_name}:{alias_name}"]

    def graph(title: str, unit: str, metrics: list[list[Any]], **more: Any) -> dict[str, Any]:
        axis = {"left": {"label": unit, "min": 0, "showUnits": False}}
        look = {"title": title, "region": region, "view": "timeSeries", "period": _PERIOD_SECONDS, "yAxis": axis}
        return {"type": "metric", "properties": {**look, "metrics": metrics, **more}}

    def metric(what: str, stat: str, label: str, color: str) -> list[Any]:
        return ["AWS/Lambda", what, *resource, {"stat": stat, "label": label, "color": color}]

    timeout_line = {"label": "timeout", "value": timeout_seconds * 1000, "color": "#7f7f7f"}
    errors_query = (
        f"SOURCE '{log_group_name}' | fields @timestamp, status, route, ms, request_id "
        "| filter status >= 500 or level = 'ERROR' | sort @timestamp desc | limit 20"
    )
    placed = [
        (_GRID_WIDTH, 2, {"type": "text", "properties": {"markdown": f"# {function_name}\n{about}"}}),
        (
            12,
            6,
            graph("Requests", "a minute", [metric("Invocations", "Sum", "requests", "#1f77b4")]),
        ),
        (
            12,
            6,
            graph(
                "Duration",
                "milliseconds",
                [
                    metric("Duration", "p50", "median", "#2ca02c"),
                    metric("Duration", "p99", "99th percentile", "#ff7f0e"),
                    metric("Duration", "Maximum", "longest", "#d62728"),
                ],
                annotations={"horizontal": [timeout_line]},
            ),
        ),
        (
            12,
            6,
            graph(
                "Refused and failed",
                "a minute",
                [metric("Errors", "Sum", "errors", "#d62728"), metric("Throttles", "Sum", "throttles", "#ff7f0e")],
            ),
        ),
        (
            12,
            6,
            graph(
                "At the same time", "executions", [metric("ConcurrentExecutions", "Maximum", "executions", "#1f77b4")]
            ),
        ),
        (
            _GRID_WIDTH,
            6,
            {
                "type": "log",
                "properties": {
                    "title": "Last failures",
                    "region": region,
                    "view": "table",
                    "query": errors_query,
                },
            },
        ),
    ]
    return json.dumps({"widgets": _on_grid(placed)})


def _on_grid(placed: list[tuple[int, int, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Lays widgets of a width and a height side by side, row after row."""
    widgets, x, y = [], 0, 0
    for width, height, widget in placed:
        widgets.append({"x": x, "y": y, "width": width, "height": height, **widget})
        x += width
        if x >= _GRID_WIDTH:
            x, y = 0, y + height
    return widgets


def _dimensions(alias: aws.lambda_.Alias) -> pulumi.Output[dict[str, str]]:
    return pulumi.Output.all(alias.function_name, alias.name).apply(
        lambda known: {"FunctionName": known[0], "Resource": f"{known[0]}:{known[1]}"}
    )
