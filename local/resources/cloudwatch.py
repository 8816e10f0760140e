"""CloudWatch: alarms on metrics, and the dashboard."""

from typing import Any, ClassVar

from local.resources.resource_type import (
    Properties,
    ResourceType,
    State,
    Target,
    api_arguments,
    as_found,
    physical_name,
    pulumi_spelling,
    tag_list,
    unless_gone,
)


class MetricAlarm(ResourceType):
    """An alarm that a metric sets off."""

    pulumi_type = "aws:cloudwatch/metricAlarm:MetricAlarm"
    settings: ClassVar = {
        "actionsEnabled": "ActionsEnabled",
        "alarmActions": "AlarmActions",
        "alarmDescription": "AlarmDescription",
        "comparisonOperator": "ComparisonOperator",
        "datapointsToAlarm": "DatapointsToAlarm",
        "evaluationPeriods": "EvaluationPeriods",
        "extendedStatistic": "ExtendedStatistic",
        "insufficientDataActions": "InsufficientDataActions",
        "metricName": "MetricName",
        "namespace": "Namespace",
        "okActions": "OKActions",
        "period": "Period",
        "statistic": "Statistic",
        "threshold": "Threshold",
        "treatMissingData": "TreatMissingData",
        "unit": "Unit",
    }
    fixed = frozenset({"name"})
    changeable = frozenset({*settings, "dimensions", "metricQueries", "tags"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Make the alarm."""
        alarm = physical_name(name, inputs)
        self._put(target, alarm, inputs)
        arn = f"arn:aws:cloudwatch:{target.cloud.region}:{target.cloud.account_id}:alarm:{alarm}"
        return State(alarm, inputs, {"name": alarm, "arn": arn})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Put the alarm again, and its tags, which AWS takes on creation only."""
        cloudwatch, arn = target.cloud.cloudwatch, old.outputs["arn"]
        self._put(target, old.id, inputs)
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=list(old.inputs.get("tags") or {}))
        cloudwatch.tag_resource(ResourceARN=arn, Tags=tag_list(inputs))
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """When it goes off, and whom it tells."""
        alarms = target.cloud.cloudwatch.describe_alarms(AlarmNames=[old.id])["MetricAlarms"]
        if not alarms:
            return None
        alarm = alarms[0]
        found = {pulumi: alarm.get(api) for pulumi, api in self.settings.items() if alarm.get(api) is not None}
        found["dimensions"] = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions", [])}
        found["metricQueries"] = [metric_query(query) for query in alarm.get("Metrics", [])]
        return as_found(old, found)

    def delete(self, target: Target, old: State) -> None:
        """Delete it; AWS says nothing if it is gone."""
        target.cloud.cloudwatch.delete_alarms(AlarmNames=[old.id])

    def _put(self, target: Target, alarm: str, inputs: Properties) -> None:
        dimensions: Any = [{"Name": key, "Value": value} for key, value in (inputs.get("dimensions") or {}).items()]
        metrics: Any = [metric_data_query(query) for query in inputs.get("metricQueries") or []]
        target.cloud.cloudwatch.put_metric_alarm(
            AlarmName=alarm,
            **({"Metrics": metrics} if metrics else {"Dimensions": dimensions}),
            Tags=tag_list(inputs),
            **api_arguments(inputs, self.settings),
        )


def metric_data_query(query: Properties) -> Any:
    """One of an alarm's several metrics, or what is made of them, as CloudWatch's API takes it."""
    given = {"Id": query["id"], "Expression": query.get("expression"), "ReturnData": bool(query.get("returnData"))}
    given["Label"] = query.get("label")
    if metric := query.get("metric"):
        dimensions = [{"Name": key, "Value": value} for key, value in (metric.get("dimensions") or {}).items()]
        named = {"Namespace": metric["namespace"], "MetricName": metric["metricName"], "Dimensions": dimensions}
        given["MetricStat"] = {"Metric": named, "Period": int(metric["period"]), "Stat": metric["stat"]}
    return {key: value for key, value in given.items() if value is not None}


def metric_query(found: Any) -> Properties:
    """The other way round."""
    query = {"id": found["Id"], "expression": found.get("Expression"), "label": found.get("Label")}
    query["returnData"] = found.get("ReturnData") or None
    if stat := found.get("MetricStat"):
        metric = stat["Metric"]
        query["metric"] = {
            "namespace": metric["Namespace"],
            "metricName": metric["MetricName"],
            "dimensions": {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]},
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    return {key: value for key, value in query.items() if value is not None}


class Dashboard(ResourceType):
    """A page of graphs."""

    pulumi_type = "aws:cloudwatch/dashboard:Dashboard"
    fixed = frozenset({"dashboardName"})
    changeable = frozenset({"dashboardBody"})

    def create(self, target: Target, name: str, inputs: Properties) -> State:
        """Make the page."""
        dashboard = physical_name(name, {"name": inputs.get("dashboardName")})
        self._put(target, dashboard, inputs)
        arn = f"arn:aws:cloudwatch::{target.cloud.account_id}:dashboard/{dashboard}"
        return State(dashboard, inputs, {"dashboardName": dashboard, "dashboardArn": arn})

    def update(self, target: Target, old: State, inputs: Properties) -> State:
        """Put the page again."""
        self._put(target, old.id, inputs)
        return State(old.id, inputs, old.outputs)

    def read(self, target: Target, old: State) -> State | None:
        """What is on it."""
        page = unless_gone(lambda: target.cloud.cloudwatch.get_dashboard(DashboardName=old.id))
        return page and as_found(old, pulumi_spelling({"DashboardBody": page["DashboardBody"]}))

    def delete(self, target: Target, old: State) -> None:
        """Delete it."""
        unless_gone(lambda: target.cloud.cloudwatch.delete_dashboards(DashboardNames=[old.id]))

    def _put(self, target: Target, dashboard: str, inputs: Properties) -> None:
        target.cloud.cloudwatch.put_dashboard(DashboardName=dashboard, DashboardBody=inputs["dashboardBody"])
