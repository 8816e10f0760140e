"""What is there in the emulator's account?"""

from local.cloud import Cloud


def inventory(cloud: Cloud) -> set[str]:
    """Everything of the kinds that the component makes, as `kind name`."""
    repositories = cloud.ecr.describe_repositories()["repositories"]
    return {
        *(f"alarm {alarm['AlarmName']}" for alarm in cloud.cloudwatch.describe_alarms()["MetricAlarms"]),
        *(f"dashboard {page['DashboardName']}" for page in cloud.cloudwatch.list_dashboards()["DashboardEntries"]),
        *(f"function {function['FunctionName']}" for function in cloud.lambda_.list_functions()["Functions"]),
        *(f"log group {group['logGroupName']}" for group in cloud.logs.describe_log_groups()["logGroups"]),
        *(f"repository {repository['repositoryName']}" for repository in repositories),
        *(f"role {role['RoleName']}" for role in cloud.iam.list_roles()["Roles"]),
    }
