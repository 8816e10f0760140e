"""A Function URL event as a request: method, path, query, headers, and the body as text or bytes.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
Leaves out what the body means (parse.py).

Decisions: bodies are UTF-8, a leading byte-order mark is skipped, gzip is unpacked up to the size that a plain body
may have.
"""

from __future__ import annotations

from problem import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_BODY = 10 * 1024 * 1024
"""Characters of a body after unpacking. Lambda's own limit of 6 MB holds before; the rest is room for gzip."""

MAX_EXPANSION = 50
"""Times that a packed body may grow: what a request costs is bounded by what it weighs. Records of numbers that are
really different grow eight to twenty times."""

MAX_SMALL = 128 * 1024
"""Bytes to which a packed body may grow however small it is."""

_PLAIN = ("identity", "")
_GZIP = ("gzip", "x-gzip")
_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")


class Request:
    """One request.

    Attributes:
        method: HTTP method in upper case.
        path: Path as sent, without the query.
        headers: Header values by name in lower case.
        query: Query as sent, without the question mark.
        answer_type: Media type of the answer, once it is chosen.
    """

    __slots__ = ("_event", "answer_type", "headers", "method", "path", "query")

    def __init__(self, event: Mapping[str, Any]) -> None:
        """Read an event of payload format 2.0.

        Raises:
            Problem: 400, the event has another form.
        """
        self._event = event
        self.answer_type = "application/json"
        try:
            self.method = str(event["requestContext"]["http"]["method"]).upper()
            self.path = str(event.get("rawPath") or "/")
            self.query = str(event.get("rawQueryString") or "")
            headers = event.get("headers") or {}
            self.headers = {name.lower(): str(value) for name, value in headers.items()}
        except (KeyError, TypeError, AttributeError):
            raise Problem(400, "the event is not a Function URL event of payload format 2.0") from None

    def media_type(self) -> str:
        """Return the body's media type in lower case; JSON if the client did not say.

        Raises:
            Problem: 415, the text is not declared as UTF-8.
        """
        essence, _, parameters = self.headers.get("content-type", "").partition(";")
        if parameters:
            for parameter in parameters.split(";"):
                key, _, value = parameter.partition("=")
                if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in _UTF_8:
                    raise Problem(415, "the body's charset is not supported; send UTF-8")
        return essence.strip().lower() or "application/json"

    def text(self) -> str:
        """Return the body as text, unpacked, without a leading byte-order mark.

        Raises:
            Problem: 400, 413 or 415: the body is not what the event or its headers say, too large, or packed in a way
                that is not supported.
        """
        if self._event.get("isBase64Encoded"):
            body = _decode(self.content())
        else:
            body = self._body()
            encoding = self._encoding()
            if encoding not in _PLAIN:
                raise Problem(*_NOT_PACKED) if encoding in _GZIP else _unsupported_encoding()
        if len(body) > MAX_BODY:
            raise _too_large()
        return body.removeprefix("\ufeff")

    def content(self) -> bytes:
        """Return the body as bytes, unpacked.

        Raises:
            Problem: As for `text`; 400, the event says that the body is text, which bytes do not survive.
        """
        body = self._body()
        if not self._event.get("isBase64Encoded"):
            if body:
                raise Problem(
                    400, "the event has a binary body as text; it must come as base64, as Function URLs send it"
                )
            return b""
        return _unpack(_from_base64(body), self._encoding())

    def _body(self) -> str:
        body = self._event.get("body") or ""
        if not isinstance(body, str):
            raise Problem(400, "the event's body is not a string")
        return body

    def _encoding(self) -> str:
        return self.headers.get("content-encoding", "identity").strip().lower()


_NOT_PACKED = (400, "the body is not the gzip that content-encoding says it is")


def _from_base64(body: str) -> bytes:
    import binascii

    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except ValueError:
        raise Problem(400, "the event says that its body is base64, and it is not") from None


def _unpack(content: bytes, encoding: str) -> bytes:
    if encoding in _PLAIN:
        return content
    if encoding not in _GZIP:
        raise _unsupported_encoding()
    import zlib

    allowed = min(MAX_BODY, max(MAX_SMALL, MAX_EXPANSION * len(content)))
    unpacker = zlib.decompressobj(wbits=31)  # 31: gzip's own header and checksum, nothing else
    try:
        unpacked = unpacker.decompress(content, allowed + 1)
    except zlib.error:
        raise Problem(*_NOT_PACKED) from None
    if len(unpacked) > MAX_BODY:
        raise _too_large()
    if len(unpacked) > allowed:
        raise Problem(413, f"the body unpacks to more than {MAX_EXPANSION} times its size; send it without gzip")
    if not unpacker.eof or unpacker.unused_data:
        raise Problem(*_NOT_PACKED)
    return unpacked


def _decode(content: bytes) -> str:
    try:
        return str(content, "utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "the body is not valid UTF-8") from None


def _unsupported_encoding() -> Problem:
    return Problem(415, "the body's content-encoding is not supported; send gzip or none")


def _too_large() -> Problem:
    return Problem(413, f"the body is larger than {MAX_BODY} characters when unpacked; send fewer rows at a time")
