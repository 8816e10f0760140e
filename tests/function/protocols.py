"""Types of the fixtures in conftest.py that are functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from endpoint import Endpoint


class MakeEvent(Protocol):
    def __call__(
        self,
        body: str | bytes = "",
        *,
        method: str = "POST",
        path: str = "/",
        base64_encoded: bool = False,
        query: str = "",
        **headers: str,
    ) -> dict[str, Any]: ...


class Serve(Protocol):
    def __call__(self, model: Path, **environment: str) -> Endpoint: ...
