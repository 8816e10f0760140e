"""Whose signature stands under a request: AWS's usual credential chain, and from there the invoker role.

The chain is botocore's own (environment, profiles, single sign-on, container, instance), and so are the role's session
and its renewal before it expires. Nothing here writes a credential anywhere.
"""

import functools
from typing import Any

import botocore.session
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    Credentials,
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError

from ml_inference_client.errors import CredentialsError
from ml_inference_client.settings import Settings

SESSION_NAME = "ml-inference-client"
"""How calls under the assumed role appear in CloudTrail."""

_STS_REASONS = {
    "AccessDenied": (
        "these credentials may not assume it, or it does not exist: their policy must allow sts:AssumeRole on it and "
        "its trust policy must allow their account"
    ),
    "ExpiredToken": "the session you call from has expired; sign in anew",
    "ExpiredTokenException": "the session you call from has expired; sign in anew",
    "InvalidClientTokenId": "the access key you call with is not known to AWS",
    "SignatureDoesNotMatch": "the secret access key you call with is wrong, or this machine's clock is",
    "RegionDisabledException": "the account has this region switched off",
}


class CredentialSource:
    """Gives the credentials to sign the next request with; safe to use from several threads.

    Attributes:
        session: The botocore session, for further AWS calls as the caller before any role.
        caller: The caller's own credentials.
    """

    def __init__(self, settings: Settings, session: botocore.session.Session | None = None) -> None:
        """Look for the caller's credentials; the role is assumed when it is first needed.

        Raises:
            CredentialsError: There are none.
        """
        self.session = session or botocore.session.get_session()
        self._role_arn = settings.role_arn
        try:
            found = self.session.get_credentials()
        except BotoCoreError as error:
            raise CredentialsError(_plain(error)) from None
        if found is None:
            raise CredentialsError(
                "no AWS credentials were found; sign in (`aws sso login`), name a profile (AWS_PROFILE), or set "
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if temporary, AWS_SESSION_TOKEN"
            )
        self.caller: Credentials = found
        self._signer = self._role(settings.role_arn, settings.region) if settings.role_arn else found

    def current(self) -> ReadOnlyCredentials:
        """The credentials as they are now, renewed if they were about to expire.

        Raises:
            CredentialsError: They could not be had; the message says why.
        """
        try:
            return self._signer.get_frozen_credentials()
        except ClientError as error:
            code = error.response["Error"].get("Code", "")
            reason = _STS_REASONS.get(code, f"{error.response['Error'].get('Message', 'no reason given')} ({code})")
            raise CredentialsError(f"the role {self._role_arn} was not assumed: {reason}") from None
        except BotoCoreError as error:
            raise CredentialsError(_plain(error)) from None

    def _role(self, role_arn: str, region: str) -> Credentials:
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=functools.partial(self.session.create_client, region_name=region),
            source_credentials=self.caller,
            role_arn=role_arn,
            extra_args={"RoleSessionName": SESSION_NAME},
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _plain(error: Exception) -> str:
    return f"AWS credentials cannot be used: {' '.join(str(error).split())}"


def client(source: CredentialSource, service: str, region: str) -> Any:
    """A botocore client that calls AWS as the caller, before any role is assumed."""
    return source.session.create_client(service, region_name=region)
