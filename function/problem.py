"""A request that cannot be answered, as RFC 9457 describes it.

Holds what a client is told and never a value that the client sent. Leaves out how it is sent (respond.py).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_ERRORS = 10
"""A request with more faults is told the first ten: enough to mend a client, too few to flood it."""

TITLES = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


CLIENTS_NAMES = frozenset(("unknown_field", "repeated_field"))
"""Codes of the faults whose field is a name that the client sent; any other's is one of the model's features."""


class Fault:
    """One fault in the data of a request.

    Attributes:
        row: Index of the row, from 0; None if the fault belongs to no row.
        field: Name of the field; None if the fault belongs to the whole row.
        code: A word for programs, such as `missing_field`.
        message: A sentence for people, free of values.
    """

    __slots__ = ("code", "field", "message", "row")

    def __init__(self, row: int | None, field: str | None, code: str, message: str) -> None:
        self.row = row
        self.field = field
        self.code = code
        self.message = message

    def members(self) -> dict[str, object]:
        """Return the members of the JSON object that describes the fault."""
        named = {"row": self.row, "field": self.field, "code": self.code, "message": self.message}
        return {key: value for key, value in named.items() if value is not None}

    def sentence(self) -> str:
        """Return the fault as one line with its place; a name that the client sent is left out."""
        place = [f"row {self.row}"] if self.row is not None else []
        place += [f'"{self.field}"'] if self.field is not None and self.code not in CLIENTS_NAMES else []
        return f"{', '.join(place)}: {self.message}" if place else self.message


class Problem(Exception):  # noqa: N818 - RFC 9457's word for it
    """Raised anywhere below the handler to refuse a request.

    Attributes:
        status: HTTP status code.
        detail: One sentence that says what was given, what is allowed and what to do.
        faults: Faults in the data, at most `MAX_ERRORS`.
        headers: Response headers that the status demands, such as `allow` with 405.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = faults
        self.headers = headers or {}

    def document(self, request_id: str) -> dict[str, object]:
        """Return the problem document of RFC 9457 with the request's id."""
        members: dict[str, object] = {
            "type": "about:blank",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.faults:
            members["errors"] = [fault.members() for fault in self.faults]
        return members

    def sentence(self) -> str:
        """Return the problem as one line that is safe for logs: no name that a client sent."""
        return "; ".join([self.detail, *(fault.sentence() for fault in self.faults[:1])])
