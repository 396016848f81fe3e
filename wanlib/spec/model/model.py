"""The Spec: what the YAML says, checked and frozen. The only thing that the other parts read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from wanlib.base.api_tables import base_of
from wanlib.spec.model.modes import CompiledMode, Condition, Expression, compile_modes
from wanlib.spec.model.picture_size import PictureSize

CALLS = ("sync", "async", "stream")

# Where a class has no slots, it keeps what is asked of it for every body; a changed copy works it out anew.


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One limit.

    id: `<file>/<path>.<kind>[:<mode>]`, the same everywhere.
    kind: a name of `wanlib.spec.model.kinds.KINDS`.
    limit: parsed: a number in the kind's unit, a Ratio, a tuple of names, a mapping.
    outcome: what the service does when it is broken.
    condition: the mode in which it holds; None for a base rule.
    field: the path of its field, `images.each`; empty for a rule of the whole body.
    scope: `body` for rules on a request body and its call; `task`, `wire` for the others.
    models: the models that it speaks of; empty for all.
    keeps, breaks: examples, for kinds without an order. of: the member that `total` adds up.
    """

    id: str
    kind: str
    limit: Any
    outcome: str
    file: str
    line: int
    source: str
    notes: str = ""
    condition: Condition | None = None
    field: str = ""
    scope: str = "body"
    models: tuple[str, ...] = ()
    keeps: tuple[Any, ...] = ()
    breaks: tuple[Any, ...] = ()
    of: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the pages state that nothing can break: a default, a price, a form of answer."""

    id: str
    value: Any
    file: str
    line: int
    source: str
    notes: str = ""


@dataclass(frozen=True, eq=False)
class Field:
    """One parameter, list item or object member.

    path: dotted, as in rule ids. rules: in the order of judgement, variants beside their base.
    place: the container it states (`input`, `parameters`), or None.
    default: the value where it is absent, by condition (None: everywhere); `derived` is no value.
    advice: what the pages recommend, by word: `for_testing`, `recommended`.
    """

    name: str
    path: str
    type: str
    rules: tuple[Rule, ...]
    place: str | None = None
    default: Mapping[Condition | None, Any] = field(default_factory=dict)
    each: "Field | None" = None
    members: tuple["Field", ...] = ()
    advice: Mapping[str, Any] = field(default_factory=dict)

    def rules_of_kind(self, kind: str) -> tuple[Rule, ...]:
        """The rule of a kind and its variants."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Rule, ...]]:
        return _by_kind(self.rules)

    def walk(self) -> Iterator["Field"]:
        """This field and all that stand in it."""
        yield self
        for inner in (*((self.each,) if self.each else ()), *self.members):
            yield from inner.walk()


