"""A trained model as an HTTPS endpoint on AWS Lambda, in one Pulumi component.

Builds the image, pushes it to its own repository, proves the model's golden predictions on the newly published version,
and only then lets traffic reach it through an IAM-authenticated Function URL.

    wine = MLInferenceFunction("wine-quality", {"model_path": "model/wine_quality.ubj"})
    pulumi.export("endpoint", wine.endpoint)

Leaves out, deliberately: training, custom domains, API Gateway, and the network around it.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
import pulumi_random as random

from . import arguments, batch, costs, dockerfile, golden, handler_settings, monitoring, policies, rollout, staging
from .arguments import Architecture, Authorization, CorsArgs, MLInferenceFunctionArgs
from .refusal import RefusedError
from .spelling import spelling_of

#: The URL, its permissions and its clients know the function by this alias alone, so that a new version, a rollback
#: or SnapStart never changes the endpoint.
LIVE = "live"


class Image(NamedTuple):
    """What the function runs."""

    uri: pulumi.Output[str]
    """The image by its digest."""
    repository_url: pulumi.Output[str]
    model_version: pulumi.Output[str]


class Traffic(NamedTuple):
    """Who takes the requests."""

    serving: pulumi.Output[str]
    """The version that the alias names."""
    candidate: pulumi.Output[str]
    """The newest version; the same one unless it takes a share."""
    routing: pulumi.Output[aws.lambda_.AliasRoutingConfigArgs | None] | None
    """The share."""


class ExecutionRole(NamedTuple):
    """The role that the function runs with."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    attached: list[pulumi.Input[pulumi.Resource]]
    """What it may do: the function waits for it."""


