"""Who signs a request: AWS's usual credential chain, and from there the invoker role.

The chain is botocore's own (environment, profiles, single sign-on, container, instance), and so are the role's session
and its renewal before it expires. Nothing here writes a credential anywhere.
"""

import logging
import os
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    Credentials,
    DeferredRefreshableCredentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ml_inference_client.errors import CredentialsError
from ml_inference_client.settings import Settings

# At DEBUG botocore logs signatures, session tokens and the secret keys that STS answers. A program that turns its own
# debugging on does not mean that; one that sets botocore's own level still gets it.
if logging.getLogger("botocore").level == logging.NOTSET:
    logging.getLogger("botocore").setLevel(logging.INFO)

AWS_CALL_ERRORS = (BotoCoreError, ResponseParserError)
"""What a call of botocore raises besides `ClientError`."""

SESSION_NAME = "ml-inference-client"
"""How calls under the assumed role appear in CloudTrail."""

_STS_REASONS = {
    "AccessDenied": (
        "these credentials may not assume it, or it does not exist: their policy must allow sts:AssumeRole on it and "
        "its trust policy must allow their account"
    ),
    "ExpiredToken": "the session you call from has expired; sign in again",
    "ExpiredTokenException": "the session you call from has expired; sign in again",
    "InvalidClientTokenId": "the access key you call with is not known to AWS",
    "SignatureDoesNotMatch": "the secret access key you call with is wrong, or this machine's clock is",
    "RegionDisabledException": "the account has this region switched off",
}


class CredentialSource:
    """Provides the credentials to sign the next request with; safe to use from several threads.

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
        self._settings = settings
        try:
            found = self.session.get_credentials()
        except BotoCoreError as error:
            raise CredentialsError(f"AWS credentials cannot be used: {plain(error)}") from None
        if found is None:
            raise CredentialsError(
                "no AWS credentials were found; sign in (`aws sso login`), name a profile (AWS_PROFILE), or set "
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if temporary, AWS_SESSION_TOKEN"
            )
        self.caller: Credentials = found
        self._signer = self._role(settings.role_arn) if settings.role_arn else found

    def current(self) -> ReadOnlyCredentials:
        """The credentials as they are now, renewed if they were about to expire.

        Raises:
            CredentialsError: They could not be obtained; the message says why.
        """
        try:
            return self._signer.get_frozen_credentials()
        except ClientError as error:
            code, message = said(error)
            reason = _STS_REASONS.get(code, f"{message} ({code})")
            raise CredentialsError(f"the role {self._settings.role_arn} was not assumed: {reason}") from None
        except AWS_CALL_ERRORS as error:
            raise CredentialsError(f"AWS credentials cannot be used: {plain(error)}") from None

    def client(self, service: str, **credentials: str | None) -> Any:
        """A botocore client that calls AWS, or the emulator in its place, as the caller before any role is assumed."""
        options: dict[str, Any] = {"region_name": self._settings.region, **credentials}
        emulator = self._settings.emulator
        if emulator:
            told = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
            # Plain HTTP on this machine: a proxy that is meant for the way out would read it.
            options |= {"endpoint_url": told or emulator, "config": Config(proxies={})}
        return self.session.create_client(service, **options)

    def _role(self, role_arn: str) -> Credentials:
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self.client,
            source_credentials=self.caller,
            role_arn=role_arn,
            extra_args={"RoleSessionName": SESSION_NAME},
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def said(error: ClientError) -> tuple[str, str]:
    """Code and message of an answer, which something on the way may have sent without them."""
    details = error.response.get("Error", {})
    return str(details.get("Code", "no code")), str(details.get("Message", "no reason given"))


def plain(error: Exception) -> str:
    """What botocore says, in one line and without the answer that it could not read."""
    if isinstance(error, ResponseParserError):
        return "the answer is not one of AWS's own; a firewall or proxy on the way may have given it"
    return " ".join(str(error).split())
