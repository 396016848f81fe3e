"""Split signatures by the rules `requires` and `excludes`, so that type checkers see them.

A field with such a rule is left out in one signature. In the other it is required, with the field that it
requires, and without those that it excludes. A rule that depends on a mode is left to the check of the call.
"""

from collections.abc import Iterator
from dataclasses import replace

from wanlib.emit.client.literal_cases import GIVEN
from wanlib.emit.client.types import LiteralChoice, Member, Overload
from wanlib.spec import Family, Field, Rule

_MOST = 8
"""Maximum number of signatures made from one; further rules are left to the check of the call."""


def split_by_companions(family: Family, overload: Overload) -> list[Overload]:
    """Return the signatures that replace one signature.

    Args:
        family: The family of the model.
        overload: A signature with all parameters.
    """
    overloads = [overload]
    for field in family.fields:
        for kind in ("requires", "excludes"):
            for rule in field.rules_of_kind(kind):
                if rule.condition is None and len(overloads) < _MOST:
                    parts = [_split(family, field, rule, one, overload.members) for one in overloads]
                    overloads = [part for several in parts for part in several]
    return overloads


def _split(
    family: Family, field: Field, rule: Rule, overload: Overload, parameters: tuple[Member, ...]
) -> Iterator[Overload]:
    names = [member.name for member in overload.members]
    if field.name not in names:
        yield overload
        return
    absent, present = f"without_{field.name}", f"with_{field.name}"
    is_required = next(member.required for member in overload.members if member.name == field.name)
    is_pinned = overload.has(field.name) and not overload.of(field.name).is_optional
    if not is_required and not is_pinned:
        members = tuple(member for member in overload.members if member.name != field.name)
        yield _with_choice(replace(overload, members=members), LiteralChoice(rule.id, absent, (absent,)))
    others = rule.limit if rule.kind == "excludes" else (rule.limit,)
    was_split = rule.kind == "requires" and rule.limit in {member.name for member in parameters} - {*names}
    if not was_split and _is_possible(family, rule, others, overload):
        with_field = _with_members(overload, field.name, others, rule.kind == "excludes")
        yield _with_choice(with_field, LiteralChoice(rule.id, absent, (present,)))


def _is_possible(family: Family, rule: Rule, others: tuple[str, ...], overload: Overload) -> bool:
    """Return whether the images of a signature allow the field."""
    lists = {field.name for field in family.fields if field.each and field.each.type == "image"}
    if not lists & {*others}:
        return True
    has_images = overload.of("images").values == (GIVEN,)
    return has_images is (rule.kind == "requires")


def _with_members(overload: Overload, name: str, others: tuple[str, ...], is_exclusion: bool) -> Overload:
    needed = {name} if is_exclusion else {name, *others}
    members = (
        replace(member, required=True) if member.name in needed else member
        for member in overload.members
        if not (is_exclusion and member.name in others)
    )
    return replace(overload, members=tuple(members))


def _with_choice(overload: Overload, choice: LiteralChoice) -> Overload:
    others = tuple(other for other in overload.choices if other.name != choice.name)
    return replace(overload, choices=(*others, choice))
