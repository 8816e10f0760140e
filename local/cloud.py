"""The emulator as AWS clients see it: boto3 clients that can reach nothing but the emulator.

The user's own AWS profile, credentials, endpoints and proxies are left out on purpose: whatever they say, no call made
here may ever reach a real account.
"""

import os
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

SECONDS_TO_ANSWER = 120
"""How long one API call may take; an invocation may run as long as the function's own timeout."""


@dataclass(frozen=True)
class Credentials:
    """AWS credentials, long-lived (no token) or temporary."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


# The emulator takes this key for its account's root and checks nothing: it stands for whoever runs `pulumi up`.
DEPLOYER = Credentials("test", "test")


@dataclass(frozen=True)
class Cloud:
    """One account and region of the emulator, seen with one set of credentials.

    Attributes:
        url: Where the emulator answers.
        region: The AWS region.
        credentials: Who is calling.
    """

    url: str
    region: str
    credentials: Credentials = DEPLOYER
    # Clients may be shared between threads, but not be made by two at once:
    # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def port(self) -> int:
        """The emulator's port, where its image registry answers too."""
        return int(self.url.rpartition(":")[2])

    @cached_property
    def account_id(self) -> str:
        """The account that the credentials belong to."""
        return self.sts.get_caller_identity()["Account"]

    @cached_property
    def session(self) -> boto3.Session:
        """A session that has read neither the user's AWS files nor the variable AWS_PROFILE."""
        nowhere = {
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
        return boto3.Session(
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            aws_session_token=self.credentials.session_token,
            region_name=self.region,
            botocore_session=botocore.session.Session(session_vars=nowhere),
        )

    @cached_property
    def config(self) -> Config:
        """Client settings: straight to the emulator, and one try only, since an error there repeats itself."""
        return Config(
            proxies={},
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
            read_timeout=SECONDS_TO_ANSWER,
            retries={"total_max_attempts": 1},
        )

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """CloudWatch."""
        with self._making:
            return self.session.client("cloudwatch", endpoint_url=self.url, config=self.config)

    @cached_property
    def ecr(self) -> "ECRClient":
        """Elastic Container Registry."""
        with self._making:
            return self.session.client("ecr", endpoint_url=self.url, config=self.config)

    @cached_property
    def iam(self) -> "IAMClient":
        """Identity and Access Management."""
        with self._making:
            return self.session.client("iam", endpoint_url=self.url, config=self.config)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Lambda."""
        with self._making:
            return self.session.client("lambda", endpoint_url=self.url, config=self.config)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        """CloudWatch Logs."""
        with self._making:
            return self.session.client("logs", endpoint_url=self.url, config=self.config)

    @cached_property
    def s3(self) -> "S3Client":
        """Simple Storage Service."""
        with self._making:
            return self.session.client("s3", endpoint_url=self.url, config=self.config)

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """Step Functions."""
        with self._making:
            return self.session.client("stepfunctions", endpoint_url=self.url, config=self.config)

    @cached_property
    def sns(self) -> Any:
        """Simple Notification Service, for which no types are installed."""
        with self._making:
            return self.session.client("sns", endpoint_url=self.url, config=self.config)

    @cached_property
    def sts(self) -> "STSClient":
        """Security Token Service."""
        with self._making:
            return self.session.client("sts", endpoint_url=self.url, config=self.config)
