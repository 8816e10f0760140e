"""What does the component register, and in which order?"""

import contextlib
import fnmatch
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import MLInferenceFunction, RefusedError, policies, testing
from components.arguments import DEFAULT_BASE_IMAGE
from tests.components.conftest import GOLDEN, MODEL, small_model
from tests.fake_engine import ACCOUNT_ID, Deployment

Deploy = Callable[..., Deployment]

REPOSITORY = "aws:ecr/repository:Repository"
IMAGE = "docker:index/image:Image"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
FUNCTION = "aws:lambda/function:Function"
INVOCATION = "aws:lambda/invocation:Invocation"
ALIAS = "aws:lambda/alias:Alias"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
URL = "aws:lambda/functionUrl:FunctionUrl"
PERMISSION = "aws:lambda/permission:Permission"


@pytest.fixture(autouse=True)
def in_a_project_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


@pytest.fixture(scope="module")
def deployment(deploy: Deploy, project: Path) -> Deployment:
    """The one without arguments, to look at."""
    with contextlib.chdir(project):
        return deploy()


#: Arguments that have nothing to do with each other, each of which has to be seen where it belongs.
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT_ID}:key/0a1b2c3d-0000-4000-8000-000000000000"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT_ID}:on-call"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/boundary"
CLIENT = f"arn:aws:iam::{ACCOUNT_ID}:role/team/client"
MANY_ARGUMENTS: dict[str, Any] = {
    "architecture": "arm64",
    "memory_mb": 2048,
    "expected_duration_ms": 250,
    "timeout_seconds": 10,
    "ephemeral_storage_mb": 1024,
    "environment": {"ALLOW_MISSING": "1"},
    "tags": {"team": "wine"},
    "kms_key_arn": KEY,
    "vpc": {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]},
    "tracing": False,
    "permissions_boundary_arn": BOUNDARY,
    "invoker_arns": [CLIENT],
    "cors": {"allow_origins": ["https://a.example"], "allow_methods": ["POST"], "max_age_seconds": 60},
    "reserved_concurrency": 7,
    "provisioned_concurrency": 3,
    "alarms": {"topic_arn": TOPIC},
    "dashboard": True,
    "batch": {},
}


@pytest.fixture(scope="module")
def with_many_arguments(deploy: Deploy, project: Path) -> Deployment:
    """One with many arguments, to look at each of them."""
    with contextlib.chdir(project):
        return deploy(MANY_ARGUMENTS)


