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
#: A share of few requests needs longer to say something.
_CANARY_PERIOD_SECONDS = 300
#: How many more of 100 requests may fail on a version that takes a share, and how many times as slow it may be.
CANARY_ERROR_POINTS = 1
CANARY_SLOWDOWN = 1.5
#: Columns of a CloudWatch dashboard.
_GRID_WIDTH = 24
#: Drift is slow, and a few odd requests are none: a quarter of an hour of them is an alarm.
_DRIFT_PERIOD_SECONDS = 300
_DRIFT_PERIODS = 3
#: Where the bundled handler's own metrics are, unless METRICS_NAMESPACE says otherwise, and what they are called.
HANDLER_NAMESPACE = "MLInference"
ROWS_WATCHED, ROWS_OUT_OF_RANGE, PREDICTION = "RowsWatched", "RowsOutOfRange", "Prediction"
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


def drift_alarm(
    name: str,
    alias: aws.lambda_.Alias,
    *,
    namespace: pulumi.Input[str],
    out_of_range_percent: float,
    topic_arn: pulumi.Input[str] | None,
    tags: Mapping[str, Any],
    parent: pulumi.Resource,
) -> aws.cloudwatch.MetricAlarm:
    """Declares an alarm on rows with a value that training did not see.

    Args:
        name: The component's name.
        alias: Whose function to watch.
        namespace: CloudWatch namespace of the handler's metrics.
        out_of_range_percent: Percentage of all rows that is still no alarm.
        topic_arn: SNS topic to tell; nobody is told without.
        tags: Tags on the alarm.
        parent: The component.
    """
    actions = [topic_arn] if topic_arn is not None else []

    def count(id_: str, metric_name: str) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
        return aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=id_,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=namespace,
                metric_name=metric_name,
                dimensions={"FunctionName": alias.function_name},
                period=_DRIFT_PERIOD_SECONDS,
                stat="Sum",
            ),
        )

    share = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="share", expression="100 * outside / rows", label="% of rows out of range", return_data=True
    )
    return aws.cloudwatch.MetricAlarm(
        f"{name}-drift",
        alarm_description=f"{name}: rows hold values that training did not see: look at the data, or train again",
        metric_queries=[share, count("outside", ROWS_OUT_OF_RANGE), count("rows", ROWS_WATCHED)],
        threshold=out_of_range_percent,
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=_DRIFT_PERIODS,
        treat_missing_data="notBreaching",
        alarm_actions=actions,
        ok_actions=actions,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def canary_alarms(
    name: str,
    alias: aws.lambda_.Alias,
    *,
    serving: pulumi.Input[str],
    candidate: pulumi.Input[str],
    topic_arn: pulumi.Input[str] | None,
    tags: Mapping[str, Any],
    parent: pulumi.Resource,
) -> list[aws.cloudwatch.MetricAlarm]:
    """Declares two alarms that compare a version which takes a share with the one that serves the others.

    Lambda counts by version what reaches an alias with two of them:
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html. Minutes in which one of them had no
    request compare nothing and set nothing off.

    Args:
        name: The component's name.
        alias: The alias with both versions.
        serving: The version that the alias names.
        candidate: The version that takes a share.
        topic_arn: SNS topic to tell when an alarm goes on and off; nobody is told without.
        tags: Tags on every alarm.
        parent: The component.
    """
    per_cent = "100 * (candidate_{0} / candidate_{1} - serving_{0} / serving_{1})"
    wanted: list[tuple[str, list[tuple[str, str]], str, float, str]] = [
        (
            "canary-errors",
            [("Errors", "Sum"), ("Invocations", "Sum")],
            per_cent.format("errors", "invocations"),
            CANARY_ERROR_POINTS,
            "more of 100 requests fail on the new version than on the one before: deploy the model before",
        ),
        (
            "canary-duration",
            [("Duration", "p99")],
            "candidate_duration / serving_duration",
            CANARY_SLOWDOWN,
            "the new version's 99th percentile is so many times the one before: deploy the model before",
        ),
    ]
    actions = [topic_arn] if topic_arn is not None else []
    versions = pulumi.Output.all(alias.function_name, alias.name, serving, candidate)

    def queries(metrics: list[tuple[str, str]], expression: str) -> pulumi.Output[list[Any]]:
        return versions.apply(lambda known: _comparison(*known, metrics=metrics, expression=expression))

    return [
        aws.cloudwatch.MetricAlarm(
            f"{name}-{label}",
            alarm_description=f"{name}: {meaning}",
            metric_queries=queries(metrics, expression),
            threshold=threshold,
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            alarm_actions=actions,
            ok_actions=actions,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for label, metrics, expression, threshold, meaning in wanted
    ]


def _comparison(
    function_name: str,
    alias_name: str,
    serving: str,
    candidate: str,
    *,
    metrics: list[tuple[str, str]],
    expression: str,
) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
    """Metrics of both versions, and what an alarm makes of them."""
    resource = {"FunctionName": function_name, "Resource": f"{function_name}:{alias_name}"}
    return [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(id="compared", expression=expression, return_data=True),
        *(
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=f"{who}_{metric.lower()}",
                metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                    namespace="AWS/Lambda",
                    metric_name=metric,
                    dimensions={**resource, "ExecutedVersion": version},
                    period=_CANARY_PERIOD_SECONDS,
                    stat=statistic,
                ),
            )
            for who, version in (("candidate", candidate), ("serving", serving))
            for metric, statistic in metrics
        ),
    ]


