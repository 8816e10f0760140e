"""A Function URL event as a request: method, path, headers, and the body as text.

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

_UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")


class Request:
    """One request.

    Attributes:
        method: HTTP method in upper case.
        path: Path as sent, without the query.
        headers: Header values by name in lower case.
        answer_type: Media type of the answer, once it is chosen.
    """

    __slots__ = ("_event", "answer_type", "headers", "method", "path")

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
        body = self._event.get("body") or ""
        if not isinstance(body, str):
            raise Problem(400, "the event's body is not a string")
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if self._event.get("isBase64Encoded"):
            body = _decode(_unpack(_from_base64(body), encoding))
        elif encoding != "identity":
            raise Problem(*_NOT_PACKED) if encoding == "gzip" else _unsupported_encoding()
        if len(body) > MAX_BODY:
            raise _too_large()
        return body.removeprefix("\ufeff")


_NOT_PACKED = (400, "the body is not the gzip that content-encoding says it is")


def _from_base64(body: str) -> bytes:
    import binascii

    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except ValueError:
        raise Problem(400, "the event says that its body is base64, and it is not") from None


def _unpack(content: bytes, encoding: str) -> bytes:
    if encoding in ("identity", ""):
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise _unsupported_encoding()
    import zlib

    unpacker = zlib.decompressobj(wbits=31)  # 31: gzip's own header and checksum, nothing else
    try:
        unpacked = unpacker.decompress(content, MAX_BODY + 1)
    except zlib.error:
        raise Problem(*_NOT_PACKED) from None
    if len(unpacked) > MAX_BODY:
        raise _too_large()
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