@pytest.fixture(scope="module")
def previewed(deploy: Deploy, project: Path) -> Deployment:
    with contextlib.chdir(project):
        return deploy(preview=True)


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without a golden file."""
    return small_model(tmp_path_factory.mktemp("lonely") / "lonely.ubj")


def test_the_image_is_pushed_under_a_tag_of_its_content_and_run_by_digest(deployment: Deployment) -> None:
    image = deployment.one(IMAGE).inputs
    assert re.fullmatch(r".+/wine-repository-\w+:[0-9a-f]{20}-[0-9a-f]{8}", image["imageName"])
    assert "@sha256:" in deployment.one(FUNCTION).inputs["imageUri"]


def test_a_tag_is_used_once_even_for_content_that_comes_back(deploy: Deploy, deployment: Deployment) -> None:
    def content(deployed: Deployment) -> str:
        build = deployed.one("random:index/randomId:RandomId").inputs
        return str(build["keepers"]["content"])

    larger, on_arm = deploy({"memory_mb": 2048}), deploy({"architecture": "arm64"})
    assert content(deployment) == content(larger), "what the image does not hold must not rebuild it"
    assert content(deployment) != content(on_arm)
    assert content(deployment) in deployment.one(IMAGE).inputs["imageName"]


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_one_argument_sets_the_processor_of_image_and_function(
    deploy: Deploy, with_many_arguments: Deployment, architecture: str, platform: str
) -> None:
    deployment = with_many_arguments if architecture == "arm64" else deploy({"architecture": architecture})
    assert deployment.one(IMAGE).inputs["build"]["platform"] == platform
    assert deployment.one(FUNCTION).inputs["architectures"] == [architecture]


def test_the_build_context_is_named_relative_to_the_working_directory(deployment: Deployment) -> None:
    build = deployment.one(IMAGE).inputs["build"]
    assert re.fullmatch(r"\.build/wine-[0-9a-f]{12}", build["context"])
    assert build["dockerfile"] == build["context"] + "/Dockerfile"


def test_the_registry_password_is_a_secret(deployment: Deployment) -> None:
    assert deployment.one(IMAGE).inputs["registry"]["secret"]["password"] == "registry-password"


def test_the_repository_is_immutable_scanned_and_keeps_more_images_than_are_live(deployment: Deployment) -> None:
    repository = deployment.one(REPOSITORY).inputs
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    (rule,) = json.loads(deployment.one("aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"])["rules"]
    assert rule["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 50}


def test_destroying_works_while_the_repository_holds_images(deployment: Deployment) -> None:
    assert deployment.one(REPOSITORY).inputs["forceDelete"] is True


def test_the_execution_role_may_write_into_its_own_log_group_and_nothing_else(
    deploy: Deploy, deployment: Deployment
) -> None:
    log_group = deployment.one(LOG_GROUP)
    policy = deploy({"tracing": False}).one(ROLE_POLICY, "-execution").inputs["policy"]
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    name = f"{log_group.inputs['namePrefix']}1a2b3c4"
    assert statement["Resource"] == f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:log-group:{name}:*"


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ((FUNCTION, ""), (ROLE_POLICY, "-execution")),
        ((FUNCTION, ""), (LOG_GROUP, "")),
        ((FUNCTION, ""), (IMAGE, "")),
        ((INVOCATION, ""), (FUNCTION, "")),
        ((ALIAS, ""), (INVOCATION, "")),
        ((URL, ""), (ALIAS, "")),
        ((ROLE_POLICY, "invoker-role-invoke"), (ALIAS, "")),
    ],
)
def test_the_deployment_waits_where_order_matters(
    deployment: Deployment, later: tuple[str, str], earlier: tuple[str, str]
) -> None:
    assert deployment.depends(deployment.one(*later), deployment.one(*earlier)), f"{later} must wait for {earlier}"


def test_nothing_waits_in_a_circle_or_for_the_endpoint(deployment: Deployment) -> None:
    assert not deployment.depends(deployment.one(FUNCTION), deployment.one(ALIAS))


def test_url_and_rights_hang_on_the_alias(with_many_arguments: Deployment) -> None:
    deployment = with_many_arguments
    assert deployment.one(ALIAS).inputs["name"] == "live"
    assert {resource.inputs["qualifier"] for resource in deployment.all(URL) + deployment.all(PERMISSION)} == {"live"}
    policy = json.loads(deployment.one(ROLE_POLICY, "invoker-role-invoke").inputs["policy"])
    assert {statement["Resource"] for statement in policy["Statement"]} == {deployment.outputs["alias_arn"]}


def test_the_url_demands_iam_authentication(deployment: Deployment) -> None:
    assert deployment.one(URL).inputs["authorizationType"] == "AWS_IAM"


def test_an_invoker_arn_gets_both_grants_each_with_its_own_condition(with_many_arguments: Deployment) -> None:
    grants = {grant.inputs["action"]: grant.inputs for grant in with_many_arguments.all(PERMISSION)}
    assert grants.keys() == {policies.INVOKE_URL_ACTION, policies.INVOKE_ACTION}
    assert all(grant["principal"] == CLIENT for grant in grants.values())
    assert grants[policies.INVOKE_URL_ACTION]["functionUrlAuthType"] == "AWS_IAM"
    assert "invokedViaFunctionUrl" not in grants[policies.INVOKE_URL_ACTION]
    assert grants[policies.INVOKE_ACTION]["invokedViaFunctionUrl"] is True
    assert "functionUrlAuthType" not in grants[policies.INVOKE_ACTION]


def test_the_invoker_role_may_be_assumed_by_the_account_and_holds_both_grants(deployment: Deployment) -> None:
    trust = json.loads(deployment.one(ROLE, "invoker-role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    policy = deployment.one(ROLE_POLICY, "invoker-role-invoke").inputs["policy"]
    actions = {statement["Action"] for statement in json.loads(policy)["Statement"]}
    assert actions == {policies.INVOKE_URL_ACTION, policies.INVOKE_ACTION}
    assert deployment.outputs["client_policy_json"] == policy


def test_existing_roles_get_the_same_right(deploy: Deploy) -> None:
    deployment = deploy({"invoker_role_names": ["reporting"], "create_invoker_role": False})
    assert deployment.one(ROLE_POLICY, "-invoke").inputs["role"] == "reporting"
    assert deployment.outputs["invoker_role_arn"] is None
    assert [role.name for role in deployment.all(ROLE)] == ["wine-execution-role"]


def test_the_alias_takes_the_version_that_gave_the_golden_predictions(deployment: Deployment) -> None:
    assert deployment.one(ALIAS).inputs["functionVersion"] == "1"


def test_a_version_that_answers_otherwise_is_not_served(deploy: Deploy, golden_predictions: list[float]) -> None:
    wrong = [*golden_predictions[:3], golden_predictions[3] + 0.5, *golden_predictions[4:]]
    with pytest.raises(RefusedError, match=rf"record 3: expected {golden_predictions[3]}, got {wrong[3]}, tolerance"):
        deploy(golden_answer=wrong)


def test_without_a_golden_file_the_alias_follows_a_made_up_record_and_a_warning_says_so(
    deploy: Deploy, lonely: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deployment = deploy({"model_path": str(lonely)}, golden_answer=[0.5])
    assert json.loads(deployment.one(INVOCATION).inputs["input"]) == [{"a": 0.0, "b": 0.0}]
    assert deployment.one(ALIAS).inputs["functionVersion"] == "1"
    assert "without its predictions being proved, once it answers a made-up record" in caplog.text


@pytest.mark.parametrize("answer", [[float("nan")], [[0.1, 0.9]], [None], [], {"statusCode": 503}])
def test_without_a_golden_file_a_version_that_does_not_answer_is_not_served(
    deploy: Deploy, lonely: Path, answer: object
) -> None:
    with pytest.raises(
        pulumi.RunError, match=r"golden check failed: .*Deploy a model that answers with finite numbers"
    ):
        deploy({"model_path": str(lonely)}, golden_answer=answer)


def test_a_context_of_ones_own_without_golden_file_is_not_asked(
    deploy: Deploy, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "Dockerfile").write_text("FROM scratch\n")
    deployment = deploy({"context_path": str(tmp_path / "own")})
    assert deployment.all(INVOCATION) == []
    assert deployment.one(ALIAS).inputs["functionVersion"] == "1"
    assert "without its predictions being proved; put" in caplog.text


IMAGE_URI = f"{ACCOUNT_ID}.dkr.ecr.eu-central-1.amazonaws.com/team/wine@sha256:{'0a' * 32}"


@pytest.mark.parametrize("known", [True, False])
def test_an_image_that_was_built_elsewhere_is_proved_and_served_and_nothing_is_built(
    deploy: Deploy, known: bool
) -> None:
    def arguments() -> dict[str, Any]:
        return {"image_uri": IMAGE_URI if known else later(IMAGE_URI), "golden_path": str(GOLDEN), "dashboard": True}

    deployment = deploy(arguments)
    assert not [kind for kind in (REPOSITORY, IMAGE, "random:index/randomId:RandomId") if deployment.all(kind)]
    assert deployment.one(FUNCTION).inputs["imageUri"] == deployment.outputs["image_uri"] == IMAGE_URI
    assert deployment.outputs["repository_url"] == IMAGE_URI.partition("@")[0]
    assert deployment.outputs["model_version"] == "0a" * 6
    assert deployment.depends(deployment.one(ALIAS), deployment.one(INVOCATION))
    assert deploy(arguments, preview=True).one(ALIAS)


@pytest.mark.parametrize("known", [True, False])
def test_an_image_of_another_region_is_refused(deploy: Deploy, known: bool) -> None:
    elsewhere = IMAGE_URI.replace("eu-central-1", "us-east-1")
    with pytest.raises(pulumi.RunError, match="is in us-east-1, the function in eu-central-1; let ECR replicate it"):
        deploy(lambda: {"image_uri": elsewhere if known else later(elsewhere)})


def test_everything_that_an_image_is_made_from_is_in_its_tag_and_its_build(deploy: Deploy, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for path in (own / "Dockerfile", tmp_path / "other.Dockerfile"):
        path.write_text("ARG COLOUR\nFROM scratch AS base\nFROM base AS serving\n")
    given: list[dict[str, Any]] = [
        {},
        {"build_args": {"COLOUR": "red"}},
        {"build_args": {"COLOUR": "blue"}},
        {"target": "base"},
        {"dockerfile": str(tmp_path / "other.Dockerfile")},
        {"cache_from": ["base:1"]},
    ]
    images = [deploy({"context_path": str(own), **change}).one(IMAGE).inputs for change in given]
    assert len({image["imageName"] for image in images}) == len(given)
    assert images[1]["build"]["args"] == {"BASE_IMAGE": DEFAULT_BASE_IMAGE, "COLOUR": "red"}
    assert images[3]["build"]["target"] == "base"
    assert images[4]["build"]["dockerfile"] == str(tmp_path / "other.Dockerfile")
    assert images[5]["build"]["cacheFrom"] == {"images": ["base:1"]}


def test_a_stage_that_is_not_there_is_refused_before_anything_registers(deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch AS serving\n")
    with pytest.raises(RefusedError, match=r"^wine: target 'server' is no stage of .+: did you mean 'serving'\?$"):
        deploy({"context_path": str(tmp_path), "target": "server"})


def rolled_out(live_version: str | None, preview: bool = False, **args: Any) -> Deployment:
    """A deployment with a share of 10 percent, where the alias names a version already; the mocks publish version 1."""
    mocks = testing.AwsMocks(GOLDEN, live_version=live_version)
    given: Any = {"model_path": str(MODEL), "canary_percent": 10, **args}
    return testing.deploy(lambda: MLInferenceFunction("wine", given), mocks, preview=preview)


@pytest.fixture(scope="module")
def sharing(project: Path) -> Deployment:
    """One whose alias names version 7 already, and that is watched."""
    with contextlib.chdir(project):
        return rolled_out("7", alarms={"topic_arn": TOPIC}, dashboard=True)


@pytest.mark.parametrize(
    ("before", "serving", "routing"),
    [
        (None, "1", None),
        ("1", "1", None),
        ("7", "7", {"additionalVersionWeights": {"1": 0.1}}),
    ],
)
def test_a_new_version_takes_its_share_beside_the_one_before_if_there_is_any(
    sharing: Deployment, before: str | None, serving: str, routing: dict[str, Any] | None
) -> None:
    alias = (sharing if before == "7" else rolled_out(before)).one(ALIAS).inputs
    assert (alias["functionVersion"], alias.get("routingConfig")) == (serving, routing)


def test_a_preview_knows_which_version_goes_on_serving() -> None:
    deployment = rolled_out("7", preview=True)
    assert deployment.one(ALIAS)


def test_what_takes_a_share_is_proved_first(sharing: Deployment) -> None:
    assert sharing.depends(sharing.one(ALIAS), sharing.one(INVOCATION))


def test_a_version_before_that_cannot_be_read_is_not_taken_for_none(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = testing.AwsMocks.call

    def denied(mocks: testing.AwsMocks, args: pulumi.runtime.MockCallArgs) -> Any:
        if "Alias" in args.token:
            raise testing.ProviderError("AccessDeniedException: not authorized to perform: lambda:GetAlias")
        return call(mocks, args)

    monkeypatch.setattr(testing.AwsMocks, "call", denied)
    with pytest.raises(
        RefusedError, match=r"^wine: canary_percent needs .+ AccessDeniedException: .+ leave the argument out"
    ):
        deploy({"canary_percent": 10})


def test_alarms_compare_both_versions_by_what_reached_the_alias(sharing: Deployment) -> None:
    function = sharing.one(FUNCTION).name + "-1a2b3c4"
    for label, metrics in {"errors": {"Errors", "Invocations"}, "duration": {"Duration"}}.items():
        alarm = sharing.one(ALARM, f"canary-{label}").inputs
        (compared,) = [query for query in alarm["metricQueries"] if "expression" in query]
        looked_at = {query["id"]: query["metric"] for query in alarm["metricQueries"] if "metric" in query}
        assert {metric["metricName"] for metric in looked_at.values()} == metrics
        assert all(id_ in compared["expression"] for id_ in looked_at)
        for id_, metric in looked_at.items():
            version = "1" if id_.startswith("candidate") else "7"
            expected = {"FunctionName": function, "Resource": f"{function}:live", "ExecutedVersion": version}
            assert metric["dimensions"] == expected
        assert alarm["alarmActions"]


def test_the_dashboard_shows_both_versions_while_one_takes_a_share(
    sharing: Deployment, with_many_arguments: Deployment
) -> None:
    def searches(deployment: Deployment) -> list[str]:
        widgets = json.loads(deployment.one("aws:cloudwatch/dashboard:Dashboard").inputs["dashboardBody"])["widgets"]
        metrics = [metric for widget in widgets for metric in widget["properties"].get("metrics", [])]
        return [metric[0]["expression"] for metric in metrics if isinstance(metric[0], dict)]

    wanted = ["Invocations", "Errors", "Duration"]
    for expression, metric in zip(searches(sharing), wanted, strict=True):
        assert 'Resource="wine-function-1a2b3c4:live"' in expression
        assert f'MetricName="{metric}"' in expression
    assert searches(with_many_arguments) == []


def test_a_key_of_ones_own_encrypts_images_logs_and_environment(with_many_arguments: Deployment) -> None:
    encrypted = with_many_arguments.one(REPOSITORY).inputs["encryptionConfigurations"]
    assert encrypted == [{"encryptionType": "KMS", "kmsKey": KEY}]
    assert with_many_arguments.one(LOG_GROUP, "wine-logs").inputs["kmsKeyId"] == KEY
    assert with_many_arguments.one(FUNCTION).inputs["kmsKeyArn"] == KEY


def test_in_a_vpc_the_role_may_manage_interfaces_in_its_subnets_and_its_code_may_not(
    with_many_arguments: Deployment,
) -> None:
    deployment = with_many_arguments
    expected = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    assert deployment.one(FUNCTION).inputs["vpcConfig"] == expected
    _, create, *_, deny = json.loads(deployment.one(ROLE_POLICY, "-execution").inputs["policy"])["Statement"]
    here = f"arn:aws:ec2:eu-central-1:{ACCOUNT_ID}"
    assert create["Resource"] == [
        f"{here}:network-interface/*",
        f"{here}:subnet/subnet-1",
        f"{here}:subnet/subnet-2",
        f"{here}:security-group/sg-1",
    ]
    assert deny["Effect"] == "Deny"
    pattern = deny["Condition"]["ArnLike"]["lambda:SourceFunctionArn"]
    assert fnmatch.fnmatchcase(deployment.outputs["function_arn"], pattern)


SAME_LABEL = [
    ["arn:aws:iam::111111111111:role/client", "arn:aws:iam::222222222222:role/client"],
    ["arn:aws:iam::111111111111:role/team/app", "arn:aws:iam::111111111111:role/team-app"],
    ["arn:aws:iam::111111111111:role/client", "arn:aws:iam::111111111111:user/client"],
]


@pytest.mark.parametrize("arns", SAME_LABEL)
def test_nobody_loses_a_grant_to_somebody_of_a_like_name(deploy: Deploy, arns: list[str]) -> None:
    grants = deploy({"invoker_arns": arns}).all(PERMISSION)
    assert sorted(grant.inputs["principal"] for grant in grants) == sorted(arns * 2)
    assert len({grant.urn for grant in grants}) == 4


@pytest.mark.parametrize("roles", [["a", "a"], ["invoker-role"], ["a", "a", "invoker-role"]])
def test_no_two_grants_of_roles_bear_one_name(deploy: Deploy, roles: list[str]) -> None:
    policies_of = deploy({"invoker_role_names": roles}).all(ROLE_POLICY)
    assert len({policy.urn for policy in policies_of}) == len(policies_of)
    assert {policy.inputs["role"] for policy in policies_of} >= {*roles}


@pytest.mark.parametrize("name", ["w" * 40, "my_model"])
def test_a_statements_id_is_one_that_lambda_takes(deploy: Deploy, name: str) -> None:
    """Pulumi makes it of the resource's name and a suffix of seven digits and a hyphen."""
    arns = [
        f"arn:aws:iam::{ACCOUNT_ID}:user/jane+test@example.com",
        f"arn:aws:iam::{ACCOUNT_ID}:role/aws-reserved/sso.amazonaws.com/{'r' * 200}",
    ]
    grants = deploy({"invoker_arns": arns}, name=name).all(PERMISSION)
    assert {grant.inputs["principal"] for grant in grants} == {*arns}
    for grant in grants:
        assert re.fullmatch(r"[0-9A-Za-z_-]{1,92}", grant.name)


