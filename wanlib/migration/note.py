"""`Note`: one decision of a migration; `Migration`: the body that results, with all of them."""

from enum import StrEnum
from typing import Any, NamedTuple

from wanlib.base.violation import Violation


class Consequence(StrEnum):
    """What a decision means.

    Attributes:
        INFO: The result is the same, or a default of the other model differs.
        CHANGED: A value is another one: the price, the size or the number of pictures may differ.
        LOST: Something that has an effect is left out: a person must decide whether that is right.
    """

    INFO = "info"
    CHANGED = "changed"
    LOST = "lost"


class Note(NamedTuple):
    """One decision.

    Attributes:
        field: The parameter; empty for the request as a whole.
        consequence: What it means.
        text: A sentence.
    """

    field: str
    consequence: Consequence
    text: str

    def __str__(self) -> str:
        """Return `lost: negative_prompt: …`."""
        return ": ".join(filter(None, (self.consequence, self.field, self.text)))


class Migration(NamedTuple):
    """A body carried to another model.

    Attributes:
        body: The body for the other model.
        notes: What was decided, in the order of the request.
        remaining: The violations for which the other model refuses the body; empty if it is accepted.
    """

    body: dict[str, Any]
    notes: tuple[Note, ...]
    remaining: tuple[Violation, ...]

    @property
    def needs_decision(self) -> bool:
        """Whether something is lost, or the body is refused."""
        return bool(self.remaining) or any(note.consequence is Consequence.LOST for note in self.notes)
