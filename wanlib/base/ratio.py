"""Aspect ratios, compared exactly."""

from typing import NamedTuple


class Ratio(NamedTuple):
    """width:height as two whole numbers, never divided."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"