def later(value: Any) -> pulumi.Output[Any]:
    """What another resource gives."""
    return pulumi.CustomResource("test:index:Other", "other", {}).id.apply(lambda _: value)


def test_invokers_may_be_outputs_of_the_same_program(deploy: Deploy) -> None:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/made-here"
    deployment = deploy(lambda: {"invoker_arns": [later(arn)], "invoker_role_names": [pulumi.Output.from_input("a")]})
    assert {grant.inputs["principal"] for grant in deployment.all(PERMISSION)} == {arn}
    assert "a" in {policy.inputs["role"] for policy in deployment.all(ROLE_POLICY)}


@pytest.mark.parametrize("argument", ["invoker_arns", "invoker_principals", "execution_policy_arns"])
def test_an_output_is_checked_as_soon_as_it_is_known(deploy: Deploy, argument: str) -> None:
    with pytest.raises(RefusedError, match=f"{argument}: '\\*' is not the ARN of"):
        deploy(lambda: {argument: [later("*")]})


def test_only_those_who_were_named_may_assume_the_invoker_role(deploy: Deploy) -> None:
    arns = [f"arn:aws:iam::{ACCOUNT_ID}:role/a", "arn:aws:iam::222222222222:role/b"]
    role = deploy(lambda: {"invoker_principals": [arns[0], later(arns[1])]}).one(ROLE, "invoker-role")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"AWS": arns}


