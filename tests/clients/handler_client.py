"""A client that asks the handler in this process, as a Function URL would pass its requests on."""

import base64
import json
from types import TracebackType
from typing import Self

from endpoint import Endpoint
from ml_inference_client.client import JSON, Answer
from ml_inference_client.errors import RequestRefusedError


class Handler:
    """Takes the place of `AsyncClient`.

    Attributes:
        media_types: What bodies were sent as.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.media_types: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def send(
        self, method: str, path: str, body: bytes | None = None, content_type: str = JSON, accept: str = "*/*"
    ) -> Answer:
        """See `AsyncClient.send`."""
        event = {
            "rawPath": path,
            "rawQueryString": "",
            "headers": {"content-type": content_type, "accept": accept},
            "requestContext": {"requestId": "test", "http": {"method": method, "path": path}},
            "body": base64.b64encode(body or b"").decode(),
            "isBase64Encoded": True,
        }
        response = self._endpoint(event, None)
        content = response["body"]
        if response["statusCode"] != 200:
            problem = json.loads(content)
            raise RequestRefusedError(response["statusCode"], problem["detail"], problem.get("errors", ()))
        if body is not None:
            self.media_types.add(content_type)
        plain = base64.b64decode(content) if response["isBase64Encoded"] else content.encode()
        return Answer(plain, response["headers"])
