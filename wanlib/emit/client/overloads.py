"""The overloads of the client's methods: literal values, and what may be given with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from wanlib.emit.client.literal_cases import (
    GIVEN,
    NONE,
    LiteralCase,
    MethodContext,
    literal_values,
    situations,
)
from wanlib.emit.client.types import LiteralType, Member, TypeBuilder, is_subtype, merged_type
from wanlib.emit.python_text import EmitError
from wanlib.spec import Family, Spec

TAKEN = frozenset(
    (
        *("self", "model", "prompt", "images", "via"),
        *("extra", "allow", "max_price", "upload", "timeout", "on_status"),
    )
)
"""What the methods call arguments of their own."""

IMAGES = {"edit": (GIVEN,), "generate": (NONE,), "stream": (GIVEN, NONE)}
_WITHOUT_TASK = "sync"

METHODS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "edit": {"edit": ("async", _WITHOUT_TASK)},
    "generate": {"generate": ("async", _WITHOUT_TASK)},
    "stream": {"stream": ("stream",)},
    "submit": {"edit": ("async",), "generate": ("async",)},
    "prepare": {
        "edit": ("async", _WITHOUT_TASK),
        "generate": ("async", _WITHOUT_TASK),
        "stream": ("stream",),
    },
}
"""The calls by which each method may make each verb."""


@dataclass(frozen=True, slots=True)
class LiteralChoice:
    """Literal values of one name. start: what it is where it is not given."""

    name: str
    start: Any
    values: tuple[Any, ...]

    @property
    def open(self) -> bool:
        """Whether it need not be given."""
        return self.start in self.values


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature. members: the model's own parameters, those among the choices too."""

    choices: tuple[LiteralChoice, ...]
    members: tuple[Member, ...]

    def of(self, name: str) -> LiteralChoice:
        """A choice by its name."""
        return next(each for each in self.choices if each.name == name)

    def has(self, name: str) -> bool:
        """Whether there is such a choice."""
        return any(each.name == name for each in self.choices)


def overloads(spec: Spec, method: str, model: str) -> list[Overload]:
    """Those of a method on a model; none where the model has no such call."""
    family = spec.family(model)
    if taken := TAKEN & {field.name for field in _parameters(family, ())}:
        raise EmitError(f"{family.name}: {', '.join(sorted(taken))} is an argument of the methods already")
    found = []
    for verb, calls in METHODS[method].items():
        had = tuple(call for call in calls if call in spec.calls(model))
        for images in IMAGES[verb] if verb in family.verbs and had else ():
            found += list(_overloads(MethodContext(family, model, verb, images, had)))
    worded = [_with_literal_types(each, family) for each in _merged(found)]
    return [_widen_flags(each, worded) for each in worded]


def merged_overload(siblings: Sequence[Overload]) -> Overload:
    """Return one signature that takes all that any of these takes, so that errors name one parameter.

    A parameter is required where all of them require it. Which parameters exclude each other is left to
    the check of the call.
    """
    if len(siblings) == 1:
        return siblings[0]
    choices = tuple(_merged_choice([sibling.of(name) for sibling in siblings]) for name in ("images", "call"))
    names = dict.fromkeys(member.name for sibling in siblings for member in sibling.members)
    return Overload(choices, tuple(_merged_member(name, siblings) for name in names))


def _merged_choice(choices: Sequence[LiteralChoice]) -> LiteralChoice:
    values = dict.fromkeys(value for choice in choices for value in choice.values)
    return LiteralChoice(choices[0].name, choices[0].start, tuple(values))


def _merged_member(name: str, siblings: Sequence[Overload]) -> Member:
    members = [member for sibling in siblings for member in sibling.members if member.name == name]
    required = len(members) == len(siblings) and all(member.required for member in members)
    return Member(name, merged_type([member.type for member in members]), required)


def _overloads(asked: MethodContext) -> Iterator[Overload]:
    """One for each situation; the choices still lack a type."""
    for each in situations(asked):
        typing = TypeBuilder(asked.family, each.mode_states)
        fields = _parameters(asked.family, tuple(asked.family.verbs[asked.verb].always_sends))
        yield Overload(_choices(asked, each), tuple(map(typing.member, fields)))


