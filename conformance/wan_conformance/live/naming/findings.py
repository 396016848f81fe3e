"""`Finding`: one change that a run found, with the exchanges that show it."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from wan_conformance.live.planning.edges import Edge
from wan_conformance.live.probe import Probe, ProbeAnswer
from wanlib.base.redaction import redact_text
from wanlib.base.text import format_limit
from wanlib.base.values import limit_to_json
from wanlib.spec import Rule

ChangeName = Literal["wider", "narrower", "moved", "not refused", "refused", "gone", "unexplained"]
"""The kind of change: the limit allows more, less, or other values; a violation is no longer refused, or is
now refused; the model is gone; answers contradict the spec, and no change of a rule explains them."""

_MAX_QUOTED = 200
_SENTENCES: dict[ChangeName, str] = {
    "wider": "{rule} allows more now: {new} (was {old}).",
    "narrower": "{rule} allows less now: {new} (was {old}).",
    "moved": "{rule} is {new} now (was {old}).",
    "not refused": "The service does not refuse a violation of {rule} any more. Its status does not show"
    " whether it ignores the value or uses it.",
    "refused": "A violation of {rule} is refused now (was {old}).",
    "gone": "{model} is not offered any more.",
    "unexplained": "Answers about {rule} contradict the spec, and no change of one rule explains them.",
}


class ProbeExchange(NamedTuple):
    """A probe and its answer.

    Attributes:
        probe: The probe.
        answer: The answer.
        edges: The edges that the body has.
    """

    probe: Probe
    answer: ProbeAnswer
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Finding:
    """One change.

    Attributes:
        rule: The id of the rule.
        models: The models for which it was seen.
        change: The kind of change.
        old: The limit in the spec, or the outcome for a change of it.
        new: The limit or outcome now; None if it is not known.
        evidence: The exchanges that show it, in the order of asking.
        after: The rule as it is now; None if no rule can state it.
        confirmed: Whether a probe confirmed a limit that a message stated or a search found.
    """

    rule: str
    models: tuple[str, ...]
    change: ChangeName
    old: Any
    new: Any
    evidence: tuple[ProbeExchange, ...]
    after: Rule | None = None
    confirmed: bool = True

    @property
    def text(self) -> str:
        """The change in a sentence."""
        kind = self.after.kind if self.after else ""
        old, new = (
            limit[self.models[0]] if kind == "endpoints" and isinstance(limit, dict) else limit
            for limit in (self.old, self.new)
        )
        words = {
            "rule": self.rule,
            "model": ", ".join(self.models),
            "old": _limit_text(old, kind),
            "new": _limit_text(new, kind),
        }
        caveat = "" if self.confirmed else " No probe confirmed the limit."
        return _SENTENCES[self.change].format(**words) + caveat

    @property
    def quoted(self) -> str:
        """The last message of the service about it; empty if there is none."""
        messages = [one.answer.message for one in self.evidence if one.answer.message]
        return redact_text(messages[-1])[:_MAX_QUOTED] if messages else ""

    @property
    def request_ids(self) -> tuple[str, ...]:
        """The vendor's ids of the exchanges."""
        return tuple(one.answer.request_id for one in self.evidence if one.answer.request_id)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "rule": self.rule,
            "models": [*self.models],
            "change": self.change,
            "old": limit_to_json(self.old),
            "new": limit_to_json(self.new),
            "text": self.text,
            "confirmed": self.confirmed,
            "message": self.quoted or None,
            "request_ids": [*self.request_ids],
        }


def _limit_text(limit: Any, kind: str) -> str:
    return limit if isinstance(limit, str) else format_limit(limit, kind) or str(limit)
