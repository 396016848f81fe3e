"""The parts of a Spec: rules, facts, fields, body forms and families, checked and frozen.

Every other part of the project reads these classes and never the YAML. `wanlib.spec.load` builds them, and
the module `spec` contains the complete Spec. Derived properties are cached on the object: a changed copy
(`dataclasses.replace`) computes its own.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from keyword import iskeyword
from typing import Any

from wanlib.spec.model.modes import (
    CompiledMode,
    Condition,
    Expression,
    Given,
    compile_modes,
    leaves,
    referenced_names,
)
from wanlib.spec.model.picture_size import PictureSize

CALLS = ("sync", "async", "stream")

DERIVED = "derived"
"""A default: the service computes the value from the request."""

OTHERWISE = "otherwise"
"""A key in tables of `output`: its value applies in every mode that the table does not name."""

FOR_TESTING = "for_testing"
"""Advice: the value that a page recommends for testing."""

RECOMMENDED = "recommended"
"""Advice: the sizes that a page lists."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One limit.

    Attributes:
        id: `<file>/<path>.<kind>[:<mode>]`, the same everywhere.
        kind: A name in `wanlib.spec.model.kinds.KINDS`.
        limit: The parsed limit: a number in the unit of the kind, a Ratio, a tuple of names, a mapping.
        outcome: What the service does with a violation: `rejected`, `truncated`, `ignored`, `unspecified`.
        file: The spec file.
        line: The line in that file, from 1.
        source: The page and section that state the limit, as in `sources.yaml`.
        notes: Remarks for readers; may be empty.
        condition: The mode in which the rule is in force; None for a base rule.
        field: The path of its field, such as `images.each`; empty for a rule on the whole body.
        scope: `body` for rules on a request body and its call; `task` or `wire` for the others.
        models: The models that it applies to; empty for all.
        keeps: Examples that satisfy it, for kinds without an order.
        breaks: Examples that violate it, for kinds without an order.
        of: The member that `total` adds up.
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
    """A statement that no request can violate, such as a default or a price.

    Attributes:
        id: `<file>/<path>[.<word>][:<mode>]`.
        value: The stated value.
        file: The spec file.
        line: The line in that file, from 1.
        source: The page and section that state it.
        notes: Remarks for readers; may be empty.
    """

    id: str
    value: Any
    file: str
    line: int
    source: str
    notes: str = ""


@dataclass(frozen=True, eq=False)
class Field:
    """One parameter, list item or object member.

    Attributes:
        name: Its name; `each` for a list item.
        path: Its dotted path, as in rule ids.
        type: A name in `wanlib.spec.model.kinds.TYPES`.
        rules: In the order in which they are checked; variants follow their base.
        place: The container that the file states for it (`input`, `parameters`); None if the body form
            decides.
        default: The value if the field is absent, by condition (None: in every mode); `derived` means
            unknown.
        each: The item of a list; None for other types.
        members: The members of an object.
        advice: The recommendations of the pages, by word: `for_testing`, `recommended`.
        written_as: Its name in a body; empty if that is the same name.
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
    written_as: str = ""

    @property
    def wire_name(self) -> str:
        """The name of the member that has the value of a whole field in a body without a leaf for it."""
        return self.written_as or self.name

    @cached_property
    def rules_by_kind(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules by kind, in the order in which they are checked."""
        return _group_by_kind(self.rules)

    def rules_of_kind(self, kind: str) -> tuple[Rule, ...]:
        """Return the rule of a kind and its variants; empty if there are none."""
        return self.rules_by_kind.get(kind, ())

    @cached_property
    def plain_default(self) -> Any:
        """The default that holds in every mode; None if it is derived or missing."""
        default = self.default.get(None)
        return None if default == DERIVED else default

    @cached_property
    def is_outermost_list(self) -> bool:
        """Whether the field is a list that is not inside another list."""
        return self.type == "list" and "each" not in self.path.split(".")

    def walk(self) -> Iterator["Field"]:
        """Yield this field and every field inside it."""
        yield self
        for inner in (*((self.each,) if self.each else ()), *self.members):
            yield from inner.walk()


