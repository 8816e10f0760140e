"""A handler that does nothing: what the runtime itself costs."""

from __future__ import annotations

from typing import Any


def handler(_event: Any, _context: Any) -> dict[str, Any]:
    """Answer every event alike."""
    return {"statusCode": 200, "body": "[]"}
