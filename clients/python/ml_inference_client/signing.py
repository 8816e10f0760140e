"""Signs requests of httpx with AWS Signature Version 4, the signature itself being botocore's.

    httpx.Client(auth=SigV4Auth(source, settings))

The request is signed for the endpoint's name, and goes there or not at all. Only that name, the content's type and
encoding and AWS's own headers are signed, so nothing that a proxy may add or change on the way breaks the signature.
"""

from collections.abc import AsyncGenerator, Generator

import anyio.to_thread
import httpx
from botocore.auth import SigV4Auth as Signer
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from ml_inference_client.credentials import CredentialSource
from ml_inference_client.errors import InferenceError
from ml_inference_client.settings import Settings

SIGNED = ("content-type", "content-encoding")


class SigV4Auth(httpx.Auth):
    """An httpx auth class for one endpoint that requires IAM signatures.

    Leave `follow_redirects` off, as it is by default: httpx would carry the session token to another host.
    """

    requires_request_body = True

    def __init__(self, source: CredentialSource, settings: Settings, service: str = "lambda") -> None:
        """Sign with what `source` provides at that moment.

        Args:
            source: Asked for every request, so that a session that is about to expire is renewed.
            settings: The endpoint and its AWS region.
            service: The service's name in signatures.
        """
        self._source = source
        self._settings = settings
        self._service = service

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign; called by httpx for every attempt."""
        request.read()
        self.sign(request, self._source.current())
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign; assuming a role is a call that must not hold up the event loop."""
        await request.aread()
        self.sign(request, await anyio.to_thread.run_sync(self._source.current))
        yield request

    def sign(self, request: httpx.Request, credentials: ReadOnlyCredentials) -> None:
        """Put the signature's headers on a request, replacing those of an earlier attempt.

        Raises:
            InferenceError: The request does not go to the endpoint.
        """
        own = httpx.URL(self._settings.url("/"))
        goes_to = request.url.scheme, request.url.host, request.url.port
        if goes_to != (own.scheme, own.host, own.port) or request.headers["host"] != self._settings.host:
            raise InferenceError(f"a request to {request.url.host} is not signed: only {self._settings.host} gets one")
        url = f"{request.url.scheme}://{self._settings.host}{request.url.raw_path.decode()}"
        headers = {name: request.headers[name] for name in SIGNED if name in request.headers}
        signed = AWSRequest(request.method, url, headers, request.content)
        Signer(credentials, self._service, self._settings.region).add_auth(signed)
        request.headers.update({name: value for name, value in signed.headers.items() if name not in SIGNED})
