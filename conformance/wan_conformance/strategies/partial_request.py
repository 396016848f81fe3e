"""A request that is being generated."""

from typing import Any

Sides = tuple[int, int]


class PartialRequest:
    """The values that have been chosen so far, which later choices depend on.

    Attributes:
        values: The values of the fields, by name.
        counts: The lengths that lists must have, by name.
        sides: Width and height of each real image, by its string; those of a URL are unknown.
        indices: The indices of the lists that are being filled, outermost first.
    """

    __slots__ = ("counts", "indices", "sides", "values")

    def __init__(self, counts: dict[str, int]) -> None:
        self.values: dict[str, Any] = {}
        self.counts = counts
        self.sides: dict[str, Sides] = {}
        self.indices: list[int] = []

    def count(self, name: str) -> int:
        """Return how many items a list field has; 0 if it is absent."""
        return len(self.values.get(name, ()))

    def sides_of(self, name: str, index: int) -> Sides | None:
        """Return the sides of an image in a list; None if they are unknown."""
        items = self.values.get(name, ())
        image = items[index] if index < len(items) else None
        return self.sides.get(image) if isinstance(image, str) else None
