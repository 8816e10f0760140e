"""Calls a model endpoint behind an IAM-authenticated Lambda Function URL."""

from ml_inference_client.batch import BatchRun
from ml_inference_client.client import Answer, AsyncClient, Client
from ml_inference_client.credentials import CredentialSource
from ml_inference_client.errors import (
    CredentialsError,
    ForbiddenError,
    InferenceError,
    RequestRefusedError,
    SettingsError,
    UnavailableError,
)
from ml_inference_client.retry import Retry
from ml_inference_client.settings import Settings
from ml_inference_client.signing import SigV4Auth

__all__ = [
    "Answer",
    "AsyncClient",
    "BatchRun",
    "Client",
    "CredentialSource",
    "CredentialsError",
    "ForbiddenError",
    "InferenceError",
    "RequestRefusedError",
    "Retry",
    "Settings",
    "SettingsError",
    "SigV4Auth",
    "UnavailableError",
]
