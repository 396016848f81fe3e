"""Whole valid requests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from wan_conformance.strategies.byte_source import ByteSource, strategy_from_bytes
from wan_conformance.strategies.companions import Companions
from wan_conformance.strategies.containers import ListGenerator, generator_for
from wan_conformance.strategies.partial_request import PartialRequest
from wan_conformance.strategies.values import Generator
from wanlib.boundary.case import Question
from wanlib.boundary.mode_cases import ModeCase, mode_cases
from wanlib.spec.model.model import Family, Field, Node, Rule
from wanlib.spec.model.modes import Condition, given_key
from wanlib.spec.model.spec import Spec


class EnvelopeBuilder:
    """Write the values of a family in its body form."""

    def __init__(self, form: Node, family: Family) -> None:
        self.form = form
        nodes = tuple(form.walk())
        self.parts = tuple(name for node in nodes for _, name in node.parts)
        self.single = tuple(node.field for node in nodes if node.only)
        used = {*self.parts, *(node.field for node in nodes)}
        self._lists = tuple(field.name for field in family.fields if field.type == "list")
        self._placed: dict[str, list[str]] = {}
        for field in family.fields:
            if field.place:
                self._placed.setdefault(field.place, []).append(field.name)
        others = (field for field in family.fields if field.name not in used and not field.place)
        self._others = tuple(field.name for field in others)
        self._wire_names = {field.name: field.wire_name for field in family.fields}
        self.rest_names = tuple(self._wire_names[name] for name in self._others)

    def body(self, model: str, values: Mapping[str, Any], source: ByteSource) -> dict[str, Any]:
        """Return the body of a request; two bytes decide the position of texts and of empty objects."""
        return {"model": model, **self._members(self.form, values, source)}

    def placed(self, container: str) -> list[str]:
        """Return the fields that state this container as their place."""
        return self._placed.get(container, [])

    def _members(self, node: Node, values: Mapping[str, Any], source: ByteSource) -> dict[str, Any]:
        body = {}
        for name, child in node.members:
            if child.form == "leaf":
                if child.field in values:
                    body[name] = values[child.field][0] if child.only else values[child.field]
            elif child.form == "rest":
                self._rest(body, name, values, source)
            else:
                body[name] = self._node(child, values, source)
        container = node.path.partition(".")[2]
        placed = [name for name in self.placed(container) if name in values]
        return body | {self._wire_names[name]: values[name] for name in placed}

    def _node(self, node: Node, values: Mapping[str, Any], source: ByteSource) -> Any:
        if node.form == "object":
            return self._members(node, values, source)
        if node.form == "parts":
            return self._parts(node, values, source)
        if node.form == "constant":
            rule = node.rule("one_of")
            return rule.limit[0] if rule else ""
        count = node.rule("count")
        assert node.each is not None
        return [self._node(node.each, values, source) for _ in range(count.limit if count else 1)]

    def _parts(self, node: Node, values: Mapping[str, Any], source: ByteSource) -> list[dict[str, Any]]:
        """Return the parts: lists keep their order, other values stand anywhere among the items."""
        parts = []
        for part, name in node.parts:
            if name in self._lists:
                parts += [{part: item} for item in values.get(name, ())]
        for part, name in node.parts:
            if name not in self._lists and name in values:
                parts.insert(source.byte() % (len(parts) + 1), {part: values[name]})
        return parts

    def _rest(
        self, body: dict[str, Any], container: str, values: Mapping[str, Any], source: ByteSource
    ) -> None:
        names = [name for name in (*self._others, *self.placed(container)) if name in values]
        members = {self._wire_names[name]: values[name] for name in names}
        if source.flag() or members:
            body[container] = members


FieldChange = Callable[[ByteSource, PartialRequest], None]

_HEADER = 7  # bytes before the fields: plan, mode case, call, threshold, three for the envelope
_THRESHOLDS = (112,) * 7 + (232,)  # a field is present from this byte on: about half of them, or hardly any


@dataclass(frozen=True, slots=True)
class _FieldStep:
    """Generate one field.

    Attributes:
        field: The field.
        offset: Where its bytes begin.
        presence: `always`, `never` or `maybe`.
        generator: How its value is made.
    """

    field: Field
    offset: int
    presence: str
    generator: Generator | ListGenerator

    @property
    def length(self) -> int:
        """One byte for its presence and those of its value."""
        return 1 + self.generator.size

    def is_wanted(self, source: ByteSource, threshold: int, pinned: Mapping[str, Any]) -> bool:
        """Return whether the field is present, by its bytes and the pinned values."""
        name = self.field.name
        given = pinned.get(given_key(name))
        if self.presence == "never" or given is False:
            return False
        source.position = self.offset
        if source.byte() >= threshold or self.presence == "always" or given:
            return True
        if self.field.type == "list":
            return bool(pinned.get(name))
        return name in pinned and pinned[name] != self.field.default.get(None)

    def add_to(self, source: ByteSource, partial: PartialRequest, pinned: Mapping[str, Any]) -> None:
        """Add the field's value to the partial request."""
        name = self.field.name
        source.position = self.offset + 1
        if name in pinned and not isinstance(self.generator, ListGenerator):
            partial.values[name] = pinned[name]
        else:
            partial.values[name] = self.generator.make(source, partial)


