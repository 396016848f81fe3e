"""A request in the making."""

from typing import Any

Sides = tuple[int, int]


class PartialRequest:
    """What has been chosen so far, for what depends on it.

    values: the fields' values by name. counts: the lengths that lists must have, by name.
    sides: width and height of each real picture, by its string; a URL's are unknown.
    at: the indices of the lists that are being filled, outermost first.
    """

    __slots__ = ("counts", "indices", "sides", "values")

    def __init__(self, counts: dict[str, int]) -> None:
        self.values: dict[str, Any] = {}
        self.counts = counts
        self.sides: dict[str, Sides] = {}
        self.indices: list[int] = []

    def count(self, name: str) -> int:
        """How many items a list field has; 0 where it is absent."""
        return len(self.values.get(name, ()))

    def sides_of(self, name: str, index: int) -> Sides | None:
        """The sides of a list's picture; None where they are not known."""
        items = self.values.get(name, ())
        image = items[index] if index < len(items) else None
        return self.sides.get(image) if isinstance(image, str) else None
