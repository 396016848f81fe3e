"""Field values other than those of JSON, limits as JSON, and the size of a megabyte."""

from enum import Enum
from typing import Any, Final, NamedTuple

MIB: Final = 1024 * 1024
"""Bytes of a mebibyte, which the vendor and this project write as MB."""


class MissingValue(Enum):
    """Why a field has no value to validate.

    Attributes:
        ABSENT: Its member is absent, so its default applies.
        UNDETERMINED: Its container is malformed, so nothing is known about it.
    """

    ABSENT = "absent"
    UNDETERMINED = "undetermined"


ABSENT: Final = MissingValue.ABSENT
UNDETERMINED: Final = MissingValue.UNDETERMINED


class Ratio(NamedTuple):
    """width:height as two whole numbers, which are never divided."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}"


def limit_to_json(limit: Any) -> Any:
    """Return a rule's limit as JSON values: lists for tuples, text for a ratio (`"1:8"`) and a condition.

    It is complete, unlike that of `redaction.to_safe_json`: limits contain no secrets.
    """
    if isinstance(limit, dict):
        return {key: limit_to_json(value) for key, value in limit.items()}
    if isinstance(limit, list | tuple) and not isinstance(limit, Ratio):
        return [limit_to_json(item) for item in limit]
    return limit if limit is None or isinstance(limit, bool | int | float) else str(limit)
