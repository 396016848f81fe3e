"""Limits of the search for the smallest failing body, which could take very long with large bodies.

Hypothesis shrinks a failing body in hundreds of attempts. A body with images has up to 27 MB, so a target
that fails on all of them would be busy for hours. One budget bounds all searches of a run, in time; each
search is also bounded in tries and bytes, so that the smallest body is the same in two runs that end in
time.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any


class SearchEndedError(BaseException):
    """A search has used its budget.

    It isn't an `Exception`: Hypothesis treats those as failures of the current body.
    """


class SearchBudget:
    """The budget of all searches of a run.

    Attributes:
        seconds: The remaining time for all searches.
    """

    def __init__(
        self,
        tries: int = 1000,
        size: int = 128 * 1_048_576,
        seconds: float = 120.0,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """Create the budget of a run.

        Args:
            tries: Bodies that one search may try.
            size: Bytes of text, such as images in base64, in all bodies of one search together.
            seconds: The time for all searches together, in seconds.
            now: Returns monotonic seconds.
        """
        self.seconds = seconds
        self.now = now
        self._tries, self._size = tries, size

    def begin(self) -> "SmallestSearch":
        """Begin a search. It ends at its first try if no time remains."""
        return SmallestSearch(self, self._tries, self._size)


class SmallestSearch:
    """One search."""

    def __init__(self, budget: SearchBudget, tries: int, size: int) -> None:
        self._budget = budget
        self._tries, self._size = tries, size
        self._start = budget.now()

    def spend(self, body: Any) -> None:
        """Count a body that is about to be tried. Raises SearchEndedError if it is one too many."""
        self._tries -= 1
        self._size -= text_size(body)
        passed = self._budget.now() - self._start
        if self._tries < 0 or self._size < 0 or passed >= self._budget.seconds:
            raise SearchEndedError

    def end(self) -> None:
        """Take the time of the search from the budget."""
        self._budget.seconds -= self._budget.now() - self._start


def text_size(value: Any) -> int:
    """Return the characters of all texts in a JSON value, nearly its size if it has images."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + text_size(member) for name, member in value.items())
    return sum(map(text_size, value)) if isinstance(value, list) else 0
