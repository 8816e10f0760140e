"""The library's two clients, one for plain and one for asynchronous code: sign, send, retry, explain.

    with Client.connect() as client:
        print(client.predict([{"fixed acidity": 6.6, …}]))

Leaves out files (score/) and diagnosis (doctor.py).
"""

import gzip
import json
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import anyio
import httpx

from ml_inference_client.credentials import CredentialSource
from ml_inference_client.errors import (
    ForbiddenError,
    InferenceError,
    RequestRefusedError,
    SettingsError,
    UnavailableError,
)
from ml_inference_client.refusal import cause_of, redirect, untrusted
from ml_inference_client.retry import RETRIED, Retry, asked_seconds
from ml_inference_client.settings import Settings
from ml_inference_client.signing import SigV4Auth

HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)

#: A connection that could not be made, broke, or stayed silent. Everything else would fail again.
NETWORK_ERRORS = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)

# A cold start plus the longest request the default function allows, with room; reading is per piece, not per answer.
TIMEOUT = httpx.Timeout(90, connect=10)

JSON = "application/json"

GZIP_FROM = 16_384
"""Bytes of a JSON body from which it is sent packed, and without its type: a Function URL passes on as text anything
called JSON, and loses bytes that are not text. The endpoint assumes JSON where no type is given. Unpacking costs it no
more than the seven times longer body would."""


def _connection(settings: Settings) -> dict[str, Any]:
    """Options of an httpx client for an endpoint; it follows no redirect, and uses no proxy where none belongs.

    Plain HTTP stays on this machine, since a proxy would read it; and a connection that avoids the endpoint's name also
    avoids the proxies for it.
    """
    direct = settings.emulator or settings.connect_to
    mounts = {"http://": None, "https://": None, "all://": None} if direct else {}
    return {"timeout": TIMEOUT, "follow_redirects": False, "mounts": mounts}


def http_client(kind: type[HttpClient], settings: Settings, auth: httpx.Auth | None = None) -> HttpClient:
    """An httpx client of a kind for an endpoint.

    Raises:
        SettingsError: What the environment says about proxies or certificates cannot be used.
    """
    try:
        return kind(auth=auth, **_connection(settings))
    except ImportError:
        raise SettingsError('a SOCKS proxy needs socksio: pip install "httpx[socks]"') from None
    except (ValueError, httpx.InvalidURL):  # whose text may hold a part of the proxy's password
        raise SettingsError("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is not the address of a proxy") from None
    except OSError as error:
        raise SettingsError(f"SSL_CERT_FILE or SSL_CERT_DIR cannot be used: {error.strerror or error}") from None


def tls_name(settings: Settings) -> dict[str, Any]:
    """The httpx extension that requires the endpoint's certificate, wherever the connection goes."""
    name = urlsplit(settings.endpoint).hostname
    return {"sni_hostname": name} if settings.connect_to else {}


@dataclass(frozen=True)
class Answer:
    """A good answer.

    Attributes:
        content: The body.
        headers: Its headers, names in lower case; `x-model-version` names the model that answered.
    """

    content: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.content)

    @property
    def model_version(self) -> str | None:
        """The version of the model that answered; None if the endpoint does not say."""
        return self.headers.get("x-model-version")


class _Requests:
    """What both clients share: building requests, and judging their outcome."""

    def __init__(self, settings: Settings, source: CredentialSource | None = None, retry: Retry | None = None) -> None:
        """Prepare to call an endpoint; nothing is sent yet.

        Args:
            settings: Endpoint, region and role.
            source: Credentials; by default AWS's usual chain and the role in `settings`.
            retry: When to send again.

        Raises:
            CredentialsError: There are no credentials.
        """
        self.settings = settings
        self._retry = retry or Retry()
        self._auth = SigV4Auth(source or CredentialSource(settings), settings)

    @classmethod
    def connect(cls, **given: str | None) -> Self:
        """A client with settings from arguments, environment and stack; see `Settings.find`."""
        return cls(Settings.find(given))

    def _arguments(self, method: str, path: str, body: bytes | None, content_type: str, accept: str) -> dict[str, Any]:
        headers = {"host": self.settings.host, "accept": accept}
        if body is not None and content_type == JSON and len(body) >= GZIP_FROM:
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1, mtime=0)
        elif body is not None:
            headers["content-type"] = content_type
        return {
            "method": method,
            "url": self.settings.url(path),
            "headers": headers,
            "content": body,
            "extensions": tls_name(self.settings),
        }

    def _judge(self, outcome: httpx.Response | httpx.HTTPError, attempt: int) -> Answer | float:
        """Return the answer, or the seconds to wait before another attempt.

        Raises:
            InferenceError: Neither an answer nor worth another attempt.
        """
        host = self.settings.host
        if isinstance(outcome, httpx.Response):
            if outcome.status_code not in RETRIED:
                return self._answer(outcome)
            detail, _ = _problem(outcome)
            asked, reason = asked_seconds(outcome.headers), f"the last answer was {outcome.status_code}: {detail}"
        else:
            certificate = why_untrusted(outcome, self.settings)
            if certificate:
                raise InferenceError(certificate) from None
            if not isinstance(outcome, NETWORK_ERRORS):
                raise InferenceError(f"no connection to {host}: {outcome}; see HTTPS_PROXY and NO_PROXY") from None
            asked, reason = 0.0, f"the connection failed: {outcome or type(outcome).__name__}"
        if attempt < self._retry.attempts:
            return self._retry.seconds(attempt, asked)
        raise UnavailableError(f"{host} gave no answer in {attempt} attempts; {reason}")

    def _answer(self, response: httpx.Response) -> Answer:
        if response.is_success:
            return Answer(response.content, dict(response.headers))
        if response.status_code == httpx.codes.FORBIDDEN:
            cause = cause_of(response.headers, response.text, self.settings.region)
            raise ForbiddenError(cause.code, cause.sentence)
        if response.is_redirect:
            raise RequestRefusedError(response.status_code, redirect(response.headers.get("location", "")))
        detail, faults = _problem(response)
        raise RequestRefusedError(response.status_code, detail, faults)


