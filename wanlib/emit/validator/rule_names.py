"""Rule ids in generated code: plain text, or a constant where the message needs hints."""

from wanlib.base.rule_id import RuleName
from wanlib.emit.python_text import CodeWriter, constant_name, python_literal
from wanlib.emit.validator.plan import FamilyLayout
from wanlib.spec import Rule
from wanlib.spec.model.hints import named, unknown_member_hints

UNKNOWN_MEMBER_HINTS = "_UNKNOWN_MEMBER_HINTS"


def reference(plan: FamilyLayout, rule: Rule) -> str:
    """Return how generated code names a rule."""
    name = named(plan.family, rule)
    return f"{constant_name(rule)}_RULE" if isinstance(name, RuleName) else repr(rule.id)


def write_rule_names(plan: FamilyLayout, out: CodeWriter) -> None:
    """Write the constants that `reference` names."""
    out.line(f"{UNKNOWN_MEMBER_HINTS} = _Hints({_stray_arguments(plan)})")
    rules = [rule for node in plan.form.walk() for rule in node.rules]
    rules += [rule for field in plan.family.walk() for rule in field.rules]
    rules += [rule for rule in (plan.family.unknown, plan.family.only_for) if rule]
    for rule in rules:
        name = named(plan.family, rule)
        if isinstance(name, RuleName):
            stray = rule.kind in ("unknown", "only_for")
            hints = (
                UNKNOWN_MEMBER_HINTS
                if stray
                else f"_Hints({python_literal(name.hints.when)}, {python_literal(name.hints.others)})"
            )
            out.line(f"{constant_name(rule)}_RULE = _RuleName({rule.id!r}, {hints})")


def _stray_arguments(plan: FamilyLayout) -> str:
    hints = unknown_member_hints(plan.family)
    parts = {"homes": dict(hints.homes), "sizes": hints.sizes, "instead": dict(hints.instead)}
    return ", ".join(f"{name}={python_literal(value)}" for name, value in parts.items())
