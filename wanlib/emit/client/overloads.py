"""Compute the overloads of the client's methods: literal values, and the parameters allowed with them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from wanlib.emit.client.companions import split_by_companions
from wanlib.emit.client.literal_cases import (
    GIVEN,
    NONE,
    LiteralCase,
    MethodContext,
    literal_cases,
    literal_values,
)
from wanlib.emit.client.types import (
    LiteralChoice,
    LiteralType,
    Member,
    Overload,
    TypeBuilder,
    is_subtype,
    merged_type,
)
from wanlib.spec import Family, Spec

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
"""The calls that each method may use for each verb."""


def overloads(spec: Spec, method: str, model: str) -> list[Overload]:
    """Return the overloads of a method on a model; empty if the model has no such call."""
    family = spec.family(model)
    cases = []
    for verb, calls in METHODS[method].items():
        calls_of_model = tuple(call for call in calls if call in spec.calls(model))
        for images in IMAGES[verb] if verb in family.verbs and calls_of_model else ():
            context = MethodContext(family, model, verb, images, calls_of_model, _default_call(spec, model))
            cases += list(_overloads(context))
    typed = [_with_literal_types(overload, family) for overload in _merged(cases)]
    return [_widen_flags(overload, typed) for overload in typed]


def merged_overload(siblings: Sequence[Overload]) -> Overload:
    """Return one signature that takes all arguments that any of these takes.

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
    return LiteralChoice(choices[0].name, choices[0].default, tuple(values))


def _merged_member(name: str, siblings: Sequence[Overload]) -> Member:
    members = [member for sibling in siblings for member in sibling.members if member.name == name]
    required = len(members) == len(siblings) and all(member.required for member in members)
    return Member(name, merged_type([member.type for member in members]), required)


def _overloads(context: MethodContext) -> Iterator[Overload]:
    """Yield one overload for each case; the choices have no type yet."""
    for case in literal_cases(context):
        builder = TypeBuilder(context.family, case.mode_states)
        fields = _parameters(context.family, tuple(context.family.verbs[context.verb].always_sends))
        overload = Overload(_choices(context, case), tuple(map(builder.member, fields)))
        yield from split_by_companions(context.family, overload)


def _parameters(family: Family, always_sent: tuple[str, ...]) -> list[Any]:
    """Return the fields whose arguments have the same name."""
    lists = [field.name for field in family.fields if field.each and field.each.type == "image"]
    return [field for field in family.fields if field.name not in ("prompt", *lists, *always_sent)]


def _choices(context: MethodContext, case: LiteralCase) -> tuple[LiteralChoice, ...]:
    always_sent = context.family.verbs[context.verb].always_sends
    choices = [
        LiteralChoice("images", NONE, (context.images,)),
        LiteralChoice("call", context.default_call, (case.values["call"],)),
    ]
    for name, value in case.values.items():
        if name != "call" and name not in always_sent:
            choices.append(LiteralChoice(name, context.default_value(context.family.field(name)), (value,)))
    return tuple(choices)


def _default_call(spec: Spec, model: str) -> str:
    """Return the call of a method without `via`, as `ClientCore` chooses it."""
    calls = spec.calls(model)
    return _WITHOUT_TASK if _WITHOUT_TASK in calls and "async" not in calls else "async"


def _merged(overloads_left: list[Overload]) -> list[Overload]:
    """Merge pairs that differ in the values of one choice until none is left."""
    while union := next(
        filter(None, (_union(*pair) for pair in combinations(enumerate(overloads_left), 2))), None
    ):
        position, merged, removed = union
        overloads_left = [
            merged if index == position else overload
            for index, overload in enumerate(overloads_left)
            if index != removed
        ]
    return overloads_left


def _union(first: tuple[int, Overload], second: tuple[int, Overload]) -> tuple[int, Overload, int] | None:
    """Return the first's position, the merged overload and the second's position, or None."""
    (position, one), (removed, two) = first, second
    if _merge_key(one) != _merge_key(two):
        return None
    pairs = list(zip(one.choices, two.choices, strict=True))
    if sum(left != right for left, right in pairs) != 1:
        return None
    choices = (
        left if left == right else LiteralChoice(left.name, left.default, left.values + right.values)
        for left, right in pairs
    )
    return position, Overload(tuple(choices), one.members), removed


def _merge_key(overload: Overload) -> tuple[Any, ...]:
    """Return what two overloads must share to be merged: all but the values of choices."""
    names = [choice.name for choice in overload.choices]
    members = [
        (member.name, member.required, member.name in names or member.type) for member in overload.members
    ]
    return [(choice.name, choice.default) for choice in overload.choices], members


def _with_literal_types(overload: Overload, family: Family) -> Overload:
    """Give the choices among the members the type of their values."""
    choices = {choice.name: choice for choice in overload.choices}
    members = []
    for member in overload.members:
        if choice := choices.get(member.name):
            order = literal_values(family.field(member.name))
            values = sorted((value for value in choice.values if value is not None), key=order.index)
            if values:
                members.append(
                    Member(member.name, LiteralType(tuple(values)), member.required or not choice.is_optional)
                )
        else:
            members.append(member)
    return Overload(overload.choices, tuple(members))


def _widen_flags(overload: Overload, siblings: list[Overload]) -> Overload:
    """Accept either value of a flag if everything else is legal with both.

    Then type checkers that do not try both values of a `bool` find an overload too.
    """
    for sibling in siblings:
        for name in _differing_flags(overload, sibling):
            if _is_subsumed(overload, sibling, name):
                pairs = zip(overload.members, sibling.members, strict=True)
                members = (_flag_or_absent(one, two) if one.name == name else one for one, two in pairs)
                return Overload(overload.choices, tuple(members))
    return overload


def _flag_or_absent(one: Member, two: Member) -> Member:
    """Return a flag of either value; it may be absent if one of them may."""
    return Member(one.name, LiteralType((False, True)), one.required and two.required)


def _differing_flags(one: Overload, two: Overload) -> list[str]:
    """Return the flags whose two values belong to different overloads."""
    pairs = zip(one.choices, two.choices, strict=False)
    return [
        left.name
        for left, right in pairs
        if left != right and {*map(repr, (*left.values, *right.values))} == {"True", "False"}  # 1 is not True
    ]


def _is_subsumed(narrow: Overload, wide: Overload, name: str) -> bool:
    """Return True if the wide overload takes all that the narrow one takes, except for one flag."""
    sides = [[choice for choice in overload.choices if choice.name != name] for overload in (narrow, wide)]
    pairs = list(zip(narrow.members, wide.members, strict=False))
    alike = sides[0] == sides[1] and len(narrow.members) == len(wide.members)
    return alike and all(one.name == name == two.name or is_subtype(one, two) for one, two in pairs)