class Client(_Requests):
    """Calls the endpoint. Use it as a context manager; safe to share between threads."""

    def __enter__(self) -> Self:
        self._http = http_client(httpx.Client, self.settings, self._auth)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def predict(self, records: Sequence[dict[str, Any]]) -> list[Any]:
        """Predict records.

        Args:
            records: Each with every feature of the model, in any order.

        Returns:
            One prediction for each record, in their order.

        Raises:
            InferenceError: JSON cannot hold the records, NaN or Infinity for instance; for others see `errors.py`.
        """
        return _predictions(self.send("POST", "/", _body(records)), len(records))

    def send(
        self, method: str, path: str, body: bytes | None = None, content_type: str = JSON, accept: str = "*/*"
    ) -> Answer:
        """Send any request to the endpoint, and retry it if necessary.

        Args:
            method: HTTP method.
            path: Path below the endpoint, beginning with `/`.
            body: The body, if there is one.
            content_type: Its media type.
            accept: The media types that the answer may have.

        Raises:
            InferenceError: See `errors.py`.
        """
        request, attempt = self._arguments(method, path, body, content_type, accept), 0
        while True:
            attempt += 1
            outcome: httpx.Response | httpx.HTTPError
            try:
                outcome = self._http.request(**request)
            except httpx.HTTPError as error:
                outcome = error
            verdict = self._judge(outcome, attempt)
            if isinstance(verdict, Answer):
                return verdict
            time.sleep(verdict)


class AsyncClient(_Requests):
    """Calls the endpoint from asynchronous code (asyncio or trio). Use it as an asynchronous context manager."""

    async def __aenter__(self) -> Self:
        self._http = http_client(httpx.AsyncClient, self.settings, self._auth)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def predict(self, records: Sequence[dict[str, Any]]) -> list[Any]:
        """Predict records; see `Client.predict`."""
        return _predictions(await self.send("POST", "/", _body(records)), len(records))

    async def send(
        self, method: str, path: str, body: bytes | None = None, content_type: str = JSON, accept: str = "*/*"
    ) -> Answer:
        """Send any request to the endpoint, and retry it if necessary; see `Client.send`."""
        request, attempt = self._arguments(method, path, body, content_type, accept), 0
        while True:
            attempt += 1
            outcome: httpx.Response | httpx.HTTPError
            try:
                outcome = await self._http.request(**request)
            except httpx.HTTPError as error:
                outcome = error
            verdict = self._judge(outcome, attempt)
            if isinstance(verdict, Answer):
                return verdict
            await anyio.sleep(verdict)


def why_untrusted(error: BaseException | None, settings: Settings) -> str | None:
    """What to say about an error of httpx if it was caused by an untrusted certificate."""
    while error:
        if isinstance(error, ssl.SSLCertVerificationError):
            return untrusted(settings.host, error.verify_message, "SSL_CERT_FILE")
        error = error.__cause__ or error.__context__
    return None


def _body(records: Sequence[dict[str, Any]]) -> bytes:
    try:
        return json.dumps(records, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise InferenceError(f"the records cannot be sent as JSON: {error}") from None


def _predictions(answer: Answer, expected: int) -> list[Any]:
    predictions = answer.json()
    if not isinstance(predictions, list) or len(predictions) != expected:
        got = f"{len(predictions)} of them" if isinstance(predictions, list) else "something else"
        raise InferenceError(f"the endpoint must answer {expected} predictions, got {got}; is it a model endpoint?")
    return predictions


def _problem(response: httpx.Response) -> tuple[str, list[Any]]:
    """Detail and faults of a problem document (RFC 9457); AWS's own message, or the status, for other bodies."""
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return response.reason_phrase or "no reason given", []
    detail = document.get("detail") or document.get("Message") or document.get("message") or response.reason_phrase
    faults = document.get("errors")
    return str(detail), faults if isinstance(faults, list) else []
