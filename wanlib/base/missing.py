"""The two ways in which a field can have no value."""

from enum import Enum
from typing import Final


class Missing(Enum):
    """Why a field has no value to judge.

    ABSENT: its member is not there, so its default holds.
    LOST: what should hold it is broken, so nothing can be said of it.
    """

    ABSENT = "absent"
    LOST = "lost"


ABSENT: Final = Missing.ABSENT
LOST: Final = Missing.LOST
