"""Which column of a body is which feature?"""

from __future__ import annotations

from base_margin import BASE_MARGIN
from order import Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from contract import Contract


def by_position(contract: Contract) -> Order:
    """Return the order of rows without names: the model's own."""
    width = len(contract.features)
    return Order(tuple(range(width)), width)


def feature_order(names: list[Any], contract: Contract, shown: bool) -> Order:
    """Return the order of rows whose columns have names.

    Args:
        names: Column names of the request.
        contract: The served model's contract.
        shown: Whether the names were keys of an object and so may be repeated to the client.

    Raises:
        Problem: 422, the names are not exactly the features that must be given, with or without a base margin.
    """
    if tuple(names) == contract.features:
        return by_position(contract)
    margin = None
    if BASE_MARGIN in names and BASE_MARGIN not in contract.known:
        margin = names.index(BASE_MARGIN)
    import faults

    faults.refuse_names(names[:margin] + names[margin + 1 :] if margin is not None else names, contract, shown)
    positions = {name: at for at, name in enumerate(names)}
    return Order(tuple(positions.get(feature, len(names)) for feature in contract.features), len(names), margin)
