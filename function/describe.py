"""What the endpoint says of itself: the served model and how it is asked."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contract import Contract


def card(contract: Contract) -> dict[str, object]:
    """Return the model's card: name, version, features."""
    return {
        "name": contract.name,
        "version": contract.version,
        "sha256": contract.sha256,
        "saved_by_xgboost": ".".join(map(str, contract.saved_by)),
        "features": list(contract.features),
    }
