"""Before SnapStart takes its snapshot: make everything that a first request would otherwise make.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
Imported only where SnapStart is on: an ordinary cold start would pay for modules that it may never need.
"""

from __future__ import annotations

import importlib
import sys

import json_shapes
import json_text
import parse
import routes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from endpoint import Endpoint

_LATE = ("binascii", "base64", "zlib", "csv", "difflib", "closer_look", "mixed", "answer_types", "direct")
"""What the modules of the tables import only when they need it."""


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
    """Open every module and predict one row, so that the library has touched its memory."""
    json_text.ORJSON.load()
    operations = (route.operation.partition(".")[0] for route in routes.ROUTES)
    for module in {*_LATE, *parse.READERS.values(), *json_shapes.SHAPES.values(), *operations}:
        importlib.import_module(module)
    served = endpoint.contract
    if served is None:
        return
    describe, validate = sys.modules["describe"], importlib.import_module("validate")
    importlib.import_module("record_structs").STRUCTS.load(served)
    batch = validate.records([describe.example(served)], served)
    watch, served.watch = served.watch, None  # a row that nobody sent is no drift
    importlib.import_module("predict").predictions(batch, served)
    served.watch = watch
    sys.modules["openapi"].document(served)