class MLInferenceFunction(pulumi.ComponentResource):
    """A model's endpoint.

    name
    ├─ {name}-repository            ECR: immutable tags, scan on push
    ├─ {name}-lifecycle             keeps the newest images
    ├─ {name}-build                 one for each content; makes the image's tag unique
    ├─ {name}-image                 built from the context, pushed, used by digest
    ├─ {name}-logs                  log group, with a limited retention
    ├─ {name}-execution-role        may write into that log group, and do what it was given
    ├─ {name}-function              publishes a version at every change
    ├─ {name}-golden-check          the version's answer to the golden records
    ├─ {name}-live                  alias; moves only after the check, fully or by a share
    ├─ {name}-url                   Function URL on the alias, IAM-authenticated
    ├─ {name}-invoker-role          may call the endpoint, and do nothing else
    ├─ {name}-…-invoke              both grants, for every invoker
    ├─ {name}-provisioned           environments that are kept ready                  if wanted
    ├─ {name}-errors, -throttles, -p99-duration, -near-timeout, -drift    alarms      if wanted
    ├─ {name}-canary-errors, -canary-duration    alarms that compare two versions     if wanted
    ├─ {name}-dashboard                                                               if wanted
    └─ {name}-batch                 scores files in S3 with the alias                 if wanted
       {name}-batch-role, -batch-data, -batch-runs, -batch-logs, -batch-failed
       {name}-batch-input, -batch-output: buckets, unless they are given

    Repository, build and image are left out where `image_uri` names one.

    `protect` reaches all of them except the lifecycle, the build and the golden check, which new models and settings
    replace. Every child is directly below the component: the engine finds a grandchild's name from before its component
    was renamed only if that name begins with its parent's.
    """

    endpoint: pulumi.Output[str]
    """HTTPS address of the endpoint; requests are signed with SigV4 for the service `lambda`."""

    function_name: pulumi.Output[str]
    """Name of the Lambda function."""

    function_arn: pulumi.Output[str]
    """ARN of the Lambda function, without a version."""

    alias_arn: pulumi.Output[str]
    """ARN of the alias `live`, on which callers get their permissions."""

    image_uri: pulumi.Output[str]
    """Image of the newest version, by digest."""

    repository_url: pulumi.Output[str]
    """Address of the image's ECR repository."""

    execution_role_arn: pulumi.Output[str]
    """ARN of the role that the function runs with."""

    execution_role_name: pulumi.Output[str]
    """Name of the role that the function runs with."""

    invoker_role_arn: pulumi.Output[str | None]
    """ARN of the role that may call the endpoint; none when `create_invoker_role` is false."""

    invoker_role_name: pulumi.Output[str | None]
    """Name of the role that may call the endpoint; none when `create_invoker_role` is false."""

    log_group_name: pulumi.Output[str]
    """Name of the function's log group."""

    model_version: pulumi.Output[str]
    """First twelve digits of the model file's SHA-256; the endpoint reports the same. For your own context, those of
    its digest; for an image that was built elsewhere, those of the image's."""

    model_summary: pulumi.Output[dict[str, Any] | None]
    """What is in the model: sha256, xgboost, objective, booster, trees, rounds, rounds_used, depth, outputs, features;
    none for your own context or image. Known in a preview, so that an export of it shows there what changes."""

    cost_per_1000_predictions_usd: pulumi.Output[float | None]
    """Estimate of what 1,000 requests with one record cost, in US dollars; none where prices are not known. See
    `costs.py` for the formula and the date of its prices."""

    batch: pulumi.Output[dict[str, Any] | None]
    """What it takes to start and follow a batch run: state_machine_arn, input_bucket, output_bucket; the role that your
    own buckets or keys have to let in: role_arn; and what its cost is estimated from: function_name, rows_per_batch,
    max_concurrency, memory_mb, architecture. None unless `batch` is given."""

    client_policy_json: pulumi.Output[str]
    """IAM policy document that lets a principal call the endpoint; attach it to clients elsewhere."""

    def __init__(self, name: str, args: MLInferenceFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the endpoint.

        Args:
            name: At most 40 lower-case letters, digits and hyphens; the children's names begin with it.
            args: See `MLInferenceFunctionArgs`.
            opts: Pulumi's resource options; providers and `protect` reach the children.

        Raises:
            RefusedError: An argument, the model or the golden file cannot be used; nothing was registered.
        """
        self._name = name
        self._spelt = spelling_of(args)
        self._args, self._content = _prepared(name, args)
        self._architecture = Architecture(self._args["architecture"])
        self._authorization = Authorization(self._args["authorization"])
        super().__init__("ml-inference:index:MLInferenceFunction", name, {}, opts)
        region = _told(aws.get_region_output(opts=pulumi.InvokeOutputOptions(parent=self)).region)
        self._region = region.apply(arguments.region_with_urls)

        image = self._image()

        log_group = self._log_group()
        execution_role = self._execution_role(log_group)
        function = self._function(image, execution_role, log_group)

        share = self._share(function, proved_version=self._proved_version(function))
        alias = self._live_alias(function, share)
        url = self._url(alias)

        invoker_role = self._invoker_role()
        self._grants(alias, invoker_role)

        self._provisioned_concurrency(alias)
        self._monitoring(alias, log_group, image, share)
        self.batch = self._batch(alias)

        self.endpoint = url.function_url
        self.function_name = function.name
        self.function_arn = function.arn
        self.alias_arn = alias.arn
        self.image_uri = image.uri
        self.repository_url = image.repository_url
        self.execution_role_arn = execution_role.arn
        self.execution_role_name = execution_role.name
        self.invoker_role_arn = invoker_role.arn if invoker_role else pulumi.Output.from_input(None)
        self.invoker_role_name = invoker_role.name if invoker_role else pulumi.Output.from_input(None)
        self.log_group_name = log_group.name
        self.model_version = image.model_version
        self.model_summary = pulumi.Output.from_input(
            self._content.summary.as_dict() if self._content.summary else None
        )
        self.cost_per_1000_predictions_usd = self._region.apply(
            lambda region: costs.per_1000_predictions_usd(
                region, self._architecture.value, self._args["memory_mb"], self._args["expected_duration_ms"]
            )
        )
        self.client_policy_json = alias.arn.apply(policies.client)
        self.register_outputs({output: getattr(self, output) for output in _OUTPUTS})

    def _image(self) -> Image:
        """The image that was given, or one that is built and pushed."""
        if not isinstance(self._content, staging.BuildContext):
            uri = pulumi.Output.all(self._region, self._args["image_uri"]).apply(
                lambda known: arguments.image_in(*known)
            )
            parts = uri.apply(lambda known: known.partition("@sha256:"))
            return Image(uri, parts[0], parts[2].apply(lambda digest: digest[:12]))
        repository = self._repository()
        built = self._built(self._content, repository)
        return Image(
            built.repo_digest, repository.repository_url, pulumi.Output.from_input(self._content.model_version)
        )

    def _repository(self) -> aws.ecr.Repository:
        repository = aws.ecr.Repository(
            f"{self._name}-repository",
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": self._args.get("kms_key_arn")}],
            force_delete=self._args["force_delete"],
            tags=self._args["tags"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.ecr.LifecyclePolicy(
            f"{self._name}-lifecycle",
            repository=repository.name,
            policy=policies.image_lifecycle(keep=self._args["image_retention"]),
            opts=pulumi.ResourceOptions(parent=self, protect=False),
        )
        return repository

    def _built(self, context: staging.BuildContext, repository: aws.ecr.Repository) -> docker.Image:
        token = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        build: docker.DockerBuildArgsDict = {
            "context": context.path.as_posix(),
            "dockerfile": context.dockerfile.as_posix(),
            "platform": _DOCKER_PLATFORMS[self._architecture],
            "args": {"BASE_IMAGE": self._args["base_image"], **self._args["build_args"]},
        }
        if "target" in self._args:
            build["target"] = self._args["target"]
        if self._args["cache_from"]:
            build["cache_from"] = {"images": self._args["cache_from"]}
        # Content that comes back, as in a rollback, is built again and need not give the same digest to the bit; its
        # first tag is taken and immutable. So every change of content gets a tag that was never used.
        content = staging.content_tag(context, build)
        suffix = random.RandomId(
            f"{self._name}-build",
            byte_length=4,
            keepers={"content": content},
            opts=pulumi.ResourceOptions(parent=self, protect=False),
        )
        return docker.Image(
            f"{self._name}-image",
            image_name=pulumi.Output.concat(repository.repository_url, ":", content, "-", suffix.hex),
            build=build,
            # On the image, not on a provider: the token changes every time, and a provider would show it as a change.
            registry={
                "server": repository.repository_url,
                "username": token.user_name,
                "password": pulumi.Output.secret(_open_in_a_preview(token.password)),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-logs",
            name_prefix=f"/aws/lambda/{self._name}-",
            retention_in_days=self._args["log_retention_days"],
            kms_key_id=self._args.get("kms_key_arn"),
            tags=self._args["tags"],
            # A component that is renamed, with an alias, keeps its log events.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["name_prefix"]),
        )

    def _execution_role(self, log_group: aws.cloudwatch.LogGroup) -> ExecutionRole:
        """The role that the function runs with, and what has to be attached to it first."""
        if "execution_role_arn" in self._args:
            arn = pulumi.Output.from_input(self._args["execution_role_arn"])
            return ExecutionRole(arn, arn.apply(lambda known: known.rpartition("/")[2]), [])
        role = aws.iam.Role(
            f"{self._name}-execution-role",
            assume_role_policy=policies.execution_trust(),
            permissions_boundary=self._args.get("permissions_boundary_arn"),
            tags=self._args["tags"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        attached: list[pulumi.Resource] = [
            aws.iam.RolePolicy(
                f"{self._name}-execution",
                role=role.name,
                policy=pulumi.Output.all(log_group.arn, self._network()).apply(
                    lambda known: policies.execution(known[0], known[1], self._args["tracing"])
                ),
                opts=pulumi.ResourceOptions(parent=self),
            )
        ]
        for label, document in labelled(self._args["execution_policies"]):
            attached.append(
                aws.iam.RolePolicy(
                    f"{self._name}-execution-{label}",
                    role=role.name,
                    policy=document,
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        return ExecutionRole(role.arn, role.name, [*attached, *self._attachments(role)])

    def _attachments(self, role: aws.iam.Role) -> list[pulumi.Input[pulumi.Resource]]:
        """The managed policies, each attached by a resource that is named by its ARN and by nothing else.

        In AWS an attachment is a role and a policy, and the engine deletes what is left over last of all: a policy that
        goes from one name to another would be detached, without a word. So an output's has no name before its ARN is
        known, and is made then.
        """
        made: dict[str, pulumi.Resource] = {}

        def attachment(arn: str, given: pulumi.Input[str]) -> pulumi.Resource:
            ((label, _),) = labelled([arn])
            if label not in made:
                made[label] = aws.iam.RolePolicyAttachment(
                    f"{self._name}-execution-{label}",
                    role=role.name,
                    policy_arn=given,  # what it depends on, and whether it is a secret, included
                    opts=pulumi.ResourceOptions(parent=self),
                )
            return made[label]

        def attached(given: str | pulumi.Output[str]) -> pulumi.Input[pulumi.Resource]:
            if isinstance(given, str):
                return attachment(given, given)
            return given.apply(lambda arn: attachment(arn, given))

        return [attached(given) for given in self._args["execution_policy_arns"]]

    def _network(self) -> pulumi.Output[policies.Network | None]:
        """Where in a VPC the function runs; None outside."""
        if "vpc" not in self._args:
            return pulumi.Output.from_input(None)
        place = [self._partition(), self._region, self._account_id()]
        vpc = self._args["vpc"]
        return pulumi.Output.all(*place, vpc["subnet_ids"], vpc["security_group_ids"]).apply(
            lambda known: policies.Network(
                prefix="arn:{}:ec2:{}:{}".format(*known[:3]),
                functions="arn:{}:lambda:{}:{}:function:*".format(*known[:3]),
                subnet_ids=known[3],
                security_group_ids=known[4],
            )
        )

    def _function(
        self,
        image: Image,
        role: ExecutionRole,
        log_group: aws.cloudwatch.LogGroup,
    ) -> aws.lambda_.Function:
        variables = {**handler_settings.of(self._args), **self._args["environment"]}
        return aws.lambda_.Function(
            f"{self._name}-function",
            description=self._content.summary.sentence() if self._content.summary else None,
            package_type="Image",
            image_uri=image.uri,
            architectures=[self._architecture.value],
            role=role.arn,
            memory_size=self._args["memory_mb"],
            timeout=self._args["timeout_seconds"],
            ephemeral_storage={"size": self._args["ephemeral_storage_mb"]},
            environment={"variables": variables} if variables else None,
            kms_key_arn=self._args.get("kms_key_arn"),
            vpc_config=aws.lambda_.FunctionVpcConfigArgs(**self._args["vpc"]) if "vpc" in self._args else None,
            reserved_concurrent_executions=self._args.get("reserved_concurrency"),
            snap_start=_SNAP_START if self._args["snap_start"] else None,
            tracing_config={"mode": "Active" if self._args["tracing"] else "PassThrough"},
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            publish=True,
            tags=self._args["tags"],
            # The policies first: a function that starts before it may write has lost its first log lines. The log group
            # first as well: else Lambda makes one of its own, which never expires and outlives the stack.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*role.attached, log_group]),
        )

    def _proved_version(self, function: aws.lambda_.Function) -> pulumi.Output[str]:
        """The published version, known only once it has answered as it must."""
        question = self._content.question
        if not isinstance(question, golden.Golden):
            pulumi.log.warn(
                "no golden file: a new version takes traffic without its predictions being proved"
                f"{', once it answers a made-up record' if question else ''}; "
                "put golden.json beside the model or name golden_path",
                self,
            )
        if question is None:
            return function.version
        # What is expected may change with the same records, as when a model is trained again.
        expected = hashlib.sha256(json.dumps(vars(question)).encode()).hexdigest()
        check = aws.lambda_.Invocation(
            f"{self._name}-golden-check",
            function_name=function.name,
            qualifier=function.version,
            input=question.payload(),
            triggers={"expected": expected},
            opts=pulumi.ResourceOptions(parent=self, protect=False),
        )

        wanted = "fits its golden file" if isinstance(question, golden.Golden) else "answers with finite numbers"

        def proved(outcome: list[Any]) -> pulumi.Input[str]:
            version: str
            version, answer, asked_version, asked_for = outcome
            if asked_version != version or asked_for != {"expected": expected}:
                return self._served_before(function, version)
            try:
                question.check(json.loads(answer))
            except ValueError as error:
                raise RefusedError(
                    f"{self._name}: version {version} of the function is not served: {error}. The alias {LIVE!r} "
                    f"stays where it was. Deploy a model that {wanted}"
                ) from None
            return version

        known = pulumi.Output.all(function.version, check.result, check.qualifier, check.triggers)
        return known.apply(proved)

    def _served_before(self, function: aws.lambda_.Function, version: str) -> pulumi.Output[str]:
        """The version that the alias names, where `--target` or `--exclude` left out the check of the present one."""
        limited = f"{self._name}: this deployment is limited to other resources than the golden check"

        def unreadable(reason: str) -> RefusedError:
            return RefusedError(
                f"{limited}, so the alias {LIVE!r} stays where it is, but it cannot be read: {reason}; give whoever "
                "deploys lambda:GetAlias, or run it without --target and --exclude"
            )

        def kept(before: str | None) -> str:
            if before is None:
                raise RefusedError(
                    f"{limited}, so version {version} of the function was not proved and no version serves yet; run it "
                    "without --target and --exclude"
                )
            return before

        return rollout.version_before(function.name, LIVE, unreadable, parent=self).apply(kept)

    def _share(self, function: aws.lambda_.Function, proved_version: pulumi.Output[str]) -> Traffic:
        """Which version serves, and which one is tried beside it."""
        if "canary_percent" not in self._args:
            return Traffic(proved_version, proved_version, None)
        percent = self._args["canary_percent"]
        before = rollout.version_before(function.name, LIVE, self._cannot_read, parent=self)
        return Traffic(
            # Known in a preview, when the version that will be tried is not.
            before.apply(lambda known: proved_version if known is None else known),
            proved_version,
            pulumi.Output.all(before, proved_version).apply(
                lambda known: rollout.Share(known[0], known[1], percent).routing
            ),
        )

    def _cannot_read(self, reason: str) -> RefusedError:
        return RefusedError(
            f"{self._name}: {self._spelt('canary_percent')} needs to know which version serves, and the alias {LIVE!r} "
            f"cannot be read: {reason}; give whoever deploys lambda:GetAlias, or leave the argument out"
        )

    def _live_alias(self, function: aws.lambda_.Function, share: Traffic) -> aws.lambda_.Alias:
        return aws.lambda_.Alias(
            f"{self._name}-{LIVE}",
            name=LIVE,
            description="The version that takes traffic",
            function_name=function.name,
            function_version=share.serving,
            routing_config=share.routing,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _url(self, alias: aws.lambda_.Alias) -> aws.lambda_.FunctionUrl:
        return aws.lambda_.FunctionUrl(
            f"{self._name}-url",
            function_name=alias.function_name,
            qualifier=alias.name,
            authorization_type=self._authorization.value,
            cors=_url_cors(self._args.get("cors")),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _invoker_role(self) -> aws.iam.Role | None:
        if not self._args["create_invoker_role"]:
            return None
        return aws.iam.Role(
            f"{self._name}-invoker-role",
            assume_role_policy=pulumi.Output.all(*self._invoker_principals()).apply(policies.invoker_trust),
            permissions_boundary=self._args.get("permissions_boundary_arn"),
            tags=self._args["tags"],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _invoker_principals(self) -> list[pulumi.Input[str]]:
        """Who may assume the invoker role: those who were named, or whom the account lets."""
        account = pulumi.Output.format("arn:{0}:iam::{1}:root", self._partition(), self._account_id())
        return [*self._args["invoker_principals"]] or [account]

    def _grants(self, alias: aws.lambda_.Alias, invoker_role: aws.iam.Role | None) -> None:
        """Gives every invoker both rights on the alias: roles by a policy of their own, ARNs by one of the alias.

        A role's own policy survives that the role is made again, and works at once; a permission that names a role
        has neither property, but is the only one that reaches another account.
        """
        roles = [(f"invoker-{label}", role) for label, role in labelled(self._args["invoker_role_names"])]
        if invoker_role:
            roles.append(("invoker-role", invoker_role.name))
        for label, role_name in roles:
            aws.iam.RolePolicy(
                f"{self._name}-{label}-invoke",
                role=role_name,
                policy=alias.arn.apply(policies.client),
                opts=pulumi.ResourceOptions(parent=self),
            )
        principals = [(f"invoker-{label}", arn) for label, arn in labelled(self._args["invoker_arns"])]
        if self._authorization is Authorization.NONE:
            principals.append(("everybody", "*"))
        for label, principal in principals:
            aws.lambda_.Permission(
                f"{self._name}-{label}-invoke-url",
                action=policies.INVOKE_URL_ACTION,
                function=alias.function_name,
                qualifier=alias.name,
                principal=principal,
                function_url_auth_type=self._authorization.value,
                opts=pulumi.ResourceOptions(parent=self),
            )
            aws.lambda_.Permission(
                f"{self._name}-{label}-invoke",
                action=policies.INVOKE_ACTION,
                function=alias.function_name,
                qualifier=alias.name,
                principal=principal,
                invoked_via_function_url=True,
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _provisioned_concurrency(self, alias: aws.lambda_.Alias) -> None:
        if "provisioned_concurrency" not in self._args:
            return
        aws.lambda_.ProvisionedConcurrencyConfig(
            f"{self._name}-provisioned",
            function_name=alias.function_name,
            qualifier=alias.name,
            provisioned_concurrent_executions=self._args["provisioned_concurrency"],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _monitoring(
        self, alias: aws.lambda_.Alias, log_group: aws.cloudwatch.LogGroup, image: Image, share: Traffic
    ) -> None:
        if "alarms" in self._args:
            monitoring.alarms(
                self._name,
                alias,
                timeout_seconds=self._args["timeout_seconds"],
                p99_duration_ms=self._args["alarms"]["p99_duration_ms"],
                topic_arn=self._args["alarms"].get("topic_arn"),
                tags=self._args["tags"],
                parent=self,
            )
            if "out_of_range_percent" in self._args["alarms"]:
                monitoring.drift_alarm(
                    self._name,
                    alias,
                    namespace=self._metrics_namespace(),
                    out_of_range_percent=self._args["alarms"]["out_of_range_percent"],
                    topic_arn=self._args["alarms"].get("topic_arn"),
                    tags=self._args["tags"],
                    parent=self,
                )
            if "canary_percent" in self._args:
                monitoring.canary_alarms(
                    self._name,
                    alias,
                    serving=share.serving,
                    candidate=share.candidate,
                    topic_arn=self._args["alarms"].get("topic_arn"),
                    tags=self._args["tags"],
                    parent=self,
                )
        if self._args["dashboard"]:
            monitoring.dashboard(
                self._name,
                alias,
                region=self._region,
                log_group_name=log_group.name,
                about=self._content.summary.sentence() if self._content.summary else image.model_version,
                timeout_seconds=self._args["timeout_seconds"],
                drift_namespace=self._metrics_namespace() if "training_ranges_path" in self._args else None,
                by_version="canary_percent" in self._args,
                parent=self,
            )

    def _metrics_namespace(self) -> pulumi.Input[str]:
        """The CloudWatch namespace of the bundled handler's metrics."""
        named: pulumi.Input[str] = self._args["environment"].get("METRICS_NAMESPACE", monitoring.HANDLER_NAMESPACE)
        return named

    def _batch(self, alias: aws.lambda_.Alias) -> pulumi.Output[dict[str, Any] | None]:
        if "batch" not in self._args:
            return pulumi.Output.from_input(None)
        return batch.declare(
            batch.Surroundings(
                name=self._name,
                args=self._args,
                outputs=self._content.summary.outputs if self._content.summary else None,
                alias=alias,
                account_id=self._account_id(),
                partition=self._partition(),
                parent=self,
            )
        )

    def _account_id(self) -> pulumi.Output[str]:
        return _told(aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=self)).account_id)

    def _partition(self) -> pulumi.Output[str]:
        return _told(aws.get_partition_output(opts=pulumi.InvokeOutputOptions(parent=self)).partition)