def test_the_function_gets_further_rights_before_it_is_made(deploy: Deploy) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": []})
    managed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    deployment = deploy(lambda: {"execution_policies": [document], "execution_policy_arns": [later(managed)]})
    role = deployment.one(ROLE, "-execution-role")
    attached = deployment.one(ATTACHMENT)
    (own,) = [policy for policy in deployment.all(ROLE_POLICY) if policy.inputs["policy"] == document]
    assert attached.inputs["policyArn"] == managed
    for right in (attached, own):
        assert deployment.depends(right, role)
        assert deployment.depends(deployment.one(FUNCTION), right)


def test_a_policy_is_attached_under_one_name_whoever_gives_it_and_wherever_it_stands(deploy: Deploy) -> None:
    read, write = (f"arn:aws:iam::aws:policy/Amazon{name}" for name in ("S3ReadOnlyAccess", "SQSFullAccess"))
    lists = (lambda: [read], lambda: [later(read)], lambda: [write, later(read), read])
    attached = [deploy(lambda given=given: {"execution_policy_arns": given()}).all(ATTACHMENT) for given in lists]
    named = [{policy.inputs["policyArn"]: policy.name for policy in policies} for policies in attached]
    assert [len(policies) for policies in attached] == [1, 1, 2]
    assert len({names[read] for names in named}) == 1


