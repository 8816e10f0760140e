"""Between which numbers does the model decide? Beyond its lowest and highest threshold a feature changes nothing.

A form takes its sliders from them where nobody tells what training saw. Read from the loaded model when its card is
first asked for, so that a cold start and a prediction pay nothing.
"""

from __future__ import annotations

import json

import booster

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from contract import Contract

MOST_SPLITS = 200_000
"""Splits on the ways to all leaves, up to which a model's trees are read: some 6 MB of text and a tenth of a second."""


def between(contract: Contract) -> dict[int, tuple[float, float]]:
    """Return the lowest and the highest threshold by the index of each feature that has any.

    None for categories, booleans, and features that no tree asks; empty for a model that is too large.
    """
    if contract.decided is None:
        contract.decided = _read(contract)
    return contract.decided


def _read(contract: Contract) -> dict[int, tuple[float, float]]:
    if contract.path_length > MOST_SPLITS:
        return {}
    try:
        trees = contract.booster.dump()
    except booster.LibraryError:
        return {}
    found: dict[int, tuple[float, float]] = {}
    for tree in trees:
        for index, threshold in _splits(json.loads(tree)):
            if index in contract.categories or index in contract.indicators:
                continue
            lowest, highest = found.get(index, (threshold, threshold))
            found[index] = min(lowest, threshold), max(highest, threshold)
    return found


def _splits(tree: dict[str, Any]) -> Iterator[tuple[int, float]]:
    """Yield feature and threshold of each numerical split, to seven digits; trees may be deep: no recursion."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if "split" in node:
            if isinstance(node.get("split_condition"), int | float):
                yield int(node["split"]), float(f"{node['split_condition']:.7g}")
            nodes += node["children"]
