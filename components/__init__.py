"""`MLInferenceFunction`: an XGBoost model file becomes a private, fast AWS Lambda endpoint.

Start reading at `ml_inference_function.py`; the other files answer one question each that it asks.
"""

from .arguments import (
    AlarmsArgs,
    Architecture,
    Authorization,
    CorsArgs,
    MissingValuesArgs,
    MLInferenceFunctionArgs,
    VpcArgs,
)
from .ml_inference_function import MLInferenceFunction
from .refusal import RefusedError
from .stack_configuration import stack_settings

__all__ = [
    "AlarmsArgs",
    "Architecture",
    "Authorization",
    "CorsArgs",
    "MLInferenceFunction",
    "MLInferenceFunctionArgs",
    "MissingValuesArgs",
    "RefusedError",
    "VpcArgs",
    "stack_settings",
]
