"""Modes written out again as the spec files write them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wanlib.spec import Family, Rule, Spec
    from wanlib.spec.mode import Expression


def modes_of(spec: "Spec", rule: "Rule") -> dict[str, str]:
    """The modes that a rule hangs on, directly or through modes: expression by name."""
    from wanlib.spec import Condition

    family = next((each for each in spec.families if rule.id.startswith(f"{each.name}/")), None)
    found: dict[str, str] = {}
    for each in (rule.condition, rule.limit):
        if family is not None and isinstance(each, Condition):
            _gather(family, each.mode, found)
    return found


def _gather(family: "Family", mode: str, found: dict[str, str]) -> None:
    from wanlib.spec.mode import names

    found[mode] = _text(family.modes[mode])
    for name in sorted(names(family.modes[mode])):
        if name in family.modes and name not in found:
            _gather(family, name, found)


def _text(expression: "Expression") -> str:
    from wanlib.spec.mode import Compare, Count, Join, Name, Not

    match expression:
        case Name(name):
            return name
        case Compare(left, operator, literal):
            subject = f"count({left.name})" if isinstance(left, Count) else left.name
            return f"{subject} {operator} {literal!r}"
        case Not(inner):
            return f"not {_part(inner)}"
        case Join(word, parts):
            return f" {word} ".join(map(_part, parts))


def _part(expression: "Expression") -> str:
    from wanlib.spec.mode import Join

    text = _text(expression)
    return f"({text})" if isinstance(expression, Join) else text
