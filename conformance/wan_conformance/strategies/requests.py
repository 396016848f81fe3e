"""Whole requests of one situation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from wan_conformance.strategies.byte_source import ByteSource, strategy_from_bytes
from wan_conformance.strategies.containers import ListGenerator, generator_for
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.values import Generator
from wanlib.boundary.case import Question
from wanlib.boundary.mode_cases import ModeCase, mode_cases
from wanlib.spec.model.model import Family, Field, Node, Spec
from wanlib.spec.model.modes import Condition


class Envelope:
    """One body form for one family."""

    def __init__(self, form: Node, family: Family) -> None:
        self.form = form
        nodes = tuple(form.walk())
        self.parts = tuple(name for node in nodes for _, name in node.parts)
        self.single = tuple(node.field for node in nodes if node.only)
        used = {*self.parts, *(node.field for node in nodes)}
        self._lists = tuple(each.name for each in family.fields if each.type == "list")
        self._placed: dict[str, list[str]] = {}
        for each in family.fields:
            if each.place:
                self._placed.setdefault(each.place, []).append(each.name)
        self.rest = tuple(each.name for each in family.fields if each.name not in used and not each.place)

    def body(self, model: str, values: Mapping[str, Any], octets: ByteSource) -> dict[str, Any]:
        """The body of a request; two bytes decide where a text stands and how nothing is written."""
        return {"model": model, **self._members(self.form, values, octets)}

    def placed(self, container: str) -> list[str]:
        """The fields that state this container as their place."""
        return self._placed.get(container, [])

    def _members(self, node: Node, values: Mapping[str, Any], octets: ByteSource) -> dict[str, Any]:
        body = {}
        for name, child in node.members:
            if child.form == "leaf":
                if child.field in values:
                    body[name] = values[child.field][0] if child.only else values[child.field]
            elif child.form == "rest":
                self._rest(body, name, values, octets)
            else:
                body[name] = self._node(child, values, octets)
        container = node.path.partition(".")[2]
        return body | {name: values[name] for name in self.placed(container) if name in values}

    def _node(self, node: Node, values: Mapping[str, Any], octets: ByteSource) -> Any:
        if node.form == "object":
            return self._members(node, values, octets)
        if node.form == "parts":
            return self._parts(node, values, octets)
        if node.form == "constant":
            rule = node.rule("one_of")
            return rule.limit[0] if rule else ""
        count = node.rule("count")
        assert node.each is not None
        return [self._node(node.each, values, octets) for _ in range(count.limit if count else 1)]

    def _parts(self, node: Node, values: Mapping[str, Any], octets: ByteSource) -> list[dict[str, Any]]:
        """Lists keep their order; what is no list stands before, between or behind their items."""
        parts = []
        for part, name in node.parts:
            if name in self._lists:
                parts += [{part: item} for item in values.get(name, ())]
        for part, name in node.parts:
            if name not in self._lists and name in values:
                parts.insert(octets.byte() % (len(parts) + 1), {part: values[name]})
        return parts

    def _rest(self, body: dict[str, Any], name: str, values: Mapping[str, Any], octets: ByteSource) -> None:
        members = {each: values[each] for each in (*self.rest, *self.placed(name)) if each in values}
        if octets.flag() or members:
            body[name] = members


Change = Callable[[ByteSource, PartialRequest], None]

_HEAD = 7  # bytes before the fields': the plan, the way to its situation, call, bar, three for the envelope
_BARS = (112,) * 7 + (232,)  # from which byte on a field is there: about half of them, or hardly any


@dataclass(frozen=True, slots=True)
class _Step:
    """One field: where its bytes begin, `always`, `never` or `maybe`, and how it is made."""

    field: Field
    at: int
    presence: str
    maker: Generator | ListGenerator

    @property
    def length(self) -> int:
        """A byte for its presence, then its value's."""
        return 1 + self.maker.size

    def add_to(self, octets: ByteSource, bar: int, around: PartialRequest, pinned: Mapping[str, Any]) -> None:
        """Puts the field's value into `around`, or leaves it out."""
        if self.presence == "never":
            return
        name = self.field.name
        octets.at = self.at
        there = octets.byte() >= bar or self.presence == "always"
        if isinstance(self.maker, ListGenerator):
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
        self, spec: Spec, situation: ModeCase, forced: str = "", change: Change | None = None
    ) -> None:
        self.situation = situation
        self.envelope = Envelope(spec.bodies[situation.family.body], situation.family)
        self.forced = forced
        self.change = change
        self.length = _HEAD
        self.steps: list[_Step] = []
        for field in _in_order(situation.family.fields):
            made = (
                ListGenerator(field, situation) if field.type == "list" else generator_for(field, situation)
            )
            step = _Step(field, self.length, self._presence(field), made)
            self.steps.append(step)
            self.length += step.length
        self.lists = tuple(step.field.name for step in self.steps if isinstance(step.maker, ListGenerator))

    def _presence(self, field: Field) -> str:
        as_parts = field.type == "list" and field.name in self.envelope.parts
        wanted = field.name == self.forced or field.path in self.situation.wanted
        serves = self.situation.is_usable(field)
        if wanted or as_parts or (serves and self.situation.active_rule(field, "required")):
            return "always"
        return "maybe" if serves else "never"

    def build(self, octets: ByteSource) -> tuple[dict[str, Any], str]:
        """A body and its call."""
        pinned = self.situation.pinned[octets.skewed_int(len(self.situation.pinned))]
        call, bar = octets.choose(self.situation.calls), octets.choose(_BARS)
        around = PartialRequest({name: pinned[name] for name in self.lists if name in pinned})
        around.counts.update(dict.fromkeys(self.envelope.single, 1))
        for step in self.steps:
            step.add_to(octets, bar, around, pinned)
            if self.change and step.field.name == self.forced:
                octets.at = self.length
                self.change(octets, around)
        octets.at = _HEAD - 3
        return self.envelope.body(self.situation.model, around.values, octets), pinned.get("call", call)


def _in_order(fields: tuple[Field, ...]) -> list[Field]:
    """The fields on which others depend first."""
    relations = ("same_count_as", "same_pixels_as", "inside")
    depends = {
        field.name: any(each.rules_of_kind(kind) for each in field.walk() for kind in relations)
        for field in fields
    }
    return sorted(fields, key=lambda field: depends[field.name])


def valid(spec: Spec, model: str, mode: Condition | None = None) -> st.SearchStrategy[Question]:
    """Valid requests of a model, in every situation that its modes can be in, all about as often.

    mode: only where this condition holds. Raises KeyError for a model or a mode that the spec lacks,
    ValueError where no valid request is in that mode.
    """
    plans = [Plan(spec, each) for each in mode_cases(spec, model) if each.holds(mode)]
    if not plans:
        raise ValueError(f"no valid request of {model} is in the mode {mode}")
    return _filled(plans)


def _filled(plans: list[Plan]) -> st.SearchStrategy[Question]:
    return strategy_from_bytes(
        max(plan.length for plan in plans), lambda octets: Question(*octets.choose(plans).build(octets))
    )
