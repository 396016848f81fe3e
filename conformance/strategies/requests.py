"""Whole requests of one situation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.strategies.around import Around
from conformance.strategies.envelope import Envelope
from conformance.strategies.makers import Listing, maker
from conformance.strategies.octets import Octets
from conformance.strategies.scalars import Maker
from conformance.strategies.situations import Situation
from wanlib.spec.model import Field, Spec

Change = Callable[[Octets, Around], None]

_HEAD = 7  # bytes before the fields': the plan, the way to its situation, call, bar, three for the envelope
_BARS = (112,) * 7 + (232,)  # from which byte on a field is there: about half of them, or hardly any


@dataclass(frozen=True, slots=True)
class _Step:
    """One field: where its bytes begin, `always`, `never` or `maybe`, and how it is made."""

    field: Field
    at: int
    presence: str
    maker: Maker | Listing

    @property
    def length(self) -> int:
        """A byte for its presence, then its value's."""
        return 1 + self.maker.size

    def take(self, octets: Octets, bar: int, around: Around, pinned: Mapping[str, Any]) -> None:
        """Puts the field's value into `around`, or leaves it out."""
        if self.presence == "never":
            return
        name = self.field.name
        octets.at = self.at
        there = octets.byte() >= bar or self.presence == "always"
        if isinstance(self.maker, Listing):
            if there or pinned.get(name):
                around.values[name] = self.maker.make(octets, around)
        elif name in pinned:
            if there or pinned[name] != self.field.default.get(None):
                around.values[name] = pinned[name]
        elif there:
            around.values[name] = self.maker.make(octets, around)


class Plan:
    """A situation, ready to be filled.

    length: the bytes that a request reads at most. forced: a field that is there though the situation
    would leave it out. change: called as soon as that field is made, before what depends on it, with
    the bytes behind those of the request.
    """

    def __init__(
        self, spec: Spec, situation: Situation, forced: str = "", change: Change | None = None
    ) -> None:
        self.situation = situation
        self.envelope = Envelope(spec.bodies[situation.family.body], situation.family)
        self.forced = forced
        self.change = change
        self.length = _HEAD
        self.steps: list[_Step] = []
        for field in _in_order(situation.family.fields):
            made = Listing(field, situation) if field.type == "list" else maker(field, situation)
            step = _Step(field, self.length, self._presence(field), made)
            self.steps.append(step)
            self.length += step.length
        self.lists = tuple(step.field.name for step in self.steps if isinstance(step.maker, Listing))

    def _presence(self, field: Field) -> str:
        as_parts = field.type == "list" and field.name in self.envelope.parts
        wanted = field.name == self.forced or field.path in self.situation.wanted
        serves = self.situation.serves(field)
        if wanted or as_parts or (serves and self.situation.active(field, "required")):
            return "always"
        return "maybe" if serves else "never"

    def fill(self, octets: Octets) -> tuple[dict[str, Any], str]:
        """A body and its call."""
        pinned = self.situation.pinned[octets.skewed(len(self.situation.pinned))]
        call, bar = octets.pick(self.situation.calls), octets.pick(_BARS)
        around = Around({name: pinned[name] for name in self.lists if name in pinned})
        around.counts.update(dict.fromkeys(self.envelope.single, 1))
        for step in self.steps:
            step.take(octets, bar, around, pinned)
            if self.change and step.field.name == self.forced:
                octets.at = self.length
                self.change(octets, around)
        octets.at = _HEAD - 3
        return self.envelope.body(self.situation.model, around.values, octets), pinned.get("call", call)


def _in_order(fields: tuple[Field, ...]) -> list[Field]:
    """The fields on which others depend first."""
    relations = ("same_count_as", "same_pixels_as", "inside")
    depends = {
        field.name: any(each.of_kind(kind) for each in field.walk() for kind in relations) for field in fields
    }
    return sorted(fields, key=lambda field: depends[field.name])
