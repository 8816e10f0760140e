"""Before SnapStart takes its snapshot: make everything that a first request would otherwise make.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
Imported only where SnapStart is on: an ordinary cold start would pay for rooms that it may never enter.
"""

from __future__ import annotations

import importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from endpoint import Endpoint

_ROOMS = (
    "orjson",
    "binascii",
    "base64",
    "zlib",
    "csv",
    "faults",
    "json_shapes",
    "csv_body",
    "describe",
    "openapi",
    "open_inference",
    "explain",
)


def register(endpoint: Endpoint) -> None:
    """Warm the endpoint when the runtime is about to take the snapshot.

    AWS's bases bring `snapshot_restore_py`; on another base the endpoint is warmed at once, which is also before the
    snapshot, since that is taken after the module is imported.
    """
    try:
        from snapshot_restore_py import register_before_snapshot  # type: ignore[import-not-found]
    except ImportError:
        warm(endpoint)
        return
    register_before_snapshot(warm, endpoint)


def warm(endpoint: Endpoint) -> None:
    """Open every room and predict and explain one row, so that the library has touched its memory."""
    for room in _ROOMS:
        importlib.import_module(room)
    served = endpoint.contract
    if served is None:
        return
    describe, validate = sys.modules["describe"], importlib.import_module("validate")
    batch = validate.records([describe.example(served)], served)
    importlib.import_module("predict").predictions(batch, served)
    sys.modules["openapi"].document(served)