def test_a_role_of_ones_own_runs_the_function_and_nothing_is_attached_to_it(deploy: Deploy) -> None:
    arn = f"arn:aws:iam::{ACCOUNT_ID}:role/team/runner"
    deployment = deploy({"execution_role_arn": arn})
    assert deployment.one(FUNCTION).inputs["role"] == arn
    assert [role.name for role in deployment.all(ROLE)] == ["wine-invoker-role"]
    assert [policy.name for policy in deployment.all(ROLE_POLICY)] == ["wine-invoker-role-invoke"]
    assert (deployment.outputs["execution_role_arn"], deployment.outputs["execution_role_name"]) == (arn, "runner")


def test_a_boundary_holds_every_role(with_many_arguments: Deployment) -> None:
    roles = with_many_arguments.all(ROLE)
    assert {role.inputs["permissionsBoundary"] for role in roles} == {BOUNDARY}
    assert {role.name for role in roles} == {"wine-execution-role", "wine-invoker-role", "wine-batch-role"}


def test_a_version_that_is_asked_something_may_answer(deploy: Deploy, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        deploy({"reserved_concurrency": 0})
    assert str(refused.value) == (
        "wine: reserved_concurrency 0 turns every request away, and so the check of a new version; to switch the "
        "endpoint off, use `aws lambda put-function-concurrency --reserved-concurrent-executions 0`"
    )
    (tmp_path / "Dockerfile").write_text("FROM scratch")
    assert deploy({"reserved_concurrency": 0, "context_path": tmp_path})


def test_a_region_without_function_urls_is_refused_in_a_preview() -> None:
    mocks = testing.AwsMocks(region="eu-central-2")
    with pytest.raises(RefusedError, match="Lambda has no Function URLs in eu-central-2"):
        testing.deploy(lambda: MLInferenceFunction("wine", {"model_path": MODEL}), mocks, preview=True)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("memorySize", 2048),
        ("timeout", 10),
        ("reservedConcurrentExecutions", 7),
        ("tracingConfig", {"mode": "PassThrough"}),
        ("ephemeralStorage", {"size": 1024}),
        ("environment", {"variables": {"ALLOW_MISSING": "1"}}),
        ("tags", {"team": "wine"}),
    ],
)
def test_an_argument_reaches_the_function(with_many_arguments: Deployment, argument: str, expected: object) -> None:
    assert with_many_arguments.one(FUNCTION).inputs[argument] == expected


