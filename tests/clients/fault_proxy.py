"""A proxy before the endpoint that lets requests through, or answers, hangs up and breaks off as a test wants it.

It forwards requests as they are, the signed Host header included, so that signatures stay valid.
"""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


@dataclass(frozen=True)
class Seen:
    """A request that arrived: its method, path and headers (names in lower case), and when in seconds."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def signature(self) -> str:
        """The signature that it bore; empty if it bore none."""
        return self.headers.get("authorization", "").rpartition("Signature=")[2]


@dataclass
class FaultProxy:
    """Where the proxy listens, what arrived, and what is to go wrong next.

    Attributes:
        url: Its address.
        seen: All requests so far.
        faults: What happens to the next requests, in order; the ones after pass.
    """

    url: str
    seen: list[Seen] = field(default_factory=list)
    faults: deque["Fault"] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self, seen: Seen) -> "Fault":
        """Note a request and take the fault that is meant for it."""
        with self._lock:
            self.seen.append(seen)
            return self.faults.popleft() if self.faults else forward


Fault = Callable[["_Handler", Seen], None]


def forward(handler: "_Handler", seen: Seen) -> None:
    """No fault: pass the request on and the answer back."""
    handler.answer(*handler.ask_endpoint(seen))


def hang_up(handler: "_Handler", _seen: Seen) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True
    handler.connection.close()


def break_off(handler: "_Handler", seen: Seen) -> None:
    """Close the connection in the middle of the answer."""
    status, headers, body = handler.ask_endpoint(seen)
    handler.answer(status, {**headers, "content-length": str(len(body))}, body[: len(body) // 2])
    hang_up(handler, seen)


def answered(
    status: int, document: Any = None, headers: Mapping[str, str] | None = None, in_next_second: bool = False
) -> Fault:
    """Answer in the endpoint's place.

    Args:
        status: HTTP status.
        document: The body as JSON, or a string as it is.
        headers: Headers of the answer.
        in_next_second: Answer only when a new signature must differ, since its time counts in whole seconds.
    """
    body = document.encode() if isinstance(document, str) else json.dumps(document or {}).encode()

    def fault(handler: "_Handler", _seen: Seen) -> None:
        if in_next_second:
            now = time.time()
            time.sleep(1.05 - now % 1)
        handler.answer(status, {"content-type": "application/json", **(headers or {})}, body)

    return fault


@contextmanager
def before(host: str, port: int, tls: ssl.SSLContext | None = None) -> Iterator[FaultProxy]:
    """A proxy before a server on this machine, itself with TLS or without."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.behind = (host, port)
    server.proxy = FaultProxy(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}")
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.ended = True
        socket.create_connection(server.server_address).close()  # which it notices at once
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    behind: tuple[str, int]
    proxy: FaultProxy
    server_address: tuple[str, int]
    ended = False

    def serve(self) -> None:
        while not self.ended:
            self.handle_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that vanish are part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body waits until the client has acknowledged the headers, for 40 ms
    server: _Server

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_CONNECT(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body, time.monotonic())
        with contextlib.suppress(OSError):
            self.server.proxy.next_fault(seen)(self, seen)

    def ask_endpoint(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        """Send a request on; returns status, headers and body of the answer."""
        connection = http.client.HTTPConnection(*self.server.behind, timeout=60)
        with contextlib.closing(connection):
            connection.request(seen.method, seen.path, seen.body, {**seen.headers, "connection": "close"})
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.headers.items()}
            return response.status, {k: v for k, v in headers.items() if k not in HOP_BY_HOP}, response.read()

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer the client."""
        self.send_response_only(status)
        for name, value in {"date": formatdate(usegmt=True), "content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""
