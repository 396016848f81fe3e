"""Limits as JSON values, for programs to read."""

from typing import Any

from wanlib.base.ratio import Ratio


def plain_limit(limit: Any) -> Any:
    """A rule's limit as JSON values: lists for tuples, text for a ratio (`"1:8"`) and a condition.

    All of it, where `shown.plain` shortens: limits hold no secrets.
    """
    if isinstance(limit, dict):
        return {key: plain_limit(each) for key, each in limit.items()}
    if isinstance(limit, list | tuple) and not isinstance(limit, Ratio):
        return [plain_limit(each) for each in limit]
    return limit if limit is None or isinstance(limit, bool | int | float) else str(limit)
