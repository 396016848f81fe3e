"""`DiffChange`: one difference between two sides, with its effect on requests and its witnesses."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

from wanlib.base.values import limit_to_json
from wanlib.diff.recorded_requests import RequestChange


class Relation(StrEnum):
    """How the new side relates to the old one.

    Attributes:
        WIDER: It accepts more requests.
        NARROWER: It accepts fewer requests.
        INCOMPARABLE: It accepts some more and refuses some more.
        ADDED: Only the new side has it.
        REMOVED: Only the old side has it.
        CHANGED: Both have it with different values, but accept the same requests.
    """

    WIDER = "wider"
    NARROWER = "narrower"
    INCOMPARABLE = "incomparable"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class ChangeClass(IntEnum):
    """The effect of a change on users whose requests work on the old side, the most important first.

    Attributes:
        BREAKING: Requests that were accepted are refused or truncated.
        BEHAVIOUR: The same requests are accepted, with another result, price or outcome.
        ADDITIVE: Requests that were refused are accepted.
        EDITORIAL: No request is treated differently.
    """

    BREAKING = 0
    BEHAVIOUR = 1
    ADDITIVE = 2
    EDITORIAL = 3

    def __str__(self) -> str:
        return self.name.lower()


class Witness(NamedTuple):
    """A body that shows a change.

    Attributes:
        body: The request body, the smallest that was found.
        call: How it is sent: `sync`, `async` or `stream`; None if that does not matter.
        accepted_by: The side that accepts it, `old` or `new`; the other one refuses it.
    """

    body: Any
    call: str | None
    accepted_by: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; `call` only if it matters."""
        call = {"call": self.call} if self.call is not None else {}
        return {"body": self.body, **call, "accepted_by": self.accepted_by}


class Location(NamedTuple):
    """Where a side states the rule or fact.

    Attributes:
        file: The spec file.
        line: The line in it, from 1.
    """

    file: str
    line: int


@dataclass(frozen=True)
class DiffChange:
    """One difference between two sides.

    Attributes:
        id: The id of the rule or fact; a model or a parameter that only one side has is named by itself.
        relation: How the new side relates to the old one.
        change_class: Its effect on requests that work on the old side.
        old: The limit or value on the old side; None if it has none.
        new: The same of the new side.
        models: The models whose requests it concerns, as the new side names them.
        text: One or two sentences for readers.
        witnesses: Bodies that the two sides judge differently; empty if no request is accepted or refused
            because of the change.
        old_location: Where the old side states it; None if it does not state it.
        new_location: The same of the new side.
    """

    id: str
    relation: Relation
    change_class: ChangeClass
    old: Any
    new: Any
    models: Sequence[str]
    text: str
    witnesses: Sequence[Witness] = ()
    old_location: Location | None = None
    new_location: Location | None = None

    @property
    def fingerprint(self) -> str:
        """12 hex digits, derived from id, relation, class and models, not from texts or limits."""
        key = "\n".join((self.id, self.relation, str(self.change_class), *self.models))
        return sha256(key.encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """Return the member of `changes` in the output of `wanlib diff --json`."""
        return {
            "id": self.id,
            "relation": str(self.relation),
            "class": str(self.change_class),
            "old": limit_to_json(self.old),
            "new": limit_to_json(self.new),
            "models": list(self.models),
            "text": self.text,
            "witnesses": [witness.to_dict() for witness in self.witnesses],
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True)
class Diff:
    """All changes between two sides.

    Attributes:
        old: The label of the old side.
        new: The label of the new side.
        changes: The changes, breaking ones first, then in the order of the new spec.
        requests: The requests of the user that the two sides treat differently; None if none were given.
    """

    old: str
    new: str
    changes: Sequence[DiffChange]
    requests: Sequence[RequestChange] | None = None

    @property
    def is_breaking(self) -> bool:
        """Whether a request that worked before is now refused or truncated."""
        return any(change.change_class is ChangeClass.BREAKING for change in self.changes) or any(
            request.is_breaking for request in self.requests or ()
        )

    def of_class(self, change_class: ChangeClass) -> list[DiffChange]:
        """Return the changes of a class."""
        return [change for change in self.changes if change.change_class is change_class]

    def to_dict(self) -> dict[str, Any]:
        """Return the output of `wanlib diff --json`; `requests` only if some were given."""
        changes = [change.to_dict() for change in self.changes]
        requests = {"requests": [request.to_dict() for request in self.requests or ()]}
        return {
            **{"old": self.old, "new": self.new, "breaking": self.is_breaking, "changes": changes},
            **(requests if self.requests is not None else {}),
        }
