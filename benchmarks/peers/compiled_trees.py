"""The same trees compiled to machine code by Treelite's tl2cgen, called through ctypes: no numpy, nothing to import."""

from __future__ import annotations

import base64
import ctypes
import json
import os
from array import array
from itertools import chain
from operator import itemgetter
from typing import Any

TREES = ctypes.CDLL(os.environ["TREES_PATH"])
FEATURES = json.loads(os.environ["FEATURES"])
PICK = itemgetter(*FEATURES)
ORJSON_FROM = 16_384


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
            values = array("f", chain.from_iterable(zip(*PICK(found), strict=True)))
        else:
            values = array("f", chain.from_iterable(map(PICK, found)))
    rows = len(values) // width
    answers = array("f", bytes(4 * rows))
    TREES.predict_rows(ctypes.c_void_p(values.buffer_info()[0]), rows, width, ctypes.c_void_p(answers.buffer_info()[0]))
    return {"statusCode": 200, "body": json.dumps(answers.tolist())}


def _parsed(body: str | bytes) -> Any:
    if len(body) < ORJSON_FROM:
        return json.loads(body)
    import orjson

    return orjson.loads(body)
