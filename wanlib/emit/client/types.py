"""Turn fields into Python types, which express some of their rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wanlib.emit.client.literal_cases import ModeState, active_rule
from wanlib.emit.python_text import EmitError, python_literal
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
class PlainType:
    """A type as Python text."""

    text: str


@dataclass(frozen=True, slots=True)
class LiteralType:
    """One of some values. other_type: the type of other values, empty for none."""

    values: tuple[Any, ...]
    other_type: str = ""

    @property
    def text(self) -> str:
        """The type as Python; both booleans together are `bool`."""
        named = f"Literal[{', '.join(map(python_literal, self.values))}]" if self.values else ""
        if set(map(repr, self.values)) == {"True", "False"}:
            named = "bool"
        return " | ".join(filter(None, (named, self.other_type)))


@dataclass(frozen=True, slots=True)
class SequenceType:
    """A sequence."""

    item: "Type"


@dataclass(frozen=True, slots=True)
class TypedDictType:
    """A separate TypedDict. path: the path of its field."""

    path: str
    members: tuple[Member, ...]


Type = PlainType | LiteralType | SequenceType | TypedDictType


@dataclass(frozen=True, slots=True)
class LiteralChoice:
    """Literal values of one name. default: its value if it is not given."""

    name: str
    default: Any
    values: tuple[Any, ...]

    @property
    def is_optional(self) -> bool:
        """Return True if it may be left out."""
        return self.default in self.values


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature. members: the model's own parameters, those among the choices included."""

    choices: tuple[LiteralChoice, ...]
    members: tuple[Member, ...]

    def of(self, name: str) -> LiteralChoice:
        """Return a choice by name."""
        return next(choice for choice in self.choices if choice.name == name)

    def has(self, name: str) -> bool:
        """Return True if there is such a choice."""
        return any(choice.name == name for choice in self.choices)


def is_subtype(narrow: Member, wide: Member) -> bool:
    """Return True if the wide member takes all that the narrow one takes."""
    if narrow.name != wide.name or wide.required > narrow.required:
        return False
    one, other = narrow.type, wide.type
    if isinstance(one, LiteralType) and isinstance(other, LiteralType):
        return one.other_type == other.other_type and set(one.values) <= set(other.values)
    return one == other


def merged_type(types: "Sequence[Type]") -> "Type":
    """Return the type that takes all values that any of these takes.

    Raises:
        EmitError: The types differ in more than their literal values.
    """
    distinct = list(dict.fromkeys(types))
    if len(distinct) == 1:
        return distinct[0]
    literals = [kind for kind in distinct if isinstance(kind, LiteralType)]
    rests = list(dict.fromkeys(kind.other_type for kind in literals if kind.other_type))
    if len(literals) < len(distinct) or len(rests) > 1:
        raise EmitError("a parameter has types in two modes that differ in more than literal values")
    values = dict.fromkeys(value for kind in literals for value in kind.values)
    return LiteralType(tuple(values), "".join(rests))


class TypeBuilder:
    """Build types for some mode states: a value is allowed if any state allows it, required if all do."""

    def __init__(self, family: Family, worlds: Sequence[ModeState]) -> None:
        self.family = family
        self.worlds = worlds

    def member(self, field: Field) -> Member:
        """Return a field as a key."""
        required = all(active_rule(self.family, field, "required", world) for world in self.worlds)
        return Member(field.name, self.type(field), required)

    def type(self, field: Field) -> Type:
        """Return the type of a field."""
        if field.each:
            return SequenceType(self.type(field.each))
        if field.type == "object":
            return TypedDictType(field.path, tuple(map(self.member, field.members)))
        if field.type == "size":
            names = self._keywords(field)
            return (
                PlainType("str | tuple[int, int]") if names is None else LiteralType(names, "tuple[int, int]")
            )
        allowed = self._allowed(field, "one_of")
        if allowed is None and field.type == "boolean":
            return LiteralType((False, True))
        is_plain = allowed is None or field.type == "number"  # a literal type can't have a fraction
        return PlainType(PLAIN[field.type]) if is_plain or allowed is None else LiteralType(allowed)

    def _keywords(self, field: Field) -> tuple[Any, ...] | None:
        """Return the keywords of a size that some mode state allows; None if any are allowed."""
        words = self._allowed(field, "keywords")
        excluded = [active_rule(self.family, field, "none_of", world) for world in self.worlds]
        if words is None or not all(excluded):
            return words
        return tuple(word for word in words if any(rule and word not in rule.limit for rule in excluded))

    def _allowed(self, field: Field, kind: str) -> tuple[Any, ...] | None:
        """Return every word of a rule that lists them; None if any are allowed."""
        rules = [active_rule(self.family, field, kind, world) for world in self.worlds]
        if not all(rules):
            return None
        return tuple(dict.fromkeys(word for rule in rules if rule for word in rule.limit))


def render_type(kind: Type, named: Callable[[TypedDictType], str]) -> str:
    """Return a type as Python. named: gives the class of a TypedDict."""
    if isinstance(kind, PlainType | LiteralType):
        return kind.text
    if isinstance(kind, SequenceType):
        return f"Sequence[{render_type(kind.item, named)}]"
    return named(kind)
