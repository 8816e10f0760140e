"""The handler that tutorials deploy: pandas reads the rows, XGBRegressor predicts them.

Written for current pandas and XGBoost and without the prints that such code often has, so that the comparison is with
the approach and not with its accidents.
"""

from __future__ import annotations

import base64
import json
import os
from io import StringIO
from typing import Any

import pandas as pd
from xgboost import XGBRegressor

MODEL = XGBRegressor(n_jobs=1)
MODEL.load_model(os.environ["MODEL_PATH"])


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one Function URL event with predictions as JSON."""
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body).decode("utf-8")
    rows = pd.read_json(StringIO(body))
    predictions = MODEL.predict(rows)
    return {"statusCode": 200, "body": json.dumps(predictions.tolist())}
