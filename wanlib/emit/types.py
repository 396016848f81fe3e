"""Fields as Python types, as far as a type can say their rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wanlib.emit.names import literal
from wanlib.emit.situations import World, rule_in
from wanlib.spec import Family, Field

PLAIN = {
    "text": "str",
    "percent": "str",
    "integer": "int",
    "number": "float",
    "image": "ImageLike",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A key of a TypedDict."""

    name: str
    type: "Type"
    required: bool


@dataclass(frozen=True, slots=True)
class Plain:
    """A type as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """One of some values. rest: the type of what else may stand there, empty for nothing."""

    values: tuple[Any, ...]
    rest: str = ""

    @property
    def text(self) -> str:
        """As it is written; both booleans are `bool`."""
        named = f"Literal[{', '.join(map(literal, self.values))}]" if self.values else ""
        if set(map(repr, self.values)) == {"True", "False"}:
            named = "bool"
        return " | ".join(filter(None, (named, self.rest)))


@dataclass(frozen=True, slots=True)
class Rows:
    """A sequence."""

    each: "Type"


@dataclass(frozen=True, slots=True)
class Record:
    """A TypedDict of its own. path: of its field."""

    path: str
    members: tuple[Member, ...]


Type = Plain | Words | Rows | Record


def within(tight: Member, loose: Member) -> bool:
    """Whether whatever one member takes, the other takes too."""
    if tight.name != loose.name or loose.required > tight.required:
        return False
    one, other = tight.type, loose.type
    if isinstance(one, Words) and isinstance(other, Words):
        return one.rest == other.rest and set(one.values) <= set(other.values)
    return one == other


class Typing:
    """Types under the rules of some worlds: what any of them allows, required where all require it."""

    def __init__(self, family: Family, worlds: Sequence[World]) -> None:
        self.family = family
        self.worlds = worlds

    def member(self, field: Field) -> Member:
        """A field as a key."""
        required = all(rule_in(self.family, field, "required", world) for world in self.worlds)
        return Member(field.name, self.type(field), required)

    def type(self, field: Field) -> Type:
        """The type of a field."""
        if field.each:
            return Rows(self.type(field.each))
        if field.type == "object":
            return Record(field.path, tuple(map(self.member, field.members)))
        if field.type == "size":
            names = self._offered(field)
            return Plain("str | tuple[int, int]") if names is None else Words(names, "tuple[int, int]")
        allowed = self._allowed(field, "one_of")
        if allowed is None and field.type == "boolean":
            return Words((False, True))
        return Plain(PLAIN[field.type]) if allowed is None else Words(allowed)

    def _offered(self, field: Field) -> tuple[Any, ...] | None:
        """Every keyword of a size that is offered in one of the worlds; None where any is allowed."""
        words = self._allowed(field, "keywords")
        excluded = [rule_in(self.family, field, "excludes", world) for world in self.worlds]
        if words is None or not all(excluded):
            return words
        return tuple(word for word in words if any(rule and word not in rule.limit for rule in excluded))

    def _allowed(self, field: Field, kind: str) -> tuple[Any, ...] | None:
        """Every word of a rule that lists them; None where any is allowed."""
        rules = [rule_in(self.family, field, kind, world) for world in self.worlds]
        if not all(rules):
            return None
        return tuple(dict.fromkeys(word for rule in rules if rule for word in rule.limit))


def text_of(kind: Type, named: Callable[[Record], str]) -> str:
    """A type as Python; named: gives the class of a record."""
    if isinstance(kind, Plain | Words):
        return kind.text
    if isinstance(kind, Rows):
        return f"Sequence[{text_of(kind.each, named)}]"
    return named(kind)