@dataclass(frozen=True, eq=False)
class Node:
    """A place in a body form.

    form: `object`, `list`, `constant`, `parts`, `leaf` (a field's value) or `rest` (`"*"`).
    field: the field whose value stands at a leaf; only: a one-element list written as its element.
    parts: member name and field of each kind of part.
    """

    form: str
    path: str
    line: int
    rules: tuple[Rule, ...] = ()
    members: tuple[tuple[str, "Node"], ...] = ()
    each: "Node | None" = None
    field: str = ""
    only: bool = False
    parts: tuple[tuple[str, str], ...] = ()

    def rule(self, kind: str) -> Rule | None:
        """Its rule of a kind."""
        return self._by_kind.get(kind, (None,))[0]

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Rule, ...]]:
        return _by_kind(self.rules)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its members."""
        return tuple(name for name, _ in self.members)

    @cached_property
    def part_limits(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules on how often a part may come, by the part's name."""
        return {
            name: tuple(rule for rule in self.rules if rule.id.endswith(f".{name}.max_count"))
            for name, _ in self.parts
        }

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for inner in (*(node for _, node in self.members), *((self.each,) if self.each else ())):
            yield from inner.walk()

    @cached_property
    def part_fields(self) -> frozenset[str]:
        """The fields that stand in a body as parts of a list."""
        return frozenset(field for node in self.walk() for _, field in node.parts)

    def list_parts(self) -> frozenset[str]:
        """The list fields that a body never holds as a list: written as parts, or as their only element."""
        names: set[str] = set()
        for node in self.walk():
            names |= {field for _, field in node.parts} | ({node.field} if node.only else set())
        return frozenset(names)


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """What a verb of the client sends of itself. means: always; starts: where nothing is given."""

    always_sends: Mapping[str, Any]
    default_sends: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Family:
    """One model file.

    unknown: its rule on parameters that no page of these models knows. count_of: by condition (None:
    otherwise), the field that bounds the pictures of a call. count_is: likewise, `exact` or `at most`.
    picture_size: likewise, the size of every picture. set_form: likewise, `one choice` or `a choice each`;
    empty where the pictures do not come as choices.
    homes: where each name that it documents belongs in a body, in words. only_for: its rule on names that
    other families alone document, with those families by name; None if there are none. instead: what to
    do instead of sending such a name.
    """

    name: str
    version: str
    models: tuple[str, ...]
    body: str
    modes: Mapping[str, Expression]
    fields: tuple[Field, ...]
    unknown: Rule | None
    output: Mapping[str, Any]
    verbs: Mapping[str, Verb]
    count_of: Mapping[Condition | None, str]
    count_is: Mapping[Condition | None, str]
    picture_size: Mapping[Condition | None, PictureSize]
    set_form: Mapping[Condition | None, str]
    homes: Mapping[str, str] = field(default_factory=dict)
    only_for: Rule | None = None
    instead: Mapping[str, str] = field(default_factory=dict)

    def field(self, name: str) -> Field:
        """A field by its name; KeyError where there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {each.name: each for each in self.fields}

    @cached_property
    def ready_modes(self) -> Mapping[str, CompiledMode]:
        """Its modes as functions."""
        return compile_modes(self.modes)

    def walk(self) -> Iterator[Field]:
        """All fields, inner ones too, in spec order."""
        for each in self.fields:
            yield from each.walk()


@dataclass(frozen=True, eq=False)
class Spec:
    """All files of a spec folder.

    bodies: the body forms by name. wire, task, service, sources: those files as plain mappings.
    rules, facts: by id, in spec order. digest: SHA-256 of the files, in hex.
    """

    families: tuple[Family, ...]
    bodies: Mapping[str, Node]
    wire: Mapping[str, Any]
    task: Mapping[str, Any]
    service: Mapping[str, Any]
    sources: Mapping[str, Any]
    rules: Mapping[str, Rule]
    facts: Mapping[str, Fact]
    digest: str

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Every model, in spec order."""
        return tuple(model for family in self.families for model in family.models)

    @cached_property
    def fine_tuned_ending(self) -> str:
        """What follows the base in the id of a fine-tuned model, as a regular expression; empty for none."""
        return str(self.wire.get("fine_tuned", {}).get("ending", ""))

    def base(self, model: object) -> str | None:
        """The listed model that an id names: itself, or the base of a fine-tuned one. None for any other."""
        return base_of(model, self.models, self.fine_tuned_ending)

    def family(self, model: str) -> Family:
        """The file that a model, or the base of a fine-tuned one, stands in; KeyError for an unknown one."""
        return self._by_model[self.base(model) or model]

    @cached_property
    def _by_model(self) -> Mapping[str, Family]:
        return {model: family for family in reversed(self.families) for model in family.models}

    def calls(self, model: str) -> tuple[str, ...]:
        """The calls that a model has an endpoint for."""
        return tuple(self.wire["endpoints"][self.base(model) or model])


def _by_kind(rules: tuple[Rule, ...]) -> Mapping[str, tuple[Rule, ...]]:
    """Rules by their kind, in order."""
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        found[rule.kind] = (*found.get(rule.kind, ()), rule)
    return found