class RequestPlan:
    """How requests of one mode case are generated.

    Args:
        spec: The spec.
        mode_case: The mode case.
        forced: A field that is present although the mode case would leave it out; empty for none.
        change: Called as soon as that field is made, before the fields that depend on it, with the bytes
            that follow those of the request.
        broken: A rule on companions that the request violates; None for none.
    """

    def __init__(
        self,
        spec: Spec,
        mode_case: ModeCase,
        forced: str = "",
        change: FieldChange | None = None,
        broken: Rule | None = None,
    ) -> None:
        self.mode_case = mode_case
        self.envelope = EnvelopeBuilder(spec.form(mode_case.family), mode_case.family)
        self.forced = forced
        self.change = change
        self.length = _HEADER
        self.steps: list[_FieldStep] = []
        for field in _in_order(mode_case.family.fields):
            generator = (
                ListGenerator(field, mode_case) if field.type == "list" else generator_for(field, mode_case)
            )
            step = _FieldStep(field, self.length, self._presence(field), generator)
            self.steps.append(step)
            self.length += step.length
        self.lists = tuple(
            step.field.name for step in self.steps if isinstance(step.generator, ListGenerator)
        )
        always = {step.field.name for step in self.steps if step.presence == "always"}
        never = {step.field.name for step in self.steps if step.presence == "never"}
        self.companions = Companions(mode_case, always, never, forced, broken)

    def _presence(self, field: Field) -> str:
        as_parts = field.type == "list" and field.name in self.envelope.parts
        needed = field.name == self.forced or field.path in self.mode_case.required_paths
        usable = self.mode_case.is_usable(field)
        if needed or as_parts or (usable and self.mode_case.active_rule(field, "required")):
            return "always"
        return "maybe" if usable else "never"

    def build(self, source: ByteSource) -> tuple[dict[str, Any], str]:
        """Return a body and its call."""
        pinned = self.mode_case.assignments[source.skewed_int(len(self.mode_case.assignments))]
        call, threshold = source.choose(self.mode_case.calls), source.choose(_THRESHOLDS)
        partial = PartialRequest({name: pinned[name] for name in self.lists if name in pinned})
        partial.counts.update(dict.fromkeys(self.envelope.single, 1))
        wanted = {step.field.name: step.is_wanted(source, threshold, pinned) for step in self.steps}
        self.companions.settle(wanted, partial.counts, pinned)
        for step in self.steps:
            if wanted[step.field.name]:
                step.add_to(source, partial, pinned)
            if self.change and step.field.name == self.forced:
                source.position = self.length
                self.change(source, partial)
        source.position = _HEADER - 3
        return self.envelope.body(self.mode_case.model, partial.values, source), pinned.get("call", call)


def _in_order(fields: tuple[Field, ...]) -> list[Field]:
    """Return the fields so that those on which others depend come first."""
    relations = ("same_count_as", "same_pixels_as", "inside")
    depends = {
        field.name: any(member.rules_of_kind(kind) for member in field.walk() for kind in relations)
        for field in fields
    }
    return sorted(fields, key=lambda field: depends[field.name])


def valid(spec: Spec, model: str, mode: Condition | None = None) -> st.SearchStrategy[Question]:
    """Return valid requests of a model, in every reachable combination of its modes, equally often.

    Args:
        spec: The spec.
        model: The model.
        mode: A condition that all requests satisfy; None for all requests.

    Raises:
        KeyError: The spec has no such model or mode.
        ValueError: No valid request is in that mode.
    """
    plans = [RequestPlan(spec, mode_case) for mode_case in mode_cases(spec, model) if mode_case.holds(mode)]
    if not plans:
        raise ValueError(f"no valid request of {model} is in the mode {mode}")
    return _strategy_for(plans)


def _strategy_for(plans: list[RequestPlan]) -> st.SearchStrategy[Question]:
    return strategy_from_bytes(
        max(plan.length for plan in plans), lambda source: Question(*source.choose(plans).build(source))
    )
