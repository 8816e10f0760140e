"""KServe's V1 protocol, which TensorFlow Serving's clients speak as well: model list, health, prediction.

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
"""

from __future__ import annotations

import parse
import predict
import respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request

    Answer = tuple[dict[str, Any], int]


def models(request: Request, contract: Contract) -> Answer:
    """Answer with the names of the models that are served."""
    return respond.as_json({"models": [contract.name]}, request, contract), 0


def health(request: Request, contract: Contract) -> Answer:
    """Answer that the model is served."""
    return respond.as_json({"name": contract.name, "ready": True}, request, contract), 0


def infer(request: Request, contract: Contract) -> Answer:
    """Predict `{"instances": [...]}`, or rows in any other form, and answer with `{"predictions": [...]}`."""
    batch, _ = parse.batch(request, contract, positional=True)
    return predict.answered(batch, True, request, contract)
