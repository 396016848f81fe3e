"""`shrink`: find the smallest body that still shows a difference by leaving out members and items."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any


def shrink(body: Any, shows_the_same: Callable[[Any], bool]) -> Any:
    """Return a body without the members and items that are not needed to show a difference.

    Args:
        body: A body that shows the difference.
        shows_the_same: Whether a smaller body shows it as well.
    """
    smaller = body
    for path in _paths(body):
        without = _without(smaller, path)
        if without is not None and shows_the_same(without):
            smaller = without
    return smaller


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of members and items, outer ones first and later items before earlier ones."""
    keys: Sequence[Any] = list(value) if isinstance(value, dict) else []
    if isinstance(value, list):
        keys = range(len(value) - 1, -1, -1)
    for key in keys:
        if (*path, key) != ("model",):
            yield (*path, key)
            yield from _paths(value[key], (*path, key))


def _without(value: Any, path: tuple[Any, ...]) -> Any:
    """Return a copy without one member or item; None if it no longer exists."""
    key, *rest = path
    if isinstance(value, dict):
        if key not in value:
            return None
        if not rest:
            return {name: item for name, item in value.items() if name != key}
        inner = _without(value[key], tuple(rest))
        return None if inner is None else {**value, key: inner}
    if not isinstance(value, list) or key >= len(value):
        return None
    if not rest:
        return value[:key] + value[key + 1 :]
    inner = _without(value[key], tuple(rest))
    return None if inner is None else [*value[:key], inner, *value[key + 1 :]]
