"""`MLInferenceFunction`: an XGBoost model file becomes a private, fast AWS Lambda endpoint.

Start reading at `ml_inference_function.py`; the other files answer one question each that it asks.
"""

from .ml_inference_function import (
    AlarmsArgs,
    Architecture,
    Authorization,
    CorsArgs,
    MLInferenceFunction,
    MLInferenceFunctionArgs,
    VpcArgs,
)

__all__ = [
    "AlarmsArgs",
    "Architecture",
    "Authorization",
    "CorsArgs",
    "MLInferenceFunction",
    "MLInferenceFunctionArgs",
    "VpcArgs",
]