@dataclass(frozen=True, eq=False)
class Node:
    """One node of a body form.

    Attributes:
        form: `object`, `list`, `constant`, `parts`, `leaf` (the value of a field) or `rest` (`"*"`).
        path: Its dotted path in the form, as in rule ids.
        line: The line in `wire.yaml`, from 1.
        rules: The rules on the node itself.
        members: The members of an object, by name.
        each: The item of a list; None for other forms.
        field: The field whose value is at a leaf; empty for other forms.
        only: Whether the leaf is a list of one item that is written as its item.
        parts: The member name and the field of each kind of part.
        optional: The fields of a leaf or of parts that a family may lack.
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
    optional: frozenset[str] = frozenset()

    def rule(self, kind: str) -> Rule | None:
        """Return the rule of a kind; None if there is none."""
        return self._rules_by_kind.get(kind, (None,))[0]

    @cached_property
    def _rules_by_kind(self) -> Mapping[str, tuple[Rule, ...]]:
        return _group_by_kind(self.rules)

    @cached_property
    def member_names(self) -> tuple[str, ...]:
        """The names of the members."""
        return tuple(name for name, _ in self.members)

    @cached_property
    def part_limits(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules on the number of parts, by kind of part."""
        return {
            name: tuple(rule for rule in self.rules if rule.id.endswith(f".{name}.max_count"))
            for name, _ in self.parts
        }

    def walk(self) -> Iterator["Node"]:
        """Yield this node and every node below it."""
        yield self
        for inner in (*(node for _, node in self.members), *((self.each,) if self.each else ())):
            yield from inner.walk()

    def with_fields(self, names: Collection[str]) -> "Node":
        """Return the form without the optional leaves and parts of other fields."""
        if not any(node.optional - {*names} for node in self.walk()):
            return self
        absent = self.optional - {*names}
        parts = tuple((part, name) for part, name in self.parts if name not in absent)
        gone = {rule for part, name in self.parts if name in absent for rule in self.part_limits[part]}
        kept = [rule for rule in self.rules if rule not in gone]
        kinds = tuple(part for part, _ in parts)
        rules = (replace(rule, limit=kinds) if rule.kind == "parts" else rule for rule in kept)
        present = [
            (name, node) for name, node in self.members if not (node.field and node.optional - {*names})
        ]
        members = tuple((name, node.with_fields(names)) for name, node in present)
        each = self.each.with_fields(names) if self.each else None
        return replace(self, rules=tuple(rules), members=members, each=each, parts=parts)

    @cached_property
    def field_names(self) -> frozenset[str]:
        """The fields that this node and the nodes below it name."""
        return self.part_fields | {node.field for node in self.walk() if node.field}

    @cached_property
    def part_fields(self) -> frozenset[str]:
        """The fields that a body contains as parts of a list."""
        return frozenset(name for node in self.walk() for _, name in node.parts if name)

    @cached_property
    def list_parts(self) -> frozenset[str]:
        """The list fields that a body has as parts, or as their only item."""
        return self.part_fields | {node.field for node in self.walk() if node.only}


@dataclass(frozen=True, slots=True, eq=False)
class Verb:
    """The values that a verb of the client sends in addition to its arguments.

    Attributes:
        always_sends: Values by field that it sends always.
        default_sends: Values by field that it sends unless the caller passes another.
    """

    always_sends: Mapping[str, Any]
    default_sends: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Family:
    """One model file. Tables by condition have None as the key of `otherwise`.

    Attributes:
        name: The name of the file without `.yaml`, which begins its rule ids.
        version: The value of `wan` in the file.
        models: Its models, in spec order.
        body: The name of its body form.
        modes: The expression of each mode, by name.
        fields: Its parameters, in spec order.
        unknown: The rule on parameters that no page documents for these models.
        output: The `output` section as stated.
        verbs: The values that each verb of the client sends.
        count_of: By condition, the field that bounds the pictures of a call.
        count_is: By condition, `exact` or `at most`.
        picture_size: By condition, the size of every picture.
        set_form: By condition, `one choice` or `a choice each`; empty if pictures are not returned as
            choices.
        positions: Where each documented name belongs in a body, as text.
        only_for: The rule on names that only other families document, with these families by name; None if
            there are none.
        instead: The alternative to sending such a name, by name.
        call_rules: The rule on the mode that a call needs, by call; other calls are possible in every mode.
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
    positions: Mapping[str, str] = field(default_factory=dict)
    only_for: Rule | None = None
    instead: Mapping[str, str] = field(default_factory=dict)
    call_rules: Mapping[str, Rule] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """The name of the module of its generated code: `wan2_7` for `wan2.7`."""
        return module_name(self.name)

    def field(self, name: str) -> Field:
        """Return the field of a name. Raise KeyError if there is none."""
        return self._fields_by_name[name]

    @cached_property
    def size_field(self) -> Field | None:
        """The field that states the size of the pictures; None if the family has none."""
        return next((member for member in self.fields if member.type == "size"), None)

    @cached_property
    def _fields_by_name(self) -> Mapping[str, Field]:
        return {member.name: member for member in self.fields}

    @cached_property
    def compiled_modes(self) -> Mapping[str, CompiledMode]:
        """The modes as functions, by name."""
        return compile_modes(self.modes)

    @cached_property
    def mode_fields(self) -> tuple[Field, ...]:
        """The fields that any mode reads, in spec order."""
        names = {name for expression in self.modes.values() for name in referenced_names(expression)}
        return tuple(member for member in self.fields if member.name in names)

    @cached_property
    def field_names(self) -> frozenset[str]:
        """The names of the fields."""
        return frozenset(self._fields_by_name)

    @cached_property
    def given_fields(self) -> frozenset[str]:
        """The fields whose presence some mode tests."""
        all_leaves = (leaf for expression in self.modes.values() for leaf in leaves(expression))
        return frozenset(leaf.name for leaf in all_leaves if isinstance(leaf, Given))

    def walk(self) -> Iterator[Field]:
        """Yield every field, inner ones too, in spec order."""
        for member in self.fields:
            yield from member.walk()


def _group_by_kind(rules: tuple[Rule, ...]) -> Mapping[str, tuple[Rule, ...]]:
    groups: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        groups[rule.kind] = (*groups.get(rule.kind, ()), rule)
    return groups


def module_name(stem: str) -> str:
    """Return the module of a spec file: `wan2_7` for `wan2.7`."""
    name = re.sub("[^a-z0-9]", "_", stem)
    return f"{name}_" if iskeyword(name) else name
