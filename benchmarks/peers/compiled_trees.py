"""The same trees compiled to machine code by Treelite's tl2cgen, called through ctypes: no numpy, nothing to import."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import struct
import sys
from array import array
from itertools import chain
from operator import itemgetter
from typing import Any

TREES = ctypes.CDLL(os.environ["TREES_PATH"])
FEATURES = json.loads(os.environ["FEATURES"])
PICK = itemgetter(*FEATURES)
ORJSON_FROM = 500_000
"""Length of a body for which orjson is imported; from then on it is used for all of them."""


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one Function URL event with predictions as JSON."""
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    width = len(FEATURES)
    if event["headers"]["content-type"] == "application/x-float32":
        values = array("f", body)
    else:
        found = _parsed(body)
        if isinstance(found, dict):
            cells = list(chain.from_iterable(zip(*PICK(found), strict=True)))
        else:
            cells = list(chain.from_iterable(map(PICK, found)))
        values = array("f", struct.pack(f"{len(cells)}f", *cells))
    rows = len(values) // width
    answers = array("f", bytes(4 * rows))
    TREES.predict_rows(ctypes.c_void_p(values.buffer_info()[0]), rows, width, ctypes.c_void_p(answers.buffer_info()[0]))
    orjson = sys.modules.get("orjson")
    text = orjson.dumps(answers.tolist()).decode() if orjson else json.dumps(answers.tolist())
    return {"statusCode": 200, "body": text}


def _parsed(body: str | bytes) -> Any:
    if len(body) < ORJSON_FROM and "orjson" not in sys.modules:
        return json.loads(body)
    import orjson

    return orjson.loads(body)
