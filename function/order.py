"""Where the features stand in a row whose columns have places instead of names."""

from __future__ import annotations


class Order:
    """Where the features stand in a row.

    Attributes:
        margin: Position of the base margin; None if the rows have none.
        positions: For each feature the position of its value; `width` for a feature that is not given.
        width: Number of values in a row.
    """

    __slots__ = ("margin", "positions", "width")

    def __init__(self, positions: tuple[int, ...], width: int, margin: int | None = None) -> None:
        self.positions = positions
        self.width = width
        self.margin = margin

    @property
    def plain(self) -> bool:
        """Whether a row is simply the features in their order."""
        return self.margin is None and all(at == position for at, position in enumerate(self.positions))

    @property
    def whole(self) -> bool:
        """Whether every feature is given."""
        return self.width not in self.positions