def _parameters(family: Family, means: tuple[str, ...]) -> list[Any]:
    """The fields that are arguments of their own name."""
    lists = [each.name for each in family.fields if each.each and each.each.type == "image"]
    return [each for each in family.fields if each.name not in ("prompt", *lists, *means)]


def _choices(asked: MethodContext, situation: LiteralCase) -> tuple[LiteralChoice, ...]:
    means = asked.family.verbs[asked.verb].always_sends
    chosen = [
        LiteralChoice("images", NONE, (asked.images,)),
        LiteralChoice("call", "async", (situation.values["call"],)),
    ]
    for name, value in situation.values.items():
        if name != "call" and name not in means:
            chosen.append(LiteralChoice(name, asked.default_value(asked.family.field(name)), (value,)))
    return tuple(chosen)


def _merged(found: list[Overload]) -> list[Overload]:
    """Two that differ in the values of one choice are one, again and again."""
    while pair := next(filter(None, (_union(*each) for each in combinations(enumerate(found), 2))), None):
        place, both, spare = pair
        found = [both if at == place else each for at, each in enumerate(found) if at != spare]
    return found


def _union(first: tuple[int, Overload], second: tuple[int, Overload]) -> tuple[int, Overload, int] | None:
    """Where the first stands, what both are together, and where the second stands."""
    (place, one), (spare, two) = first, second
    if _merge_key(one) != _merge_key(two):
        return None
    pairs = list(zip(one.choices, two.choices, strict=True))
    if sum(left != right for left, right in pairs) != 1:
        return None
    choices = (
        left if left == right else LiteralChoice(left.name, left.start, left.values + right.values)
        for left, right in pairs
    )
    return place, Overload(tuple(choices), one.members), spare


def _merge_key(overload: Overload) -> tuple[Any, ...]:
    """What two overloads must share to be one: all but the values that are chosen among."""
    names = [each.name for each in overload.choices]
    members = [(each.name, each.required, each.name in names or each.type) for each in overload.members]
    return [(each.name, each.start) for each in overload.choices], members


def _with_literal_types(overload: Overload, family: Family) -> Overload:
    """The choices among the members have the type of their values."""
    chosen = {each.name: each for each in overload.choices}
    members = []
    for member in overload.members:
        if choice := chosen.get(member.name):
            order = literal_values(family.field(member.name))
            values = sorted((each for each in choice.values if each is not None), key=order.index)
            if values:
                members.append(
                    Member(member.name, LiteralType(tuple(values)), member.required or not choice.open)
                )
        else:
            members.append(member)
    return Overload(overload.choices, tuple(members))


def _widen_flags(overload: Overload, siblings: list[Overload]) -> Overload:
    """A flag that need not be known, for what the overload takes is legal with either value of it.

    A type checker that does not try both values of a `bool` finds an overload all the same.
    """
    for sibling in siblings:
        for name in _differing_flags(overload, sibling):
            if _is_subsumed(overload, sibling, name):
                pairs = zip(overload.members, sibling.members, strict=True)
                members = (_flag_or_absent(one, two) if one.name == name else one for one, two in pairs)
                return Overload(overload.choices, tuple(members))
    return overload


def _flag_or_absent(one: Member, two: Member) -> Member:
    """A flag of either value; it may be absent where that is one of them."""
    return Member(one.name, LiteralType((False, True)), one.required and two.required)


def _differing_flags(one: Overload, two: Overload) -> list[str]:
    """The flags whose two values are parted among two overloads."""
    pairs = zip(one.choices, two.choices, strict=False)
    return [
        left.name for left, right in pairs if left != right and {*left.values, *right.values} == {True, False}
    ]


def _is_subsumed(tight: Overload, loose: Overload, name: str) -> bool:
    """Whether whatever one overload takes, the other takes too, but for the value of one flag."""
    sides = [[each for each in overload.choices if each.name != name] for overload in (tight, loose)]
    pairs = list(zip(tight.members, loose.members, strict=False))
    alike = sides[0] == sides[1] and len(tight.members) == len(loose.members)
    return alike and all(one.name == name == two.name or is_subtype(one, two) for one, two in pairs)
