"""`MLInferenceFunction`: an XGBoost model file becomes a private, fast AWS Lambda endpoint.

Start reading at `ml_inference_function.py`; the other files answer one question each that it asks.
"""

from .ml_inference_function import Architecture, MLInferenceFunction, MLInferenceFunctionArgs

__all__ = ["Architecture", "MLInferenceFunction", "MLInferenceFunctionArgs"]