def test_snapshots_are_taken_where_they_are_asked_for(deploy: Deploy) -> None:
    assert deploy({"snap_start": True}).one(FUNCTION).inputs["snapStart"] == {"applyOn": "PublishedVersions"}


def test_requests_are_traced_unless_that_is_switched_off(deployment: Deployment) -> None:
    assert deployment.one(FUNCTION).inputs["tracingConfig"] == {"mode": "Active"}


def test_provisioned_environments_stand_behind_the_alias(with_many_arguments: Deployment) -> None:
    ready = with_many_arguments.one("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")
    assert (ready.inputs["qualifier"], ready.inputs["provisionedConcurrentExecutions"]) == ("live", 3)


def test_web_pages_may_call_only_when_they_were_named(deployment: Deployment, with_many_arguments: Deployment) -> None:
    assert "cors" not in deployment.one(URL).inputs
    expected = {"allowOrigins": ["https://a.example"], "allowMethods": ["POST"], "maxAge": 60}
    assert with_many_arguments.one(URL).inputs["cors"] == expected


def test_a_public_endpoint_lets_everybody_in_by_both_grants(deploy: Deploy) -> None:
    deployment = deploy({"authorization": "NONE", "allow_public_access": True})
    assert deployment.one(URL).inputs["authorizationType"] == "NONE"
    assert {grant.inputs["principal"] for grant in deployment.all(PERMISSION)} == {"*"}
    assert len(deployment.all(PERMISSION)) == 2