def dashboard(
    name: str,
    alias: aws.lambda_.Alias,
    *,
    region: pulumi.Input[str],
    log_group_name: pulumi.Input[str],
    about: pulumi.Input[str],
    timeout_seconds: int,
    drift_namespace: pulumi.Input[str] | None,
    by_version: bool,
    parent: pulumi.Resource,
) -> aws.cloudwatch.Dashboard:
    """Declares a dashboard: what is served, how much, how fast, what went wrong, and the last errors' log lines."""
    body = pulumi.Output.all(alias.function_name, alias.name, region, log_group_name, about, drift_namespace).apply(
        lambda known: dashboard_body(
            *known[:5], timeout_seconds=timeout_seconds, drift_namespace=known[5], by_version=by_version
        )
    )
    return aws.cloudwatch.Dashboard(
        f"{name}-dashboard",
        dashboard_name=alias.function_name,
        dashboard_body=body,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def dashboard_body(
    function_name: str,
    alias_name: str,
    region: str,
    log_group_name: str,
    about: str,
    *,
    timeout_seconds: int,
    drift_namespace: str | None = None,
    by_version: bool = False,
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

    def each_version(what: str, stat: str) -> list[Any]:
        wanted = "{AWS/Lambda,ExecutedVersion,FunctionName,Resource}" + "".join(
            f' {key}="{value}"'
            for key, value in (*zip(resource[::2], resource[1::2], strict=True), ("MetricName", what))
        )
        label = "version ${PROP('Dim.ExecutedVersion')}"
        return [{"expression": f"SEARCH('{wanted}', '{stat}', {_PERIOD_SECONDS})", "id": "versions", "label": label}]

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
        *(
            []
            if drift_namespace is None
            else [
                (12, 6, graph("Rows out of the range of training", "%", _out_of_range(drift_namespace, function_name))),
                (12, 6, graph("Predictions", "", _spread(drift_namespace, function_name), yAxis={})),
            ]
        ),
        *(
            (8, 6, graph(title, unit, [each_version(what, stat)]))
            for title, unit, what, stat in (
                ("Requests by version", "a minute", "Invocations", "Sum"),
                ("Errors by version", "a minute", "Errors", "Sum"),
                ("99th percentile by version", "milliseconds", "Duration", "p99"),
            )
            if by_version
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


def _out_of_range(namespace: str, function_name: str) -> list[list[Any]]:
    """Percentage of the rows, from two counts that are not drawn."""
    counts = [("outside", ROWS_OUT_OF_RANGE), ("rows", ROWS_WATCHED)]
    return [
        [{"expression": "100 * outside / rows", "label": "rows", "color": "#d62728"}],
        *(
            [namespace, metric, "FunctionName", function_name, {"id": id_, "stat": "Sum", "visible": False}]
            for id_, metric in counts
        ),
    ]


def _spread(namespace: str, function_name: str) -> list[list[Any]]:
    """Percentiles of a single prediction; the means of several, whatever they are called."""
    single = [namespace, PREDICTION, "FunctionName", function_name]
    several = f"SEARCH('{{\"{namespace}\",FunctionName}} FunctionName=\"{function_name}\" {PREDICTION}', 'Average')"
    return [
        *([*single, {"stat": stat, "label": stat, "color": color}] for stat, color in _PERCENTILES),
        [{"expression": several, "label": "mean"}],
    ]


_PERCENTILES = [("p5", "#1f77b4"), ("p50", "#2ca02c"), ("p95", "#ff7f0e")]


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