def _told(answer: pulumi.Output[str]) -> pulumi.Output[str]:
    """What the provider answers; unknown in a preview where the provider itself has yet to learn its region or account.

    The SDK says None there, which would be written into policies.
    """
    return answer.apply(lambda told: pulumi.UNKNOWN if told is None else told)


def _open_in_a_preview(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """A value that is another one at every call, and so unknown in a preview.

    Else `pulumi up --plan` would refuse it, since it is not the one that `pulumi preview --save-plan` saw.
    """
    return value.apply(lambda known: pulumi.UNKNOWN if pulumi.runtime.is_dry_run() else known)


def labelled(values: Iterable[pulumi.Input[str]]) -> list[tuple[str, pulumi.Input[str]]]:
    """Gives each value what its resources are named by, and so a permission's statement: short, and no other's.

    What is not known yet is named by its place among the others, since a resource's name has to be known.
    """
    return [
        (hashlib.sha256(value.encode()).hexdigest()[:8] if isinstance(value, str) else f"output-{place}", value)
        for place, value in enumerate(values)
    ]


_OUTPUTS = [output for output in MLInferenceFunction.__annotations__ if not output.startswith("_")]


_SNAP_START = aws.lambda_.FunctionSnapStartArgs(apply_on="PublishedVersions")

_DOCKER_PLATFORMS = {Architecture.X86_64: "linux/amd64", Architecture.ARM64: "linux/arm64"}


def _url_cors(cors: CorsArgs | None) -> aws.lambda_.FunctionUrlCorsArgs | None:
    """The checked argument as the Function URL takes it: seconds without their unit in the name."""
    if cors is None:
        return None
    return aws.lambda_.FunctionUrlCorsArgs(
        allow_origins=cors["allow_origins"],
        allow_methods=cors.get("allow_methods"),
        allow_headers=cors.get("allow_headers"),
        expose_headers=cors.get("expose_headers"),
        allow_credentials=cors.get("allow_credentials"),
        max_age=cors.get("max_age_seconds"),
    )


def _prepared(name: str, args: MLInferenceFunctionArgs) -> tuple[dict[str, Any], staging.Content]:
    """Everything that can fail before the first resource registers."""
    try:
        checked = arguments.checked(name, args)
        source = checked.get("model_path") or checked.get("context_path")
        golden_path, recipe, ranges_path = (
            _path(checked.get("golden_path")),
            _path(checked.get("dockerfile")),
            _path(checked.get("training_ranges_path")),
        )
        if source is None:
            content = staging.built_elsewhere(golden_path)
        else:
            content = context = staging.stage(name, Path(source), golden_path, recipe, ranges_path)
            dockerfile.check(context.dockerfile, checked.get("target"), checked["build_args"])
        arguments.check_that_it_answers(args, checked, is_asked=content.question is not None)
        if "batch" in checked:
            batch.limits(checked, content.summary.outputs if content.summary else None)
        return checked, content
    except (RefusedError, staging.StagingError, dockerfile.DockerfileError, golden.GoldenError) as error:
        named = r"\b(model_path|context_path|build_args|target(?= '))"
        refusal = re.sub(named, lambda found: spelling_of(args)(found[0]), str(error))
        raise RefusedError(f"{name}: {refusal}") from None


def _path(given: "arguments.Path_ | None") -> Path | None:
    return Path(given) if given is not None else None
