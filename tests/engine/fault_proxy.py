"""A proxy before the emulator that makes requests go wrong: one by its name, or every one from the n-th on.

It knows requests by the names of AWS's operations, as a fault is best described in them. Everything else goes through
unchanged.
"""

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SECONDS_TO_ANSWER = 60

#: Lambda's operations are methods on paths; those of the other services stand in a header or in the form.
LAMBDA = {
    "CreateFunction": r"POST /2015-03-31/functions$",
    "UpdateFunctionCode": r"PUT /2015-03-31/functions/[^/]+/code$",
    "PublishVersion": r"POST /2015-03-31/functions/[^/]+/versions$",
    "Invoke": r"POST /2015-03-31/functions/[^/]+/invocations",
    "CreateAlias": r"POST /2015-03-31/functions/[^/]+/aliases$",
    "UpdateAlias": r"PUT /2015-03-31/functions/[^/]+/aliases/[^/]+$",
    "CreateFunctionUrlConfig": r"POST /2021-10-31/functions/[^/]+/url",
}

#: Requests that change nothing.
QUESTION = re.compile("GET |Get|List|Describe")


@dataclass(frozen=True)
class Refusal:
    """An error of AWS's instead of an answer; the request does not reach the emulator."""

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class Reset:
    """The connection breaks, before the request reaches the emulator or after it was carried out."""

    carried_out: bool = False


Fault = Refusal | Reset


@dataclass(frozen=True)
class Cut:
    """From the n-th request on the connection breaks every time.

    Attributes:
        at: Which one, from 1.
        carried_out: Whether this one still reaches the emulator, so that only its answer is lost.
        happening: What happens just then.
    """

    at: int
    carried_out: bool
    happening: Callable[[], None]


class FaultProxy:
    """Serves on a loopback port for as long as the block lasts.

    Attributes:
        url: Where it answers in the emulator's place.
        struck: How often the fault has happened since it was set.
        requests: How many requests there were since counting began. Asking the same thing again is none.
    """

    def __init__(self, emulator_port: int) -> None:
        self._fault: tuple[str, Fault] | None = None
        self._cut: Cut | None = None
        self._looked_at: set[str] = set()
        # Nobody is to learn that the connection breaks before what goes with it has happened.
        self._happened = threading.Event()
        self._lock = threading.Lock()
        self.struck = 0
        self.requests = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                name = operation(self.command, self.path, dict(self.headers), body)
                fault = proxy._cut_off(name or f"{self.command} {self.path}") or proxy._take(name)
                if isinstance(fault, Refusal):
                    self._send(fault.status, *refused(fault, self.headers.get("content-type", "")))
                elif fault is None:
                    self._send(*self._forwarded(body))
                else:
                    if fault.carried_out:
                        self._forwarded(body)
                    if isinstance(fault, Cut):
                        fault.happening()
                        proxy._happened.set()
                    proxy._happened.wait()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True

            def _forwarded(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
                connection = http.client.HTTPConnection("127.0.0.1", emulator_port, timeout=SECONDS_TO_ANSWER)
                try:
                    connection.request(self.command, self.path, body, dict(self.headers))
                    answer = connection.getresponse()
                    return answer.status, dict(answer.headers), answer.read()
                finally:
                    connection.close()

            def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def serving(self) -> Iterator["FaultProxy"]:
        """Serve while the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    @contextmanager
    def fault(self, name: str, fault: Fault) -> Iterator[None]:
        """The first request for an operation in this block goes wrong."""
        self.struck = 0
        self._happened.set()
        self._fault = (name, fault)
        try:
            yield
        finally:
            self._fault = None

    @contextmanager
    def counting(self, cut: Cut | None = None) -> Iterator[None]:
        """Count the requests in this block, and cut them off if that is asked for."""
        with self._lock:
            self.requests, self._cut = 0, cut
            self._looked_at.clear()
            self._happened.clear()
        try:
            yield
        finally:
            with self._lock:
                self._cut = None

    def _cut_off(self, request: str) -> Fault | Cut | None:
        with self._lock:
            before, self.requests = self.requests, self.requests + (request not in self._looked_at)
            if QUESTION.match(request):
                self._looked_at.add(request)
            if self._cut is None or self.requests < self._cut.at:
                return None
            return self._cut if before < self._cut.at else Reset()

    def _take(self, name: str) -> Fault | None:
        with self._lock:
            if self._fault is None or self._fault[0] != name:
                return None
            fault, self._fault = self._fault[1], None
            self.struck += 1
            return fault


def operation(method: str, path: str, headers: dict[str, str], body: bytes) -> str:
    """The name of the operation that a request asks for; empty if it is none that is told apart here."""
    target = {name.lower(): value for name, value in headers.items()}.get("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    for name, pattern in LAMBDA.items():
        if re.match(pattern, f"{method} {path}"):
            return name
    return parse_qs(body.decode(errors="replace")).get("Action", [""])[0] if method == "POST" else ""


def refused(fault: Refusal, content_type: str) -> tuple[dict[str, str], bytes]:
    """An error in the form that the service of a request would give it: headers and body."""
    if "x-www-form-urlencoded" in content_type:
        error = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
        return {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}</ErrorResponse>".encode()
    body = json.dumps({"__type": fault.code, "message": fault.message, "Message": fault.message})
    return {"Content-Type": "application/json", "x-amzn-errortype": fault.code}, body.encode()
