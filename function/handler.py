"""Lambda's entry point `handler.handler`: loads the model when the process starts, then answers.

Everything is in the modules behind it: endpoint.py is the way through them.
"""

from __future__ import annotations

import gc
import os

from endpoint import Endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Once for each execution environment, while Lambda still gives the start-up a full core.
ENDPOINT = Endpoint(os.environ)

# What is loaded now stays, and parsed rows hold no cycles: do not search either for garbage while a request is parsed.
gc.freeze()
gc.set_threshold(1_000_000, 10, 10)

if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    import snapstart

    snapstart.register(ENDPOINT)


def handler(event: Any, context: Any) -> Any:
    """Answer one Function URL event (payload format 2.0), or a bare list of records invoked directly."""
    return ENDPOINT(event, context)
