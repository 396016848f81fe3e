"""`Note`: one decision of a migration; `Migration`: the resulting body, with all decisions."""

from enum import StrEnum
from typing import Any, NamedTuple

from wanlib.base.violation import Violation


class Consequence(StrEnum):
    """The effect of a decision.

    Attributes:
        INFO: The result is the same, or a default of the other model differs.
        CHANGED: A value changed: the price, the size or the number of pictures may differ.
        LOST: A member that has an effect is left out; a person must decide whether that is right.
        UNREAD: An expression of a program is kept unchanged, because its value is not known.
        REFUSED: The other model refuses the call; a person must complete it.
        LEFT: A call of a program is not changed, because it cannot be read or converted.
    """

    INFO = "info"
    CHANGED = "changed"
    LOST = "lost"
    UNREAD = "not read"
    REFUSED = "refused"
    LEFT = "left"


class Note(NamedTuple):
    """One decision.

    Attributes:
        field: The parameter; empty for the request as a whole.
        consequence: Its effect.
        text: A sentence.
    """

    field: str
    consequence: Consequence
    text: str

    def __str__(self) -> str:
        """Return `lost: negative_prompt: …`."""
        return ": ".join(filter(None, (self.consequence, self.field, self.text)))


class Migration(NamedTuple):
    """A body converted to another model.

    Attributes:
        body: The body for the other model.
        notes: The decisions, in the order of the request.
        remaining: The violations for which the other model refuses the body; empty if it is accepted.
    """

    body: dict[str, Any]
    notes: tuple[Note, ...]
    remaining: tuple[Violation, ...]

    @property
    def needs_decision(self) -> bool:
        """Whether something is lost, or the body is refused."""
        return bool(self.remaining) or any(note.consequence is Consequence.LOST for note in self.notes)


class SourceNote(NamedTuple):
    """One decision about a call in a program.

    Attributes:
        line: The line of the call, from 1.
        note: The decision.
    """

    line: int
    note: Note


class SourceMigration(NamedTuple):
    """A program whose calls are converted to another model.

    Attributes:
        text: The program.
        notes: The decisions, in the order of the program.
        calls: The number of calls that were found and name another model.
    """

    text: str
    notes: tuple[SourceNote, ...]
    calls: int

    @property
    def needs_decision(self) -> bool:
        """Whether something is lost, a call is refused, or one is left unchanged."""
        decisive = (Consequence.LOST, Consequence.REFUSED, Consequence.LEFT)
        return any(source_note.note.consequence in decisive for source_note in self.notes)
