"""What a client does: an IAM user takes on the invoker role, signs a request and sends it to the endpoint.

The signature is for the endpoint's real name, as on AWS. That name does not resolve for an emulator, so the connection
goes to the emulator's port instead.
"""

import http.client
import json
import secrets
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as SigningKey

from local.cloud import Cloud, Credentials
from local.emulator import HOST

SECONDS_TO_ANSWER = 60


@dataclass(frozen=True)
class Answer:
    """An HTTP answer.

    Attributes:
        status: The HTTP status code.
        body: What came back.
    """

    status: int
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Endpoint:
    """A Function URL and where it really answers.

    Attributes:
        url: The address that the program exports.
        port: The emulator's port on this machine.
        region: The AWS region, part of the signature.
    """

    url: str
    port: int
    region: str

    @property
    def here(self) -> str:
        """The address under which this machine reaches it, for clients that cannot choose the name they sign for."""
        identifier = (urlsplit(self.url).hostname or "").partition(".")[0]
        return f"http://{HOST}:{self.port}/_aws/lambda-url/{identifier}/"

    def post(self, body: bytes, caller: Credentials | None = None, signed_body: bytes | None = None) -> Answer:
        """Send a JSON document.

        Args:
            body: What is sent.
            caller: Who signs; nobody if not given.
            signed_body: What is signed, if it is to differ from what is sent.
        """
        request = AWSRequest("POST", self.url, {"content-type": "application/json"}, signed_body or body)
        if caller is not None:
            key = SigningKey(caller.access_key_id, caller.secret_access_key, caller.session_token)
            SigV4Auth(key, "lambda", self.region).add_auth(request)
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(HOST, self.port, timeout=SECONDS_TO_ANSWER)
        try:
            headers = {**dict(request.headers.items()), "Host": address.netloc}
            connection.request("POST", address.path or "/", body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()


def create_user(cloud: Cloud, role_arn: str) -> Credentials:
    """Create an IAM user who may do one thing: assume a role.

    Args:
        cloud: AWS, as someone who may create users.
        role_arn: The role.
    """
    name = f"client-{secrets.token_hex(4)}"
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role_arn}],
    }
    cloud.iam.create_user(UserName=name)
    cloud.iam.put_user_policy(UserName=name, PolicyName="assume-invoker", PolicyDocument=json.dumps(policy))
    key = cloud.iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def assume(cloud: Cloud, user: Credentials, role_arn: str) -> Credentials:
    """Take on a role.

    Args:
        cloud: AWS.
        user: Who asks.
        role_arn: The role.

    Returns:
        The role's temporary credentials.
    """
    sts = replace(cloud, credentials=user).sts
    key = sts.assume_role(RoleArn=role_arn, RoleSessionName="local")["Credentials"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])


def with_wrong_secret(caller: Credentials) -> Credentials:
    """The same caller with a secret that is not theirs."""
    return replace(caller, secret_access_key=secrets.token_hex(20))
