"""The same model converted to ONNX and served by ONNX Runtime, as guides to small and fast images recommend."""

from __future__ import annotations

import base64
import os
from operator import itemgetter
from typing import Any

import numpy as np
import onnxruntime
import orjson

_OPTIONS = onnxruntime.SessionOptions()
_OPTIONS.intra_op_num_threads = _OPTIONS.inter_op_num_threads = 1
SESSION = onnxruntime.InferenceSession(os.environ["ONNX_PATH"], _OPTIONS, providers=["CPUExecutionProvider"])
FEATURES = orjson.loads(os.environ["FEATURES"])
PICK = itemgetter(*FEATURES)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one Function URL event with predictions as JSON."""
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    if event["headers"]["content-type"] == "application/x-float32":
        rows = np.frombuffer(body, np.float32).reshape(-1, len(FEATURES))
    else:
        found = orjson.loads(body)
        if isinstance(found, dict):
            rows = np.array(PICK(found), np.float32).T
        else:
            rows = np.array(list(map(PICK, found)), np.float32)
    (predictions,) = SESSION.run(None, {"rows": np.ascontiguousarray(rows)})
    return {"statusCode": 200, "body": orjson.dumps(predictions.ravel().tolist()).decode()}
