"""Who may ask the page's server: anyone who knows the token in its address, by a browser that means this machine.

The server signs whatever it is asked, so other users of this machine and other pages in the same browser must not reach
it. A page elsewhere that gives its own name this machine's address (DNS rebinding) is told by the Host header, which
Starlette's `TrustedHostMiddleware` checks. What is answered is for this page alone, which may load nothing else.
"""

import secrets

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",  # the address holds the token
    "x-content-type-options": "nosniff",
}


class Guard:
    """Turns away requests whose path does not begin with the token, and gives every answer `HEADERS`."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, see the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        app = self._app if self._knows(scope["path"]) else _STRANGER
        await app(scope, receive, send_with_headers)

    def _knows(self, path: str) -> bool:
        return secrets.compare_digest(path.split("/", 2)[1].encode() if "/" in path else b"", self._token)


_STRANGER = PlainTextResponse("Open the address that the command printed: it holds a token.\n", status_code=403)
