"""The two ways in which a field can have no value."""

from enum import Enum
from typing import Any, Final, NamedTuple


class MissingValue(Enum):
    """Why a field has no value to judge.

    ABSENT: its member is not there, so its default holds.
    LOST: what should hold it is broken, so nothing can be said of it.
    """

    ABSENT = "absent"
    UNDETERMINED = "lost"


ABSENT: Final = MissingValue.ABSENT
UNDETERMINED: Final = MissingValue.UNDETERMINED


class Ratio(NamedTuple):
    """width:height as two whole numbers, never divided."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


def limit_to_json(limit: Any) -> Any:
    """A rule's limit as JSON values: lists for tuples, text for a ratio (`"1:8"`) and a condition.

    All of it, where `shown.plain` shortens: limits hold no secrets.
    """
    if isinstance(limit, dict):
        return {key: limit_to_json(value) for key, value in limit.items()}
    if isinstance(limit, list | tuple) and not isinstance(limit, Ratio):
        return [limit_to_json(item) for item in limit]
    return limit if limit is None or isinstance(limit, bool | int | float) else str(limit)
