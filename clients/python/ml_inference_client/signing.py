"""Signs requests of httpx with AWS Signature Version 4, the signature itself being botocore's.

    httpx.Client(auth=SigV4Auth(source, region="eu-central-1"))

The request is signed for the name in its `Host` header, which is usually where it goes. Only that header, the content
type and AWS's own are signed: what a proxy may add or change on the way does not break the signature.
"""

from collections.abc import AsyncGenerator, Generator

import anyio.to_thread
import httpx
from botocore.auth import SigV4Auth as Signer
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from ml_inference_client.credentials import CredentialSource

SIGNED = ("content-type", "content-encoding")


class SigV4Auth(httpx.Auth):
    """An httpx auth class for endpoints of AWS that want IAM signatures."""

    requires_request_body = True

    def __init__(self, source: CredentialSource, region: str, service: str = "lambda") -> None:
        """Sign with what `source` gives at that moment.

        Args:
            source: Asked anew for each request, so that a session that is about to expire is renewed.
            region: The endpoint's AWS region.
            service: The service's name in signatures.
        """
        self._source = source
        self._region = region
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
        """Put the signature's headers on a request, in place of those of an earlier attempt."""
        url = f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}"
        headers = {name: request.headers[name] for name in SIGNED if name in request.headers}
        signed = AWSRequest(request.method, url, headers, request.content)
        Signer(credentials, self._service, self._region).add_auth(signed)
        request.headers.update({name: value for name, value in signed.headers.items() if name not in SIGNED})
