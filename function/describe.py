"""What the endpoint says of itself: the served model's card, and the facts that its other descriptions share.

Everything is read from the model: nothing here knows one model from another.
"""

from __future__ import annotations

import respond
import thresholds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract
    from request import Request


def card_answer(request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Answer with the model's card."""
    return respond.as_json(card(contract), request, contract), 0


def ping(request: Request, contract: Contract) -> tuple[dict[str, Any], int]:
    """Answer that the model is served."""
    return respond.as_json({"status": "ok"}, request, contract), 0


def card(contract: Contract) -> dict[str, object]:
    """Return the model's card: name, version, objective, features, outputs."""
    decided = thresholds.between(contract)
    return {
        "name": contract.name,
        "version": contract.version,
        "sha256": contract.sha256,
        "saved_by_xgboost": ".".join(map(str, contract.saved_by)),
        "booster": contract.kind,
        "objective": contract.objective,
        "rounds": contract.rounds_used,
        "outputs": contract.outputs,
        "features": [feature(contract, index, decided.get(index)) for index in range(len(contract.features))],
        **_settings(contract),
        "openapi": "/openapi.json",
    }


def feature(contract: Contract, index: int, decided: tuple[float, float] | None) -> dict[str, object]:
    """Return name and type of a feature, between which values it decides or its categories, and what may be missing."""
    described: dict[str, object] = {"name": contract.features[index], "type": "number"}
    if index in contract.indicators:
        described["type"] = "number or boolean"
    if index in contract.categories:
        names = contract.categories[index]
        described["type"] = "category" if names is not None else "category code"
        if names is not None:
            described["categories"] = list(names)
    if decided is not None:
        described["thresholds"] = list(decided)
    seen = contract.ranges[index] if contract.ranges is not None else None
    if seen is not None:
        described["training_range"] = list(seen)
    if contract.features[index] in contract.may_miss:
        described["may_be_null"] = True
    if contract.features[index] in contract.may_be_absent:
        described["may_be_absent"] = True
    if contract.features[index] in contract.may_be_unseen and contract.categories.get(index):
        described["may_be_unseen"] = True
    return described


def _settings(contract: Contract) -> dict[str, object]:
    """Return what a deployment adds: the number that is a missing value, and the names of classes or outputs."""
    named = list(contract.output_names)
    added = {"missing_value": contract.missing_value, "output_names": named or None}
    return {key: value for key, value in added.items() if value is not None}


def example(contract: Contract) -> dict[str, object]:
    """Return a valid record: zeros, and the first category of each categorical feature."""
    record: dict[str, object] = dict.fromkeys(contract.features, 0.0)
    for index, names in contract.categories.items():
        record[contract.features[index]] = next(iter(names)) if names else 0
    return record