def test_alarms_watch_the_live_alias_and_tell_the_topic(with_many_arguments: Deployment) -> None:
    alarms = [alarm for alarm in with_many_arguments.all(ALARM) if "batch" not in alarm.name]
    assert {alarm.name for alarm in alarms} == {
        f"wine-{label}" for label in ("errors", "throttles", "p99-duration", "near-timeout")
    }
    for alarm in alarms:
        assert alarm.inputs["dimensions"]["Resource"].endswith(":live")
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [TOPIC]
    (near,) = [alarm for alarm in alarms if alarm.name.endswith("near-timeout")]
    assert near.inputs["threshold"] == 8000


def test_the_dashboard_fills_its_grid_without_overlap(with_many_arguments: Deployment) -> None:
    board = with_many_arguments.one("aws:cloudwatch/dashboard:Dashboard")
    widgets = json.loads(board.inputs["dashboardBody"])["widgets"]
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells)) == 24 * (max(y for _, y in cells) + 1)


def test_a_preview_shows_what_is_in_the_model(previewed: Deployment) -> None:
    description = previewed.one(FUNCTION).inputs["description"]
    assert "reg:squarederror" in description
    assert "13 features, SHA-256 " in description
    assert len(description) <= 256


def test_the_cost_is_estimated_from_memory_duration_and_processor(
    deployment: Deployment, with_many_arguments: Deployment
) -> None:
    cheap = deployment.outputs["cost_per_1000_predictions_usd"]
    dear = with_many_arguments.outputs["cost_per_1000_predictions_usd"]
    assert cheap == pytest.approx(0.0002 + 0.0000166667)
    assert dear == pytest.approx(0.0002 + 1000 * 0.25 * 2 * 0.0000133334)


def test_every_child_names_the_component_as_its_parent_or_grandparent(deployment: Deployment) -> None:
    (component,) = deployment.all("ml-inference:index:MLInferenceFunction")
    urns = {resource.urn: resource for resource in deployment.resources}
    for child in deployment.resources:
        if child is not component:
            assert component.urn in (child.parent, urns[child.parent].parent)
            assert child.name.startswith("wine-")


def test_a_preview_works_though_nothing_is_known_yet(previewed: Deployment) -> None:
    assert previewed.one(ALIAS)
    assert previewed.outputs == {} or "endpoint" in previewed.outputs


def test_all_outputs_are_known_after_deploying(with_many_arguments: Deployment) -> None:
    outputs = with_many_arguments.outputs
    assert all(outputs.values()), f"empty: {[name for name, value in outputs.items() if not value]}"
    assert outputs["endpoint"].startswith("https://")
